"""What the commands call against the routes of the API: the path, the verb, and the length of the body."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from harness.grade.checks import context
from harness.grade.code import commands
from harness.grade.code.facts import Code, code, is_history, whole_text
from harness.grade.code.routes import Route
from harness.grade.model import Evidence, Finding, Submission, Verdict, Weight
from harness.grade.traffic import Load, ab_commands
from harness.outputs import ab, access_log
from harness.readme.blocks import Block, Kind

CALLED: Final = "route-called"
LENGTH: Final = "ab-body-length"
_CALL_LIMIT: Final = 2_000
_NEAR: Final = 20
"""Lines within which an answer stands after its command."""

_REFUSED: Final = ("404", "405", "Not Found", "Method Not Allowed", "not found")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the report says of requests: paths that its log refuses, lines that tell of refusals, and its text."""

    refused: set[str]
    refusals: list[int]
    text: str

    def answered(self, line: int) -> bool:
        """Whether something soon after this line says that a request was refused."""
        at = bisect_right(self.refusals, line)
        return at < len(self.refusals) and self.refusals[at] <= line + _NEAR

    def names(self, path: str) -> bool:
        """Whether the report names a script."""
        return path.rpartition("/")[2] in self.text


def check(submission: Submission) -> Iterator[Finding]:
    """Hold every call, typed or in a script, and every report of `ab`, against the routes of the app."""
    facts = code(submission)
    if not facts.api.routes:
        return
    if not is_history(submission):
        limit = _CALL_LIMIT
        asked = Asked(_refused(submission), _refusals(submission), whole_text(submission))
        for command in [*facts.typed, *facts.scripted]:
            if command.block is None and not asked.names(command.file):
                continue
            for load in commands.calls(command) if limit else ():
                limit = max(0, limit - 1)
                if load.path is not None and "//" not in load.path and not load.path.startswith("/static/"):
                    yield _called(facts, command, load, asked)
    for at, block in context.outputs(submission):
        if "Document Path" in block.text:
            yield from _lengths(submission, facts, at, block)


def _called(facts: Code, command: commands.Command, load: Load, asked_for: Asked) -> Finding:
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
    if path in asked_for.refused or asked_for.answered(command.line):
        message = f"The API has no route for {asked}, and the report shows that it answers {status}."
        return Finding(CALLED, Verdict.AGREES, command.line, message, status, asked, block, file=file)
    where = (
        f"the route {found[0].path} takes only {', '.join(_shown(allowed))}" if found else "the API has no such route"
    )
    message = f"The command asks for {asked}, but {where}: it answers {status}, and no event is logged."
    expected = _shown(allowed) if found else sorted({route.path for route in facts.api.routes})[:20]
    evidence = _where(found[0]) if found else _app(facts)
    weight = Weight.ERROR if _certain(facts) else Weight.WARNING
    return Finding(CALLED, Verdict.DISAGREES, command.line, message, expected, asked, block, weight, evidence, file)


def _certain(facts: Code) -> bool:
    """Whether the app is a file that the report starts, or all of it is shown in one listing."""
    if facts.app_file is not None:
        return True
    whole = [source for source in facts.apps if "Flask(" in source.text and "..." not in source.text]
    return len(whole) == len(facts.apps) and len({source.path for source in whole}) == 1


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


def _refusals(submission: Submission) -> list[int]:
    """Give the first lines of the parts of the report that tell of a refused request, in their order."""
    return sorted(
        block.first_line
        for block in submission.blocks
        if block.kind is not Kind.COMMAND
        and block.form != "access_log"
        and any(word in block.text[:4000] for word in _REFUSED)
    )


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
