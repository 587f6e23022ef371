"""What cannot work as the code stands: names, files and services that are not there, streams of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.grade.code import commands
from harness.grade.code.compose import compose_services
from harness.grade.code.facts import Code, code, is_history, started_files
from harness.grade.code.jobs import Sink
from harness.grade.code.sources import Source, base_name
from harness.grade.code.undefined import undefined
from harness.grade.model import Evidence, Finding, Submission, Verdict, Weight
from harness.readme.blocks import Kind

NAMES: Final = "undefined-name"
FILES: Final = "file-started"
SERVICES: Final = "compose-service"
STREAM: Final = "stream-of-batch"
_LIMIT: Final = 1_000
_PLACEHOLDERS: Final = frozenset(
    {"app.py", "file.py", "filename.py", "script.py", "container", "container_name", "name", "service", "service_name"}
)


def check(submission: Submission) -> Iterator[Finding]:
    """Check names, files, services and streams."""
    facts = code(submission)
    for source in facts.sources:
        if _is_whole(source):
            yield from _names(facts, source)
    if not is_history(submission):
        yield from _files(submission, facts)
        yield from _services(submission, facts)
    for job in facts.jobs:
        for sink in job.sinks:
            yield from _stream(facts, sink)


def _is_whole(source: Source) -> bool:
    """Whether a piece of Python is a module as it is run: a file, or what a command of the report shows of one."""
    if source.tree is None or source.reason:
        return False
    block = source.block
    if block is None:
        return True
    return block.kind is Kind.LISTING and block.answers is not None and "..." not in source.text


def _names(facts: Code, source: Source) -> Iterator[Finding]:
    if source.tree is None:
        return
    for name, number in undefined(source.tree)[:10]:
        line, file, block, weight, evidence = _place(facts, source, number)
        message = f"{name} is used, but nothing in {source.path} binds or imports it: a NameError when it gets there."
        yield Finding(NAMES, Verdict.DISAGREES, line, message, "a binding", name, block, weight, evidence, file)


def _stream(facts: Code, sink: Sink) -> Iterator[Finding]:
    if sink.frame is None or sink.frame.stream is None or sink.frame.stream == sink.stream:
        return
    line, file, block, weight, evidence = _place(facts, sink.source, sink.line)
    read, written = ("read", "writeStream") if sink.stream else ("readStream", "write")
    message = f"What was read by {read} is written by {written}: Spark refuses that with an AnalysisException."
    yield Finding(STREAM, Verdict.DISAGREES, line, message, read, written, block, weight, evidence, file)


def _place(facts: Code, source: Source, number: int) -> tuple[int, str, int | None, Weight, Sequence[Evidence]]:
    """Say where a finding of code stands, and how much it weighs: what nobody starts is a warning."""
    block = source.block
    if block is not None:
        return source.line(number), "", block.fence, Weight.ERROR, (source.evidence(number),)
    run = base_name(source.path) in facts.runs or source.path == facts.app_file
    weight = Weight.ERROR if run else Weight.WARNING
    return number, source.path, None, weight, (source.evidence(number),)


def _files(submission: Submission, facts: Code) -> Iterator[Finding]:
    files = submission.files
    names = {base_name(path) for path in (*files, *submission.skipped)}
    has_code = any(path.endswith(".py") for path in files)
    started = [(path, command) for path, command in started_files([*facts.typed, *facts.scripted])]
    homes = {_parent(path) for path, _ in started if base_name(path) in names}
    starts = {(command.line, base_name(path)) for path, command in started}
    made = {base_name(path): command for path, command in commands.written(facts.typed)}
    told: set[str] = set()
    for path, command in started:
        name = base_name(path.partition(":")[0])
        name = name if "." in name else f"{name}.py"
        if (name in names or name in told) and not (name in names and command.block):
            continue
        file = "" if command.block else command.file
        block = command.block.fence if command.block else None
        if name in names:
            message = f"{name}, which the command starts, was handed in."
            yield Finding(FILES, Verdict.AGREES, command.line, message, name, name, block, file=file)
            continue
        if name in _PLACEHOLDERS:
            continue
        told.add(name)
        if name in made:
            message = f"{name}, which the command starts, is written by the command in line {made[name].line}."
            yield Finding(FILES, Verdict.AGREES, command.line, message, name, name, block, file=file)
            continue
        if not has_code:
            message = f"{name} was not handed in, but no code was: the report stands alone."
            yield Finding(FILES, Verdict.NOT_CHECKED, command.line, message, None, name, block, file=file)
            continue
        other = any(name in command.text for command in facts.typed[:_LIMIT] if (command.line, name) not in starts)
        sure = _parent(path) in homes and not other and not name.endswith(".sh") and len(told) < _LIMIT
        weight = Weight.ERROR if sure else Weight.WARNING
        message = f"The command starts {name}, which is not among the files handed in."
        expected = sorted(each for each in names if each.endswith(".py"))[:20]
        yield Finding(FILES, Verdict.DISAGREES, command.line, message, expected, name, block, weight, file=file)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _services(submission: Submission, facts: Code) -> Iterator[Finding]:
    known = compose_services(submission)
    if known is None:
        return
    path, names = known
    agreed: set[str] = set()
    for command in [*facts.typed, *facts.scripted]:
        for name in commands.services(command):
            file = "" if command.block else command.file
            block = command.block.fence if command.block else None
            if name in names:
                if name not in agreed:
                    message = f"{path} has the service {name}."
                    yield Finding(SERVICES, Verdict.AGREES, command.line, message, name, name, block, file=file)
                agreed.add(name)
            elif name not in _PLACEHOLDERS and not name.isupper():
                message = f"The command runs in the service {name}, which {path} does not have."
                where = (Evidence(path, 1, ", ".join(sorted(names))[:160]),)
                expected = sorted(names)
                yield Finding(
                    SERVICES, Verdict.DISAGREES, command.line, message, expected, name, block, Weight.ERROR, where, file
                )
