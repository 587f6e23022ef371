"""What reruns ask of the servers."""

from __future__ import annotations

from typing import Any

from harness.grade.rerun import asks
from harness.grade.rerun.streams import Streams


def test_every_question_of_a_rerun_has_an_answer_where_only_the_standard_library_is() -> None:
    asked: list[str] = []

    def ask(*question: str) -> dict[str, Any]:
        asked.append(question[0])
        return {"topics": {}, "checkpoints": {}, "paths": {}, "tables": {}, "errors": {}, "cleared": []}

    streams = Streams(ask, {})
    streams.clean()
    streams.clear(["/tmp/a"])
    streams.state()
    streams.seen()
    assert set(asked) == set(asks.ASKS)
