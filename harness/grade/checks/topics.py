"""Which of the commands that send bring events to a topic: by the routes that they call, or straight into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from harness.grade.code.facts import code
from harness.grade.code.topics import topics_of
from harness.grade.model import Submission
from harness.grade.traffic import Load, loads
from harness.outputs import shell
from harness.readme.blocks import Block, Kind

_CLIENTS: Final = frozenset({"kafkacat", "kcat", "kafka-console-consumer", "kafka-console-producer"})


class Topics:
    """What the report's commands send, topic by topic."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission

    def to(self, topic: str | None) -> Sequence[Load]:
        """Give what may bring events to a topic, in the order of the report; all of it where no topic is named.

        Where the API sends to several topics, a load of which nobody can say to which has an unknown count; so has
        what is sent into the topic by hand.
        """
        sent = list(self._requests)
        if topic is not None and len(self._known) > 1:
            sent = [one for load in sent if (one := self._of(load, topic)) is not None]
        by_hand = [load for load, into in self._by_hand if topic is None or into in (None, topic)]
        return sorted([*sent, *by_hand], key=lambda load: load.place) if by_hand else sent

    @cached_property
    def _requests(self) -> Sequence[Load]:
        return loads(self._submission)

    @cached_property
    def _known(self) -> frozenset[str]:
        """The topics that the API sends to."""
        return frozenset().union(*(topics or () for topics in self._topics.values()))

    @cached_property
    def _topics(self) -> Mapping[int, frozenset[str] | None]:
        """What each route sends to, by the identity of the route."""
        return {id(route): topics_of(route) for route in code(self._submission).api.routes}

    @cached_property
    def _by_hand(self) -> Sequence[tuple[Load, str | None]]:
        return list(_by_hand(self._submission))

    def _of(self, load: Load, topic: str) -> Load | None:
        routes = [] if load.path is None else code(self._submission).api.at(load.path)
        found = {self._topics[id(route)] for route in routes if load.method in route.methods}
        (into,) = found if len(found) == 1 else (None,)
        if into is None or topic not in self._known or (topic in into and len(into) > 1):
            return replace(load, count=None)
        return load if topic in into else None


def topic_of(block: Block | None) -> str | None:
    """Give the only topic that a command's block reads or writes with a client of Kafka, or None."""
    found = set() if block is None else {topic for _, topic in _clients(block)}
    return found.pop() if len(found) == 1 else None


def _by_hand(submission: Submission) -> Iterator[tuple[Load, str | None]]:
    for place, block in enumerate(submission.blocks):
        if block.kind is Kind.COMMAND and any(name in block.text for name in _CLIENTS):
            for program, topic in _clients(block):
                if program.name == "kafka-console-producer" or any(arg.startswith("-P") for arg in program.args):
                    yield Load(block.first_line, place, program.name, None), topic


def _clients(block: Block) -> Iterator[tuple[shell.Program, str | None]]:
    if block.form not in ("", "shell"):
        return
    for program in shell.parse("\n".join(line for _, line in block.printed())).programs:
        if program.name in _CLIENTS:
            yield program, _named(program.args)


def _named(args: Sequence[str]) -> str | None:
    for at, arg in enumerate(args):
        if arg in ("-t", "--topic", "-topic"):
            return args[at + 1] if at + 1 < len(args) else None
        if arg.startswith("--topic="):
            return arg.partition("=")[2]
        if arg.startswith("-t") and len(arg) > 2:
            return arg[2:]
    return None
