"""Lets web APIs and clients that were written for kafka-python 1 and Flask 1 run, unchanged, on today's.

Names and settings that are gone are given back, and each help is told when it is used. `sitecustomize.py` calls the
functions `mend_…`. Nothing of the harness is used: this file is copied to where guests are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

Used = Callable[[str, str], None]

_GONE_SETTINGS = ("api_version_auto_timeout_ms", "buffer_memory", "skip_double_compressed_messages", "sock_chunk_bytes")


def mend_kafka_errors(errors: ModuleType, _used: Used) -> None:
    """Mend `kafka.errors`: a client that finds no broker raises KafkaTimeoutError since kafka-python 3."""
    errors.NoBrokersAvailable = errors.KafkaTimeoutError  # type: ignore[attr-defined]


def mend_producer(module: ModuleType, used: Used) -> None:
    """Mend `KafkaProducer`, which refuses settings that are gone."""
    _leave_out_settings(module.KafkaProducer, used)


def mend_consumer(module: ModuleType, used: Used) -> None:
    """Mend `KafkaConsumer` likewise."""
    _leave_out_settings(module.KafkaConsumer, used)


def _leave_out_settings(client: Any, used: Used) -> None:
    begin = client.__init__

    def init(self: Any, *topics: Any, **settings: Any) -> None:
        gone = sorted(name for name in settings.keys() & set(_GONE_SETTINGS) if name not in client.DEFAULT_CONFIG)
        if gone:
            used("kafka-python", f"{client.__name__} has no {', '.join(gone)} any more: left out")
        begin(self, *topics, **{name: value for name, value in settings.items() if name not in gone})

    client.__init__ = init


def mend_flask(flask: ModuleType, used: Used) -> None:
    """Mend `flask`: `escape` and `Markup` moved to markupsafe, and Flask 2.3 dropped `before_first_request`."""
    import markupsafe

    flask.escape, flask.Markup = markupsafe.escape, markupsafe.Markup  # type: ignore[attr-defined]

    def before_first_request(app: Any, function: Callable[[], Any]) -> Callable[[], Any]:
        used(
            "flask", "before_first_request runs its function before the first request, as Flask did before version 2.3"
        )
        lock = threading.Lock()
        done: list[bool] = []

        def once() -> None:
            with lock:
                if not done:
                    done.append(True)
                    function()

        app.before_request_funcs.setdefault(None, []).insert(0, once)
        return function

    flask.Flask.before_first_request = before_first_request
