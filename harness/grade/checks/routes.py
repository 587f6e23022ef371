"""What the commands call against the routes of the API: the path, the verb, and the length of the body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.grade.checks import context
from harness.grade.code import commands
from harness.grade.code.facts import Code, code
from harness.grade.code.routes import Route
from harness.grade.model import Evidence, Finding, Submission, Verdict, Weight
from harness.grade.traffic import Load, ab_commands
from harness.outputs import ab, access_log
from harness.readme.blocks import Block, Kind

CALLED: Final = "route-called"
LENGTH: Final = "ab-body-length"
_REFUSED: Final = ("404", "405", "Not Found", "Method Not Allowed", "not found")


def check(submission: Submission) -> Iterator[Finding]:
    """Hold every call, typed or in a script, and every report of `ab`, against the routes of the app."""
    facts = code(submission)
    if not facts.api.routes:
        return
    refused = _refused(submission)
    for command in [*facts.typed, *facts.scripted]:
        for load in commands.calls(command):
            if load.path is not None and "//" not in load.path and not load.path.startswith("/static/"):
                yield _called(submission, facts, command, load, refused)
    for at, block in context.outputs(submission):
        if "Document Path" in block.text:
            yield from _lengths(submission, facts, at, block)


def _called(submission: Submission, facts: Code, command: commands.Command, load: Load, refused: set[str]) -> Finding:
    path = load.path or "/"
    found = facts.api.at(path)
    allowed = sorted({method for route in found for method in route.methods})
    block = command.block.fence if command.block else None
    file = "" if command.block else command.file
    asked = f"{load.method} {path}".strip()
    route = next((route for route in found if not load.method or load.method in route.methods), None)
    if route is not None:
        message = f"The API has a route for {asked}."
        return Finding(
            CALLED, Verdict.AGREES, command.line, message, asked, asked, block, evidence=_where(route), file=file
        )
    if not facts.api.closed:
        message = f"No route for {asked} was found, but the code does not show all routes plainly."
        return Finding(CALLED, Verdict.NOT_CHECKED, command.line, message, None, asked, block, file=file)
    status = 405 if found else 404
    if path in refused or _answered(submission, command):
        message = f"The API has no route for {asked}, and the report shows that it answers {status}."
        return Finding(CALLED, Verdict.AGREES, command.line, message, status, asked, block, file=file)
    where = (
        f"the route {found[0].path} takes only {', '.join(_shown(allowed))}" if found else "the API has no such route"
    )
    message = f"The command asks for {asked}, but {where}: it answers {status}, and no event is logged."
    expected = _shown(allowed) if found else sorted({route.path for route in facts.api.routes})[:20]
    evidence = _where(found[0]) if found else _app(facts)
    weight = Weight.ERROR if _certain(submission, facts, command) else Weight.WARNING
    return Finding(CALLED, Verdict.DISAGREES, command.line, message, expected, asked, block, weight, evidence, file)


def _certain(submission: Submission, facts: Code, command: commands.Command) -> bool:
    """Whether the app is a file that the report starts or one whole listing, and the command was meant so."""
    if facts.app_file is None:
        whole = [source for source in facts.apps if "Flask(" in source.text and "..." not in source.text]
        if len(whole) != len(facts.apps) or len({source.path for source in whole}) > 1:
            return False
    if command.block is None:
        return command.file.rpartition("/")[2] in submission.files.get(str(submission.report), "")
    return submission.report.suffix not in ("", ".txt", ".history") and command.block.form != "history"


def _refused(submission: Submission) -> set[str]:
    """Give the paths that an access log of the report shows with the status 404 or 405."""
    found: set[str] = set()
    for block in submission.blocks:
        if '" 404' not in block.text and '" 405' not in block.text:
            continue
        for line in block.text.split("\n"):
            asked = access_log.request(line.strip().removeprefix(">").strip())
            if asked is not None and asked.status in (404, 405):
                found.add(asked.path)
    return found


def _answered(submission: Submission, command: commands.Command) -> bool:
    """Whether what follows the command says that it was refused."""
    for block in submission.blocks:
        near = command.line < block.first_line <= command.line + 20 and block.kind is not Kind.COMMAND
        if near and any(word in block.text[:4000] for word in _REFUSED):
            return True
    return False


def _lengths(submission: Submission, facts: Code, at: int, block: Block) -> Iterator[Finding]:
    before = context.command(submission, at)
    loads = [load for load in ab_commands(before, {}) if load.target is not None] if before else []
    for report in ab.reports(context.text(block)):
        if report.document_path is None or report.document_length is None or report.non_2xx:
            continue
        path, _, query = report.document_path.partition("?")
        line = context.line_of(block, report.at.get("Document Length", 0))
        methods = {load.method for load in loads if load.target == report.document_path}
        found = facts.api.at(path)
        if len(methods) == 1:
            found = [route for route in found if methods & route.methods]
        bodies = _bodies(facts, found, path, query)
        if bodies is None:
            message = f"What the route for {path} returns cannot be told from the code."
            yield Finding(LENGTH, Verdict.NOT_CHECKED, line, message, None, report.document_length, block.fence)
            continue
        lengths = sorted({len(body.encode("utf-8", "surrogatepass")) for body in bodies})
        evidence = [each for route in found for each in _where(route)][:3]
        expected = lengths[0] if len(lengths) == 1 else lengths
        if report.document_length in lengths:
            message = f"The route for {path} returns {report.document_length} bytes, as ab says."
            yield Finding(
                LENGTH, Verdict.AGREES, line, message, expected, report.document_length, block.fence, evidence=evidence
            )
        else:
            said = " or ".join(map(str, lengths))
            message = f"ab says that {path} has {report.document_length} bytes, but the route returns {said}."
            certain = facts.app_file is not None or len(found) == 1
            weight = Weight.ERROR if certain else Weight.WARNING
            yield Finding(
                LENGTH,
                Verdict.DISAGREES,
                line,
                message,
                expected,
                report.document_length,
                block.fence,
                weight,
                evidence,
            )


def _bodies(facts: Code, found: list[Route], path: str, query: str) -> set[str] | None:
    if not found or not facts.api.plain:
        return None
    bodies: set[str] = set()
    for route in found:
        texts = route.bodies(path, query)
        if texts is None:
            return None
        bodies |= texts
    return bodies


def _where(route: Route) -> tuple[Evidence, ...]:
    decorators = [each.lineno for each in route.function.decorator_list]
    return (route.source.evidence(min([route.function.lineno, *decorators])),)


def _app(facts: Code) -> tuple[Evidence, ...]:
    return _where(facts.api.routes[0])


def _shown(methods: list[str]) -> list[str]:
    return [method for method in methods if method not in ("HEAD", "OPTIONS")]
