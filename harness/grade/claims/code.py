"""What code and configuration define: routes, types of events, tables, services."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from harness.grade.claims.model import Shown, Unit

_ROUTE: Final = re.compile(r"@\w{1,40}\.(?:route|get|post|put|delete)\(")
_EVENT_TYPE: Final = re.compile(r"""event_type['"]\]?\s{0,9}[:=]{1,2}\s{0,9}['"]([\w -]{1,80})['"]""")
_CREATED: Final = re.compile(
    r"(?i)\bcreate\s{1,20}(?:external\s{1,20})?table\s{1,20}(?:if\s{1,20}not\s{1,20}exists\s{1,20})?([\w.]{1,80})"
)
_SERVICE: Final = re.compile(r"(?m)^(?: {2}| {4}|\t)([\w-]{1,60}):[ \t\r]*$")
_LENGTH_LIMIT: Final = 200_000
_FILES_LIMIT: Final = 60


def event_types(text: str) -> Iterable[str]:
    """Give the types of events that a text sets or compares, in code or in JSON."""
    return (found[1] for found in _EVENT_TYPE.finditer(text))


def defined(text: str, line: int) -> Iterator[Shown]:
    """Give what the code of a listing or a file defines."""
    types = {*event_types(text)}
    found = [len(types), len(types - {"default"})] if types else []
    if routes := len(_ROUTE.findall(text)):
        counts: dict[Unit, Sequence[int]] = {
            Unit.ROUTE: [routes, routes - 1], Unit.TYPE: [*found, routes], Unit.EVENT: [routes, *found],
        }  # fmt: skip
        yield Shown("code", line, f"{routes} routes", counts=counts)
    elif types:
        yield Shown("code", line, ", ".join(sorted(types))[:100], counts={Unit.TYPE: found})
    if tables := {name.lower() for name in _CREATED.findall(text)}:
        yield Shown("ddl", line, "tables " + ", ".join(sorted(tables))[:100], counts={Unit.TABLE: [len(tables)]})


def composed(text: str, line: int) -> Iterator[Shown]:
    """Give the services of a compose file."""
    _, _, below = text.partition("services:")
    first = _SERVICE.search(below)
    if first:
        indent = first[0][: len(first[0]) - len(first[0].lstrip())]
        names = [found[1] for found in _SERVICE.finditer(below) if found[0].startswith(f"{indent}{found[1]}")]
        yield Shown("compose", line, f"{len(names)} services", counts={Unit.SERVICE: [len(names)]})


def of_files(files: Mapping[str, str]) -> list[tuple[str, Shown]]:
    """Give what the files of a submission define, with their paths; code and compose files only."""
    found: list[tuple[str, Shown]] = []
    for path, text in list(files.items())[:_FILES_LIMIT]:
        if path.endswith((".py", ".sh", ".sql", ".hql")):
            found += [(path, one) for one in defined(text[:_LENGTH_LIMIT], 1)]
        elif path.endswith((".yml", ".yaml")):
            found += [(path, one) for one in composed(text[:_LENGTH_LIMIT], 1)]
    return found
