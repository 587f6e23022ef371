"""Topics as `kafka-topics` makes, describes and lists them: names and partitions must come again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from harness.grade.checks.context import text
from harness.grade.compare.model import Group, Shown, View
from harness.grade.compare.said import listed, same, unchecked, unlike
from harness.grade.model import Finding, Weight
from harness.model import Fact
from harness.outputs import kafka_topics
from harness.outputs.text import Output

CHECK: Final = "rerun-topics"
_OF_THE_BROKER: Final = frozenset({"__consumer_offsets", "_schemas"})
_WORDS: Final = {
    "created": "the topic that was made",
    "partitions": "the number of partitions",
    "replication_factor": "the replication factor",
}


def compare(group: Group) -> Iterator[Finding]:
    """Compare what each output says of topics with what the rerun's commands said."""
    lists = any("--list" in ran.typed.text for ran in group.rans)
    again = [(view, _facts(view.capture.stdout, lists)) for view in group.ends()]
    for one in group.shown:
        line = one.block.printed()[0][0]
        ours = _facts(text(one.block), lists)
        told = list(_stated(one, line, ours, again))
        if lists:
            told += _names(one, line, ours, again)
        yield from told
        if not told:
            yield unchecked(CHECK, one.block, line, "Nothing that is said of a topic can be compared.")


def _facts(printed: str, lists: bool) -> Mapping[str, Fact]:
    return kafka_topics.facts(Output(("--list",) if lists else (), printed, ""))


def _stated(
    one: Shown, line: int, ours: Mapping[str, Fact], again: Sequence[tuple[View, Mapping[str, Fact]]]
) -> Iterator[Finding]:
    for name, words in _WORDS.items():
        mine = ours[name]
        theirs = [(view, facts[name]) for view, facts in again if facts[name] is not None]
        if mine is None or not theirs:
            continue
        if any(value == mine for _, value in theirs):
            yield same(CHECK, one.block, line, f"In the rerun {words} is {mine} too.", mine)
        else:
            view, value = theirs[-1]
            message = f"In the report {words} is {mine}, in the rerun {value}."
            yield unlike(CHECK, one.block, line, message, (value, mine), view.ran, f"{name}: {value}")


def _names(
    one: Shown, line: int, ours: Mapping[str, Fact], again: Sequence[tuple[View, Mapping[str, Fact]]]
) -> Iterator[Finding]:
    mine = _listed(ours)
    theirs = {name for _, facts in again for name in _listed(facts)}
    if not mine or not again:
        return
    values = sorted(theirs), sorted(mine)
    missing = sorted(mine - theirs)
    for name in missing:
        message = f"The report lists the topic {name}, which the rerun does not have."
        yield unlike(CHECK, one.block, line, message, values, again[-1][0].ran, listed(values[0]), Weight.WARNING)
    if not missing:
        yield same(CHECK, one.block, line, f"The rerun has the topics {listed(values[1])} too.", values[1])


def _listed(facts: Mapping[str, Fact]) -> set[str]:
    names = facts["topics"]
    return {str(name) for name in names} - _OF_THE_BROKER if isinstance(names, list) else set()
