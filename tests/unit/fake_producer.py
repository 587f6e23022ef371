"""A producer that keeps what it is sent, for tests of the API's own logic."""

from __future__ import annotations

import json
from typing import Any


class FakeProducer:
    """Keeps what is sent; `failure` is what the broker's answer raises."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.keys: list[bytes | None] = []
        self.failure: Exception | None = None
        self.waits: list[float] = []
        self.connections = 0
        self.closed = 0

    def connect(self) -> FakeProducer:
        self.connections += 1
        return self

    def send(self, topic: str, value: bytes, key: bytes | None = None) -> FakeProducer:
        self.sent.append((topic, value))
        self.keys.append(key)
        return self

    def get(self, timeout: float) -> None:
        self.waits.append(timeout)
        if self.failure:
            raise self.failure

    def close(self, timeout: float) -> None:
        self.closed += 1

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(value) for _, value in self.sent]
