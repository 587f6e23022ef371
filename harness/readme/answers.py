"""Which command an output belongs to: by what its programs can print, and by where the two stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from harness.outputs import shell
from harness.readme.blocks import Block, Kind

_PRINTS: Final = {
    "ab": {"ab"},
    "access_log": {"flask", "python", "python3", "gunicorn"},
    "flask": {"flask", "python", "python3"},
    "json_lines": {"kafkacat", "kcat", "kafka-console-consumer", "jq", "curl"},
    "hdfs_ls": {"hadoop", "hdfs"},
    "spark": {"spark-submit", "pyspark", "spark-shell", "python", "python3"},
    "presto": {"presto", "presto-cli", "trino"},
    "hive": {"hive", "beeline"},
    "compose_ps": {"docker-compose", "docker"},
    "compose": {"docker-compose", "docker"},
    "kafka_topics": {"kafka-topics"},
    "curl": {"curl"},
    "history": {"history"},
}
_FILES: Final = frozenset({"bat", "cat", "head", "less", "more", "tail"})
_MONITORS: Final = frozenset({"access_log", "flask", "json_lines", "spark"})
"""Forms of programs that go on printing while other commands run."""

_QUERIES: Final = {"presto": ("presto", "sql"), "hive": ("hive", "sql"), "spark": ("pyspark", "python")}


@dataclass(frozen=True)
class Command:
    """A block of commands, and the names of its programs."""

    block: Block

    @cached_property
    def _script(self) -> shell.Script:
        return shell.parse(self.block.content or self.block.text) if self.block.form == "shell" else shell.Script()

    @cached_property
    def programs(self) -> frozenset[str]:
        """The base names of the programs that it runs."""
        return frozenset(program.name for program in self._script.programs)

    @property
    def files(self) -> int:
        """How many files it shows."""
        return sum(
            len([arg for arg in one.args if not arg.startswith("-")])
            for one in self._script.programs
            if one.name in _FILES
        )

    def prints(self, block: Block) -> bool:
        """Whether it may have printed a block, by the form of that."""
        if block.kind is Kind.LISTING:
            return bool(self.programs & _FILES)
        if self.block.form in _QUERIES.get(block.form, ()):
            return True
        if block.form == "compose_ps":
            return (
                bool(self.programs & _PRINTS["compose_ps"]) and "ps" in (self.block.content or self.block.text).split()
            )
        return bool(self.programs & _PRINTS.get(block.form, set()))


def answered(blocks: Sequence[Block]) -> list[Block]:
    """Say of each output and listing which command it answers, by the line where that command's block begins."""
    found = list(blocks)
    last: dict[str, Command] = {}
    run: list[Command] = []
    at = 0
    while at < len(found):
        block = found[at]
        if block.kind is Kind.COMMAND:
            run.append(Command(block))
            at += 1
            continue
        if block.kind not in (Kind.OUTPUT, Kind.LISTING):
            at += 1
            continue
        end = at
        while end < len(found) and found[end].kind is not Kind.COMMAND:
            end += 1
        printed = [index for index in range(at, end) if found[index].kind in (Kind.OUTPUT, Kind.LISTING)]
        for index, command in _pairs(found, printed, run, last):
            found[index] = replace(found[index], answers=command.block.first_line, service=command.block.service)
        for command in run:
            for form in _MONITORS:
                if command.prints(Block(Kind.OUTPUT, "", 1, 1, form=form)):
                    last[form] = command
        run = []
        at = end
    return found


def _pairs(
    blocks: Sequence[Block], printed: Sequence[int], run: Sequence[Command], last: dict[str, Command]
) -> Iterable[tuple[int, Command]]:
    """Pair the outputs of one place with the commands before it; as many of both of a form pair up in their order."""
    groups: dict[str, list[int]] = {}
    for index in printed:
        block = blocks[index]
        groups.setdefault("listing" if block.kind is Kind.LISTING else block.form, []).append(index)
    for form, indices in groups.items():
        fitting = [command for command in run if command.prints(blocks[indices[0]])]
        if form == "listing":
            yield from zip(indices, fitting[-len(indices) :] if len(fitting) > 1 else fitting, strict=False)
        elif fitting:
            pairs = fitting if len(fitting) == len(indices) else [fitting[-1]] * len(indices)
            yield from zip(indices, pairs, strict=True)
        elif form in _MONITORS and form in last:
            yield from ((index, last[form]) for index in indices)
        elif not form and run:
            yield from ((index, run[-1]) for index in indices[:1])
