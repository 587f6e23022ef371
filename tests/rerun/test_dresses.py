"""Right submissions in the dresses that students gave theirs rerun fully, and give what was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.grade.compare import compare
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Ending
from harness.grade.rerun.stage import LocalStage
from harness.grade.submission import load
from rerun.dresses import DRESSES
from rerun.expected import Aid, Growth

SHORT = ("bodies", "shells")
HELPS = {Aid.ZOOKEEPER: "zookeeper", Aid.UDF: "udf", Aid.ROWS: "row", Aid.CTAS: "location"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    number = metafunc.config.getoption("dresses")
    metafunc.parametrize("name", list(DRESSES)[:number] if number else SHORT)


def test_a_dress_reruns_fully(name: str, stage: LocalStage, tmp_path: Path) -> None:
    dress = DRESSES[name]()
    folder = dress.write(tmp_path)
    submission = load(folder)
    rerun = stage.rerun(folder, submission, Limits(), print)
    assert rerun.fault is None
    assert not rerun.breaches
    expected = dress.expected
    left_out = {ran.typed.inner for ran in rerun.commands if ran.ending is Ending.LEFT_OUT}
    assert left_out <= expected.left_out
    for ran in rerun.commands:
        if ran.ending is Ending.ENDED and ran.capture and ran.typed.inner not in expected.left_out:
            assert ran.capture.exit_code == 0, (
                f"{ran.typed.text}\n{ran.capture.stdout[-2000:]}\n{ran.capture.stderr[-2000:]}"
            )
        assert ran.ending is not Ending.TIMED_OUT, ran.typed.text
    for kind, wanted, seen in (
        ("messages", expected.topics, rerun.state.topics),
        ("rows", expected.tables, rerun.state.tables),
    ):
        assert set(seen) >= set(wanted), kind
        for key, number in wanted.items():
            count = seen[key]
            assert count is not None, (key, rerun.state.errors.get(key))
            holds = number.holds(count) if isinstance(number, Growth) else count == number
            assert holds, f"{kind} of {key}: expected {number}, got {count}"
    for equal in expected.equal:
        assert len({rerun.state.tables[table] for table in equal}) == 1, rerun.state.tables
    assert {each.name for each in rerun.helps} >= {HELPS[aid] for aid in expected.helps}
    errors = [finding for finding in compare(submission, rerun) if finding.is_error]
    assert not errors, "\n".join(f"line {each.line}: {each.check}: {each.message}" for each in errors)
