"""Sends the events of the outbox to Kafka."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from game_api import TIMEOUT_SECONDS, EventLog
from kafka import KafkaProducer  # type: ignore[import-untyped]
from kafka.errors import KafkaError  # type: ignore[import-untyped]

from players.store import Pending, Store

PATIENCE: Final = TIMEOUT_SECONDS + 1
"""Seconds that a request waits for an acknowledgement. An event that is older is waited for by nobody."""

SWEEP_SECONDS: Final = 1.0
_LOG = logging.getLogger(__name__)


class Outbox(EventLog):
    """Sends events, keyed by their player, and takes those that Kafka acknowledged out of the store.

    A thread sends what was left there by a process that was killed, or while no broker answered.
    """

    def __init__(self, store: Store, topic: str, producer_factory: Callable[[], KafkaProducer]) -> None:
        super().__init__(producer_factory)
        self._store = store
        self._topic = topic
        self._beginning = threading.Lock()
        self._sweeping = False

    def send(self, event_id: str) -> None:
        """Send an event unless Kafka has it. Raises KafkaError when it is not acknowledged in time."""
        self._send(self._store.unsent(event_id))

    def begin(self) -> None:
        """Begin to send what was left, unless that has begun."""
        with self._beginning:
            if not self._sweeping:
                self._sweeping = True
                threading.Thread(target=self._sweep, name="outbox", daemon=True).start()

    def sweep(self) -> int:
        """Send what was left. Gives how many events that were; raises KafkaError when one is not acknowledged."""
        left = self._store.pending(older_than=PATIENCE)
        self._send(left)
        return len(left)

    def _sweep(self) -> None:
        pause = threading.Event()
        while not pause.wait(SWEEP_SECONDS):
            try:
                if sent := self.sweep():
                    _LOG.warning("sent %d events that had been left in the outbox", sent)
            except Exception as problem:  # the next round tries again
                _LOG.warning("the outbox is not sent: %s: %s", type(problem).__name__, problem)

    def _send(self, pending: Sequence[Pending]) -> None:
        if not pending:
            return
        producer = self._connected()
        waiting = []
        sent = []
        problem: KafkaError | None = None
        for each in pending:
            try:
                acknowledgement = producer.send(
                    self._topic, json.dumps(each.event).encode(), key=each.player_id.encode()
                )
                waiting.append((each.event_id, acknowledgement))
            except KafkaError as caught:
                problem = caught
                break
        for event_id, acknowledgement in waiting:
            try:
                acknowledgement.get(timeout=PATIENCE)
                sent.append(event_id)
            except KafkaError as caught:
                problem = caught
        self._store.sent(sent)
        if problem:
            raise problem
