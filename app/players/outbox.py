"""Sends the events of the outbox to Kafka."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
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
        self._lock = threading.Lock()
        self._on_the_way: dict[str, Future[None]] = {}

    def send(self, event_id: str) -> None:
        """Send an event unless Kafka has it, or wait for the one who does. Raises KafkaError when it is not
        acknowledged in time."""
        self._deliver([event_id])

    def begin(self) -> None:
        """Begin to send what was left."""
        threading.Thread(target=self._sweep, name="outbox", daemon=True).start()

    def sweep(self) -> int:
        """Send what was left. Gives how many events that were; raises KafkaError when one is not acknowledged."""
        return self._deliver([each.event_id for each in self._store.pending(older_than=PATIENCE)])

    def _sweep(self) -> None:
        pause = threading.Event()
        while not pause.wait(SWEEP_SECONDS):
            try:
                if sent := self.sweep():
                    _LOG.warning("sent %d events that had been left in the outbox", sent)
            except Exception as problem:  # the next round tries again
                _LOG.warning("the outbox is not sent: %s: %s", type(problem).__name__, problem)

    def _deliver(self, event_ids: Sequence[str]) -> int:
        """Send those of these events that are in the outbox, each by one thread at a time; the others wait for it."""
        with self._lock:
            others = [self._on_the_way[each] for each in event_ids if each in self._on_the_way]
            mine: dict[str, Future[None]] = {each: Future() for each in event_ids if each not in self._on_the_way}
            self._on_the_way.update(mine)
        problem: BaseException | None = None
        try:
            left = [pending for event_id in mine for pending in self._store.unsent(event_id)]
            self._send(left)
        except BaseException as caught:
            problem = caught
            raise
        finally:
            with self._lock:
                for event_id in mine:
                    del self._on_the_way[event_id]
            for end in mine.values():
                end.set_exception(problem) if problem else end.set_result(None)
        for other in others:
            other.result()
        return len(left)

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
