"""Counts visits by page in Redis, and logs each to Kafka."""

import os

from flask import Flask
from kafka import KafkaProducer
from redis import Redis

app = Flask(__name__)
host, port = os.environ["REDIS_ADDRESS"].split(":")
visits = Redis(host, int(port))
events = KafkaProducer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"])


@app.get("/healthz")
def health() -> str:
    return "ok\n"


@app.get("/<page>")
def visit(page: str) -> str:
    events.send("visits", page.encode()).get(10)
    return f"{visits.incr(page)}\n"
