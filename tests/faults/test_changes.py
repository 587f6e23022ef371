"""What changes the pipeline's output turns the golden check red, with step, field, expected and actual; no other edit.

Each change is made in the app or in a job of a copy of the project, and its step is run for real. Some of them break
what a step checks by itself, some do not. No mask hides any.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from machine import PROJECT, copy_of_project, harness, nothing_left

GOLDEN = PROJECT / "reports" / "golden" / "record.json"
APP, BATCH, ROWS = "app/game_api.py", "jobs/filtered_writes.py", 'table_rows(spark, "purchase_sword")'
SEND = 'log.append(build_event("purchase_sword"))'


def eighth(then: str, otherwise: str) -> str:
    """Give code that does something else for the eighth purchase."""
    counted = 'app.config["PURCHASES"] = app.config.get("PURCHASES", 0) + 1'
    times = f'{then} if app.config["PURCHASES"] == 8 else {otherwise}'
    return f"{counted}\n        for _ in range({times}):\n            {SEND}"


@dataclass(frozen=True)
class Change:
    """Text of a file that is replaced, the step that shows it, and the difference that must be named."""

    name: str
    file: str
    old: str
    new: str
    step: str
    difference: str
    green: bool = False


FAULTS = (
    Change(
        *("a response body changed by one byte", APP, "Sword Purchased!", "Sword Purchased?", "topic"),
        'body: expected "Sword Purchased!\\n", got "Sword Purchased?\\n"',
    ),
    Change(
        *("rows of the wrong type", BATCH, ROWS, 'table_rows(spark, "default")', "batch"),
        "by_event_type.purchase_sword: expected 20, got nothing",
    ),
    Change(
        *("one event lost", APP, SEND, eighth("0", "1"), "load"),
        "messages: expected 40, got 39",
    ),
    Change(
        *("one event doubled", APP, SEND, eighth("2", "1"), "load"),
        "messages: expected 40, got 41",
    ),
    Change(
        *("a column renamed", BATCH, ROWS, f'{ROWS}.withColumnRenamed("Host", "Hostname")', "batch"),
        'columns[1]: expected "Host", got "Hostname"',
    ),
    Change(
        *("two columns swapped", BATCH, ROWS),
        f'{ROWS}.select("Host", "Accept", "User-Agent", "event_type", "timestamp")',
        *("batch", 'columns[0]: expected "Accept", got "Host"'),
    ),
    Change(
        *("a type changed", BATCH, ROWS),
        f'{ROWS}.selectExpr("Accept", "Host", "`User-Agent`", "event_type", "cast(timestamp as timestamp) timestamp")',
        *("batch", 'expected "string", got "timestamp"'),
    ),
    Change(
        *("a user's name changed", APP, "event = {**headers,"),
        'event = {**{name: text.replace("user1", "user9") for name, text in headers.items()},',
        *("topic", 'by_host_and_event_type["user1.comcast.com default"]: expected 1, got nothing'),
    ),
    Change(
        *("a comment", BATCH, "def main()", "# All of it happens here.\ndef main()", "batch"),
        *("source changed: jobs/filtered_writes.py", True),
    ),
)
SHORT = 1


def run_changed(change: Change, folder: Path) -> tuple[int, str]:
    """Run the step of a changed project, then the golden check of it; give the check's exit code and output."""
    project = copy_of_project(folder)
    source = project / change.file
    text = source.read_text()
    assert text.count(change.old) == 1, f"{change.file} has not one {change.old!r}"
    source.write_text(text.replace(change.old, change.new))
    ended = harness("step", "files", change.step, cwd=project, timeout=600)
    assert ended.code == (0 if change.green else 1), ended.output
    steps = f"files,{change.step}"
    checked = harness("check", "--golden", GOLDEN, "--steps", steps, cwd=project, env={"CI": "true"})
    nothing_left(within=10)
    return checked.code, checked.output


def test_a_change_of_the_data_is_red_and_named_and_another_edit_is_green(fault: Change, tmp_path: Path) -> None:
    code, output = run_changed(fault, tmp_path)
    print(output)
    assert code == (0 if fault.green else 1), output
    step = output if fault.green else output[output.index(f"Step {fault.step}\n") :]
    assert fault.difference in step
