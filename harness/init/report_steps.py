"""Steps from a report: each heading with commands becomes a step, in the report's order.

It is read as a rerun reads it (`harness.grade.rerun.script`), so that what its author typed into several terminals
becomes what one program does: a server in the background, a stream that has begun, a loop with three rounds. What was
typed at a prompt is given to its client. What belongs to the author's own machine is left out, and stands there as a
comment.
"""

from __future__ import annotations

import ast
import keyword
import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from harness.cluster.addresses import HOST_NAMES
from harness.grade.code.facts import code
from harness.grade.code.jobs import Sink
from harness.grade.model import Submission
from harness.grade.rerun.places import Places, places
from harness.grade.rerun.prompts import fed
from harness.grade.rerun.script import script, texts
from harness.grade.rerun.units import Unit, Way
from harness.readme.blocks import Kind
from harness.readme.typed import Loop, entered
from harness.render.text import visible

ROUNDS: Final = 3
"""How often an endless loop of load is run."""

SECONDS: Final = 10
"""How long a script that makes load is run."""

_ASIDE: Final = frozenset({"ab", "curl", "jq", "kafkacat", "kcat", "seq", "echo", "sleep", "flask"})
"""Programs of the author's own machine that mean the same in `mids`."""

_CLIENTS: Final = {
    "presto": ("presto", "presto --server presto:8080 --catalog hive --schema default --output-format ALIGNED"),
    "sql": ("presto", "presto --server presto:8080 --catalog hive --schema default --output-format ALIGNED"),
    "hive": ("cloudera", "hive"),
}
_WIDTH: Final = 112
_LONGEST_NAME: Final = 40
_LONGEST_TITLE: Final = 80
_CAT: Final = re.compile(r"(?:cat|less|more) +(?:\./)?([\w./@+-]+)")
_SLEEP: Final = re.compile(r"sleep +[\d.]+[smh]?")
_EXEC: Final = re.compile(r"(?:sudo +)?docker(?:-compose| +compose) +exec +(?:-\S+ +)*([\w-]+) +")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_NEEDS_QUOTES: Final = re.compile(r'["$`\\!]')
_PS: Final = re.compile(r"(?:sudo )?docker(?:-compose| compose) ps")
_REDIRECTED: Final = re.compile(r"<(?![<(])")
_FLASK_HOST: Final = re.compile(r"\s--?h(?:ost)?[ =]0\.0\.0\.0\b")


@dataclass(slots=True)
class _Draft:
    """A step as it is collected: its heading, what the report says below it, and lines of Python."""

    title: str
    explanation: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    commands: int = 0


def steps(submission: Submission, name: str) -> dict[str, str]:
    """Give the step files of a report, by their names; `name` is that of the submission's folder.

    Each is Python that parses, whatever the report has in it.
    """
    drafts = [draft for draft in _Writer(submission, name).drafts() if draft.commands]
    files: dict[str, str] = {}
    names: list[str] = []
    for number, draft in enumerate(drafts, 1):
        function = _name(draft.title, names)
        text = _module(draft, function, names[-1] if names else None)
        ast.parse(text)
        files[f"test_{number:02}_{function}.py"] = text
        names.append(function)
    return files


def places_of(submission: Submission, units: Sequence[Unit], name: str) -> Places:
    """Give where the files of a submission must stand for what is typed; `name` is that of its folder."""
    return places(name, submission.files, list(texts(submission, units)))


class _Writer:
    """Writes the statements of a report as Python, heading by heading."""

    def __init__(self, submission: Submission, name: str) -> None:
        self._submission = submission
        self._units = script(submission)
        self._is_up = False
        self._cells: dict[str, list[str]] = {}
        self._streams = 0
        self._held: set[str] = set()
        self._load: list[str] = []
        self._names = {str(submission.report), *submission.files}
        self._places = places_of(submission, self._units, name)
        self._folder = self._places.folder
        self._sinks = self._known_sinks()
        self._awaited: list[str] = []

    def drafts(self) -> Iterator[_Draft]:
        """Give a draft for each part of the report: a heading begins one, and so does a text that commands follow."""
        by_block: dict[int, list[Unit]] = {}
        for unit in self._units:
            by_block.setdefault(unit.block, []).append(unit)
        draft = _Draft("The cluster")
        for unit in by_block.get(0, ()):
            self._write(unit, draft)
        for block in self._submission.blocks:
            if block.kind is Kind.HEADING:
                self._close_cells(draft)
                yield draft
                draft = _Draft(plain(block.text) or "Commands")
            elif block.kind is Kind.PROSE and _tells(block.text):
                if draft.commands:
                    self._close_cells(draft)
                    yield draft
                    draft = _Draft(_first_words(block.text))
                draft.explanation.append(block.text)
            for unit in by_block.get(block.first_line, ()) if block.kind is Kind.COMMAND else ():
                self._write(unit, draft)
        self._close_cells(draft)
        yield draft

    def _write(self, unit: Unit, draft: _Draft) -> None:
        if not unit.is_python:
            self._close_cells(draft)
        lines = list(self._statement(unit))
        draft.lines += lines
        draft.commands += any(not line.startswith("#") for line in lines) or unit.is_python

    def _statement(self, unit: Unit) -> Iterator[str]:
        if unit.way is Way.LEAVE:
            yield _comment(unit, f"left out: {unit.why}")
        elif unit.way is Way.OPEN:
            return
        elif unit.is_python:
            self._cells.setdefault(unit.opener, []).append(unit.text)
        elif "up" in unit.asks:
            self._is_up = True
            yield "run.up()"
        elif unit.asks:
            yield _comment(unit, "left out: the harness takes the cluster down")
        elif _PS.fullmatch(unit.text.strip()):
            yield from self._up()
            yield "run.ps()"
        elif unit.way is Way.FEED:
            yield from self._up()
            yield from self._typed_at_a_prompt(unit)
        else:
            yield from self._command(unit)

    def _up(self) -> Iterator[str]:
        if not self._is_up:
            self._is_up = True
            yield "run.up()"

    def _command(self, unit: Unit) -> Iterator[str]:
        if unit.way is Way.LOOP:
            yield from self._loop(unit)
            return
        placed = self._placed(unit)
        if placed is None:
            yield _comment(unit, "left out: it is about the author's own machine")
            return
        yield from self._up()
        service, command = placed[0], _on_one_line(placed[1])
        match unit.way:
            case Way.SERVE:
                command = _FLASK_HOST.sub("", command)
                yield f'run.background({_quoted(service)}, {_quoted(command)}, serves="api")'
                yield 'run.look("api")'
            case Way.FOLLOW:
                yield f"run({_quoted(service)}, {_quoted(_to_its_end(command))})"
            case Way.LOOK:
                yield f"run({_quoted(service)}, {_quoted(command)})"
            case Way.STREAM:
                yield from self._stream(service, command)
            case _:
                yield f"run({_quoted(service)}, {_quoted(command)})"

    def _placed(self, unit: Unit) -> tuple[str, str] | None:
        """Give the service in which a statement runs, and how it is typed there."""
        if unit.typed_as:
            return str(unit.typed.service), unit.text
        if unit.typed.loop is Loop.FINITE and (found := _of_one_service(_on_one_line(unit.text))):
            return found
        if found := self._inside(unit.text):
            return found
        if (shown := _CAT.fullmatch(unit.text.strip())) and shown[1] in self._names:
            return "mids", f"cat {shlex.quote(str(self._folder / shown[1]))}"
        names = {program.name for program in unit.typed.programs}
        if names and names <= _ASIDE:
            return "mids", unit.text
        return None

    def _inside(self, text: str) -> tuple[str, str] | None:
        """Give the service of a `docker-compose exec`, and the command as that service gets it.

        What is piped into it, or read from a file, stands in the author's folder.
        """
        found = entered(text)
        if found is None or found.service not in HOST_NAMES or not found.inner.strip():
            return None
        before = found.before.removeprefix("sudo ").strip()
        if before or _REDIRECTED.search(found.inner):
            return found.service, f"cd {shlex.quote(str(self._folder))} && {before} {found.inner}"
        return found.service, found.inner

    def _stream(self, service: str, command: str) -> Iterator[str]:
        self._streams += 1
        name = f"stream_{self._streams}"
        sinks = self._sinks_of(command)
        if held := self._held & _paths(sinks):  # which another way to do the same has left
            removes = shlex.join(["hadoop", "fs", "-rm", "-r", "-f", "-skipTrash", *sorted(held)])
            yield f"run({_quoted('cloudera')}, {_quoted(removes)})"
        self._held |= _paths(sinks)
        yield f"{name} = run.background({_quoted(service)}, {_quoted(command)})"
        if place := next((sink.checkpoint for sink in sinks if sink.checkpoint), None):
            yield _wait("it has begun", f"{place}/sources/0/0")
        else:
            yield f'run.wait("what it prints", lambda: bool({name}.look().stdout))'
        self._awaited += [sink.path for sink in sinks if sink.path]
        if self._load:
            yield from self._load
            yield from self._await_sinks()
        if self._comes_again(sinks):
            yield f"run.stop({name})  # the next one writes to the same folders"
        else:
            yield f"run.look({name})"

    def _comes_again(self, sinks: Sequence[Sink]) -> bool:
        """Say whether a later stream writes where this one does: both at once would disturb each other."""
        later = [unit.text for unit in self._units if unit.way is Way.STREAM][self._streams :]
        return any(_paths(sinks) & _paths(self._sinks_of(text)) for text in later)

    def _sinks_of(self, command: str) -> list[Sink]:
        return [sink for file, sink in self._sinks if file in command]

    def _known_sinks(self) -> list[tuple[str, Sink]]:
        """Give the base name of each job that streams, with what it writes."""
        return [
            (PurePosixPath(job.source.path).name, sink)
            for job in code(self._submission).jobs
            for sink in job.sinks
            if sink.stream
        ]

    def _loop(self, unit: Unit) -> Iterator[str]:
        """Give a loop of load as some rounds of what it does, which are made again once a later stream has begun."""
        body = [self._inside(each) for each in _bodies(_on_one_line(unit.text)) if not _SLEEP.fullmatch(each)]
        calls = [f"    run({_quoted(each[0])}, {_quoted(each[1])})" for each in body if each and "$" not in each[1]]
        if calls and len(calls) == len(body):
            yield from self._up()
            self._load = [f"for _ in range({ROUNDS}):", *calls]
            yield from self._load
            yield from self._await_sinks()
        elif found := self._script(unit.text):
            yield from self._up()
            service, command = found
            self._load = [f"run({_quoted(service)}, {_quoted(command)})"]
            yield from self._load
            yield from self._await_sinks()
        else:
            yield _comment(unit, "left out: a loop that is more than commands of services")

    def _script(self, text: str) -> tuple[str, str] | None:
        """Give a script of the submission that runs commands in one service, as that service can run it."""
        for name, inside in self._submission.files.items():
            base = PurePosixPath(name).name
            services = set(_EXEC.findall(inside))
            if re.search(rf"(?:^|[\s/]){re.escape(base)}(?:\s|$)", text) and len(services) == 1:
                service = services.pop()
                if service in HOST_NAMES:
                    folder = shlex.quote(str(self._places.target / PurePosixPath(name).parent))
                    enters = f"s/(sudo +)?docker(-compose| compose) exec (-[^ ]+ )*{service} //"
                    script = f"sed -E {shlex.quote(enters)} {shlex.quote(base)}"
                    bounded = f"timeout {SECONDS} bash || test $? = 124"  # it may have no end of its own
                    return service, f"cd {folder} && {script} | HOME=/ {bounded}"
        return None

    def _await_sinks(self) -> Iterator[str]:
        yield from (_wait("what it writes", f"{path}/_spark_metadata/0") for path in self._awaited)
        self._awaited.clear()

    def _typed_at_a_prompt(self, unit: Unit) -> Iterator[str]:
        if unit.typed.form in _CLIENTS:
            service, client = _CLIENTS[unit.typed.form]
            option = "-e" if unit.typed.form == "hive" else "--execute"
            asked = fed(unit.before, unit.text).strip().removesuffix(";")
            quoted = shlex.quote(asked) if _NEEDS_QUOTES.search(asked) else f'"{asked}"'
            asking = f"{client} {option} {quoted}"
            yield f"run({_quoted(service)}, {_quoted(asking)})"
            return
        found = entered(unit.opener)
        service = found.service if found else "mids"
        yield f"run({_quoted(service)}, {_quoted(unit.text)})"

    def _close_cells(self, draft: _Draft) -> None:
        """Give the statements that were typed at one interpreter to one."""
        for opener, cells in self._cells.items():
            for line in self._up():
                draft.lines.append(line)
            found = self._inside(opener)
            service, client = found or ("spark", "pyspark")
            text = "\n\n".join(cell.rstrip() for cell in cells)
            typed = f"{client} <<'END'\n{text}\n\nEND"
            draft.lines.append(f"run({_quoted(service)}, {_quoted(typed)})")
            draft.commands += 1
        self._cells.clear()


def _paths(sinks: Sequence[Sink]) -> set[str]:
    """Give the folders that streams write, their checkpoints too."""
    return {path for sink in sinks for path in (sink.path, sink.checkpoint) if path}


def _wait(what: str, path: str) -> str:
    """Give a line that waits until a file is in HDFS."""
    test = f"hadoop fs -test -e {shlex.quote(path)}"
    return f'run.wait({_quoted(what)}, lambda: run.cluster.exec("cloudera", {_quoted(test)}).exit_code == 0)'


def _quoted(text: str) -> str:
    """Give a text as Python has it, in double quotes where it holds none."""
    literal = repr(text)
    if '"' in text or not literal.startswith("'"):
        return literal
    return '"' + literal[1:-1].replace("\\'", "'") + '"'


def _to_its_end(command: str) -> str:
    """Let a reader end that would show what comes for ever."""
    return re.sub(r"^(kafkacat|kcat)\b(?!.* -[A-Za-z]*e\b)", r"\1 -e", command)


def _bodies(text: str) -> list[str]:
    """Give the statements in the body of a loop, without its comments and what counts its rounds."""
    found = re.search(r"\bdo\b(.*)\bdone\b", text, re.DOTALL)
    inside = re.sub(r"(?m)(?:^|\s)#.*$", "", found[1]) if found else ""
    parts = (each.strip(" \t\\") for each in re.split(r"[;\n]", inside))
    return [each for each in parts if each and not each.startswith("((")]


def _of_one_service(text: str) -> tuple[str, str] | None:
    """Give a loop of commands of one service as that service can run it."""
    services = set(_EXEC.findall(text))
    if len(services) != 1 or not services <= set(HOST_NAMES):
        return None
    return services.pop(), _EXEC.sub("", text)


def _on_one_line(command: str) -> str:
    """Join the lines of a command that a backslash continues."""
    return re.sub(r"\s*\\\n\s*", " ", command)


def _tells(prose: str) -> bool:
    """Say whether a text is more than a word between two commands, such as "output:"."""
    return len(plain(prose).split()) > 3


def _first_words(prose: str) -> str:
    """Give a title: the beginning of the first sentence."""
    sentence = re.split(r"(?<=[.:!?])\s", re.sub(r"^\s*(?:\d+[.)]|[-*+])\s+", "", plain(prose)), maxsplit=1)[0]
    return textwrap.shorten(sentence.rstrip(".:"), _LONGEST_TITLE, placeholder=" …")


def _comment(unit: Unit, why: str) -> str:
    words = " ".join(visible(unit.text).split())
    return f"# line {unit.typed.line}, {visible(why)}: {words}"[:_WIDTH]


def _name(title: str, taken: Sequence[str]) -> str:
    """Give the name of a step's function: of the title's words, and one that no other step has."""
    words = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:_LONGEST_NAME].strip("_") or "step"
    if words[0].isdigit() or keyword.iskeyword(words) or words in ("run", "request", "teardown"):
        words = f"step_{words}"
    name, number = words, 2
    while name in taken:
        name, number = f"{words}_{number}", number + 1
    return name


def plain(heading: str) -> str:
    """Give the words of a heading or a text, without marks and links, on one line."""
    words = _LINK.sub(r"\1", visible(heading)).replace("`", "").replace("**", "")
    return " ".join(words.strip("#= -\n").split())


def _module(draft: _Draft, name: str, needed: str | None) -> str:
    words = visible(" ".join(" ".join(draft.explanation).split())) or f"{draft.title}."
    wrapped = textwrap.wrap(words, _WIDTH, break_long_words=False)[:20]
    docstring = "\n    ".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in wrapped)
    parameters = "run: Run" + (f", {needed}: StepRecord" if needed else "")
    imports = "Run, StepRecord, step" if needed else "Run, step"
    body = "\n".join(f"    {line}" for line in draft.lines)
    return (
        f"from harness import {imports}\n\n\n"
        f"@step({_quoted(draft.title)})\n"
        f"def test_{name}({parameters}) -> None:\n"
        f'    """\n    {docstring}\n    """\n{body}\n'
    )
