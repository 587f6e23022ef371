"""The web API: each visit of a page becomes one event in Kafka, and is answered once the broker has it."""

from __future__ import annotations

import json
import os

from flask import Flask, request
from kafka import KafkaProducer  # type: ignore[import-untyped]

TOPIC = os.environ.get("VISITS_TOPIC", "visits")
app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers=os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "kafka:29092"))


@app.get("/healthz")
def healthz() -> str:
    """Say that the server is there."""
    return "ok\n"


@app.get("/pages/<page>")
def visit(page: str) -> str:
    """Log a visit."""
    event = {"event_type": "visit", "page": page, "Host": request.headers.get("Host", "")}
    producer.send(TOPIC, json.dumps(event).encode()).get(timeout=10)
    return f"This is {page}.\n"
