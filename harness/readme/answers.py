"""Which command an output belongs to: by what its programs can print, and by where the two stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from harness.outputs import shell
from harness.readme.blocks import Block, Kind
from harness.readme.prompted import AS_ROOT, AT

_PRINTS: Final = {
    "ab": {"ab"},
    "access_log": {"flask", "python", "python3", "gunicorn"},
    "flask": {"flask", "python", "python3"},
    "json": {"jq"},
    "json_lines": {"kafkacat", "kcat", "kafka-console-consumer"},
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
_SELDOM: Final = {
    "json": {"cat", "curl", "kafkacat", "kcat"},
    "json_lines": {"cat", "curl", "head", "jq", "tail"},
    "curl": {"cat", "wget"},
}
"""Programs that print a form where none of those above stands near."""

_ALONE: Final = {"curl": "curl", "hive": "hive", "kafka-topics": "kafka_topics", "presto": "presto"}
_FILES: Final = frozenset({"bat", "cat", "head", "less", "more", "tail"})
_MONITORS: Final = frozenset({"access_log", "flask", "json_lines", "spark"})
"""Forms of programs that go on printing while other commands run."""

_SCRIPTS: Final = (".bash", ".hql", ".sh", ".sql")
_WRITTEN: Final = ("shell", "sql")
_SHOWN: Final = (Kind.OUTPUT, Kind.LISTING)
_NEAR: Final = 20
_INTERPRETERS: Final = frozenset({"ipython", "pyspark"})
_CLIENTS: Final = {"beeline": "hive", "hive": "hive", "presto": "presto", "spark-sql": "sql", "trino": "presto"}
_TITLE: Final = "it names the command below it"
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
    def shows_script(self) -> bool:
        """Whether all that it does is to show a file of commands or of SQL."""
        programs = self._script.programs
        shown = programs[0].args if len(programs) == 1 and programs[0].name in _FILES else ()
        return bool(shown) and shown[-1].endswith(_SCRIPTS)

    @property
    def prints_alone(self) -> str:
        """The form of what it prints, where only one of its programs prints, and nothing in its output shows that."""
        audible = {program.name for program in self._script.programs if program.audible}
        return _ALONE.get(audible.pop(), "") if len(audible) == 1 else ""

    def may_print(self, block: Block) -> bool:
        """Whether it may have printed a block of which no other command is known."""
        return bool(self.programs & _SELDOM.get(block.form, set()))

    def names(self, block: Block) -> bool:
        """Whether the folder that a listing of HDFS shows is one of its words."""
        if block.form != "hdfs_ls":
            return False
        words = {word.rstrip("/") for word in _words(self.block)}
        for _, line in block.printed()[:5]:
            path = line.rpartition(" ")[2]
            if path.startswith("/") and path.lower().rpartition("/")[0] in words:
                return True
        return False

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
    found = list(_at_prompts(_of_interpreters(list(_without_titles(blocks)))))
    last: dict[str, Command] = {}
    run: list[Command] = []
    at = 0
    while at < len(found):
        block = found[at]
        if block.kind is Kind.COMMAND:
            run.append(Command(block))
            at += 1
            continue
        if block.kind not in _SHOWN:
            at += 1
            continue
        end = at
        while end < len(found) and found[end].kind is not Kind.COMMAND:
            end += 1
        printed = [index for index in range(at, end) if found[index].kind in _SHOWN and found[index].answers is None]
        for index, command in _pairs(found, printed, run, last):
            form, alone = found[index].form, command.prints_alone
            form = alone if not form or (alone == "curl" and form.startswith("json")) else form
            first, service = command.block.first_line, command.block.service
            found[index] = replace(found[index], form=form, answers=first, service=service)
        for command in run:
            for form in _MONITORS:
                if command.prints(Block(Kind.OUTPUT, "", 1, 1, form=form)):
                    last[form] = command
        run = []
        at = end
    return found


def _without_titles(blocks: Sequence[Block]) -> Iterator[Block]:
    """Give back to the headings and the prose what the next command, in a fence below, says again."""
    for at, block in enumerate(blocks):
        if block.kind is Kind.COMMAND and block.fence is None:
            after = next((each for each in blocks[at + 1 : at + 5] if each.kind is Kind.COMMAND), None)
            if after is not None and after.fence is not None and _words(after) == _words(block):
                kind = Kind.HEADING if block.reason.startswith("a heading") else Kind.PROSE
                block = Block(kind, block.text, block.first_line, block.last_line, "", 0.8, _TITLE)
        yield block


def _words(block: Block) -> list[str]:
    return (block.content or block.text).replace(";", " ").lower().split()


def _of_interpreters(blocks: Sequence[Block]) -> Iterator[Block]:
    """Say of Python that it was typed, where it follows the start of an interpreter, or where indented code follows it;
    and of commands that they were not, where a file of them was shown.

    The latter is how a notebook looks that was saved as Markdown.
    """
    typed = False
    service: str | None = None
    before = None
    for at, block in enumerate(blocks):
        written = (
            block.kind is Kind.COMMAND and block.form in _WRITTEN and block.fence and not block.reason.startswith(AT)
        )
        if before and written and before.shows_script:
            yield replace(block, kind=Kind.LISTING, service=None, reason="commands that were shown from a file")
            before = None
            continue
        before = before if block.kind in (Kind.PROSE, Kind.HEADING) else None
        if block.kind is Kind.COMMAND:
            before = Command(block)
            started = before.programs & _INTERPRETERS
            typed = bool(started) or (typed and block.form in ("python", "pyspark"))
            service = block.service if started else service
            if typed and block.form == "python" and block.reason.startswith(AT):
                block = replace(block, form="pyspark", service=service)
        elif block.kind is Kind.LISTING and block.form == "python" and not block.text.startswith("#!"):
            after = blocks[at + 1] if at + 1 < len(blocks) else None
            exported = block.info and after is not None and after.fence and after.lines[:1] == (after.first_line,)
            if typed:
                reason = "Python after its interpreter was started"
                block = replace(
                    block, kind=Kind.COMMAND, form="pyspark", service=service, confidence=0.7, reason=reason
                )
            elif exported and after is not None and after.kind is Kind.OUTPUT:
                block = replace(block, kind=Kind.COMMAND, confidence=0.7, reason="Python with what it printed below it")
        yield block


def _at_prompts(blocks: Iterable[Block]) -> Iterator[Block]:
    """Say of SQL without a prompt which client it was typed at: the one that was started last."""
    client, service = "sql", None
    container: str | None = None
    for block in blocks:
        if block.kind is Kind.COMMAND and block.form == "shell":
            started = [_CLIENTS[name] for name in Command(block).programs if name in _CLIENTS]
            if started:
                client, service = started[-1], block.service
            if block.service and (block.content or block.text).split()[-1].rpartition("/")[2] in ("bash", "sh"):
                container = block.service
            elif block.service is None and block.reason.endswith(AS_ROOT):
                block = replace(block, service=container)
        elif block.kind is Kind.COMMAND and block.form == "sql" and client != "sql":
            block = replace(block, form=client, service=service, reason=f"{block.reason}, after {client} was started")
        elif block.kind is Kind.COMMAND and block.form == client:
            block = replace(block, service=service)
        yield block


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
            near = fitting[-_NEAR:]
            named = {index: [one for one in near if one.names(blocks[index])][-1:] for index in indices[:_NEAR]}
            pairs = fitting if len(fitting) == len(indices) else [fitting[-1]] * len(indices)
            for index, command in zip(indices, pairs, strict=True):
                yield index, (named.get(index) or [command])[0]
        elif form in _MONITORS and form in last:
            yield from ((index, last[form]) for index in indices)
        elif any(command.may_print(blocks[indices[0]]) for command in run):
            seldom = [command for command in run if command.may_print(blocks[indices[0]])][-1]
            yield from ((index, seldom) for index in indices)
        elif form == "json" and "json_lines" in last:
            yield from ((index, last["json_lines"]) for index in indices)
        elif not form and run and indices[0] == printed[0]:
            yield indices[0], run[-1]
