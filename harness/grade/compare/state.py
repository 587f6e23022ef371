"""What a rerun left in the cluster, against what the report reads there: tables, and topics with their messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from harness.grade.checks.saying import quote
from harness.grade.compare.model import FILE
from harness.grade.compare.steady import steady
from harness.grade.model import Evidence, Finding, Submission, Verdict, Weight
from harness.grade.queries import answers, statements
from harness.grade.rerun.model import State
from harness.readme.blocks import Block, Kind

CHECK: Final = "rerun-state"
_FROM: Final = re.compile(r"\b(?:from|join|describe|desc)\s+(?:hive\.)?(?:default\.)?[\"`]?(\w{1,128})", re.IGNORECASE)
_TOPIC: Final = re.compile(r"(?:\s-t|--topic)[ =]?([\w.\-]{1,249})")
_READERS: Final = ("kafkacat", "kcat", "kafka-console-consumer")
_FORMS: Final = frozenset({"presto", "hive", "sql", "shell", ""})


@dataclass(frozen=True, slots=True)
class _Claim:
    """Where a report reads a table or a topic first, and what output it shows of that."""

    line: int
    block: Block
    shows: bool


def compare(submission: Submission, state: State) -> Iterator[Finding]:
    """Compare the tables and topics that the report reads with those that were there at the end of the rerun.

    How much is in them is not said: where a load has no end it is another number each time.
    """
    if state.tables or state.errors:
        yield from _tables(submission, state)
    if state.topics:
        yield from _topics(submission, state.topics)


def _tables(submission: Submission, state: State) -> Iterator[Finding]:
    counts = {
        one.select.table: one
        for one in answers(submission)
        if one.select is not None and not one.select.where and one.result.rows
    }
    for name, claim in sorted(_asked(submission).items(), key=lambda item: item[1].line):
        if name not in state.tables and name not in state.errors:
            continue
        rows, error = state.tables.get(name), state.errors.get(name)
        if rows is None:
            why = quote(steady(error or "no reason was given"))
            message = f"Presto cannot read the table {name} that the rerun left: {why.rstrip('.')}."
            yield _finding(claim, Verdict.DISAGREES, message, why, "a table that can be read", claim.shows)
        elif rows == 0 and name in counts:
            message = f"The table {name}, of which the report shows rows, is empty at the end of the rerun."
            yield _finding(claim, Verdict.DISAGREES, message, 0, counts[name].result.rows, True)
        elif rows:
            yield _finding(claim, Verdict.AGREES, f"The table {name} holds rows at the end of the rerun.")


def _topics(submission: Submission, topics: Mapping[str, int]) -> Iterator[Finding]:
    for name, claim in sorted(_read(submission).items(), key=lambda item: item[1].line):
        messages = topics.get(name)
        if messages:
            yield _finding(claim, Verdict.AGREES, f"The topic {name} holds messages at the end of the rerun.")
        elif claim.shows:
            what = "is not there" if messages is None else "has no message"
            message = f"The topic {name}, of which the report shows messages, {what} at the end of the rerun."
            yield _finding(claim, Verdict.DISAGREES, message, messages, "messages", True)


def _finding(
    claim: _Claim,
    verdict: Verdict,
    message: str,
    expected: str | int | None = None,
    actual: str | int | None = None,
    sure: bool = True,
) -> Finding:
    seen = () if verdict is Verdict.AGREES else (Evidence(FILE, claim.line, str(expected)[:120]),)
    weight = Weight.ERROR if sure else Weight.WARNING
    return Finding(CHECK, verdict, claim.line, message, expected, actual, claim.block.fence, weight, seen)


def _asked(submission: Submission) -> dict[str, _Claim]:
    """Give the tables that the report's queries read, each where it does so first."""
    found: dict[str, _Claim] = {}
    for block in submission.blocks:
        if block.kind is not Kind.COMMAND or block.form not in _FORMS:
            continue
        shows = any(each.answers == block.first_line for each in submission.blocks)
        for statement in statements(block):
            for name in _FROM.findall(statement):
                found.setdefault(name.lower(), _Claim(block.printed()[0][0], block, shows))
    return found


def _read(submission: Submission) -> dict[str, _Claim]:
    """Give the topics that the report's commands read messages from."""
    found: dict[str, _Claim] = {}
    for block in submission.blocks:
        if block.kind is not Kind.COMMAND or not any(reader in block.text for reader in _READERS):
            continue
        shows = any(each.answers == block.first_line and each.form == "json_lines" for each in submission.blocks)
        text = "\n".join(line for _, line in block.printed() if "kafka-topics" not in line)
        for name in _TOPIC.findall(text):
            found.setdefault(name, _Claim(block.printed()[0][0], block, shows))
    return found
