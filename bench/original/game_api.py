"""The API in the original's way: events go to Kafka without waiting, so an answer says nothing of the event."""

from __future__ import annotations

import json
import os

from flask import Flask, request
from kafka import KafkaProducer  # type: ignore[import-untyped]

app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"])


@app.route("/purchase_a_sword")
def purchase_a_sword() -> str:
    """Send a purchase, with all headers of the request."""
    event = {"event_type": "purchase_sword", **request.headers}
    producer.send(os.environ["EVENTS_TOPIC"], json.dumps(event).encode())
    return "Sword Purchased!\n"
