"""The order of rows: SQL promises none without an ORDER BY.

The rows become a mapping from each row to how often it comes. What counts is the statement that gave them, and an
ORDER BY of its own, not one in a subquery or a window. Where the statement cannot be read in the command (a file,
standard input), is no query (`describe`), or is one of several that hive printed together, the order is kept: a
false alarm can be looked at, a hidden swap cannot. A single row has no order.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Final

from harness.model import Fact
from harness.normalise.rule import Masked, Observation, Pair, items, with_facts
from harness.outputs import shell

name: Final = "row-order"
why: Final = "SQL without ORDER BY promises no order; the rows are compared"

_OPTIONS: Final = {"hive": "-e", "presto": "--execute"}
_PASSED_OVER: Final = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_QUERY: Final = re.compile(r"\s*(?:from|select|table|values|with)\b", re.IGNORECASE)
_ORDER_BY: Final = re.compile(r"\border\s+by\b", re.IGNORECASE)


def _example(sql: str, *hosts: str) -> Observation:
    values = [[host, "purchase_sword"] for host in hosts]
    return Observation(f'presto --execute "{sql}"', {"kind": "presto", "values": values})


_UNORDERED: Final = "select host, event_type from purchases"
example: Final[Pair] = (
    _example(_UNORDERED, "user1.comcast.com", "user2.att.com", "user1.comcast.com"),
    _example(_UNORDERED, "user2.att.com", "user1.comcast.com", "user1.comcast.com"),
)
counter_example: Final[Pair] = (
    _example(f"{_UNORDERED} order by host", "user1.comcast.com", "user2.att.com"),
    _example(f"{_UNORDERED} order by host", "user2.att.com", "user1.comcast.com"),
)


def apply(seen: Observation) -> Masked:
    """Replace the rows of a query without ORDER BY by how often each comes."""
    rows = items(seen.facts.get("values"))
    if len(rows) < 2 or not _is_unordered(_statement(seen.command, seen.facts.get("kind"))):
        return Masked(seen)
    counted = Counter(json.dumps(row, ensure_ascii=False) for row in rows)
    return with_facts(seen, {"values": dict(sorted(counted.items()))}, len(rows))


def _statement(command: str, kind: Fact) -> str:
    """Give the SQL statement whose rows a command printed, without what is quoted or a comment, or ""."""
    statements: list[str] = []
    for program in shell.parse(command).programs:
        option = _OPTIONS.get(program.name)
        if option is None or program.name != kind:
            continue
        for at, arg in enumerate(program.args):
            sql = " ".join(program.args[at + 1 : at + 2]) if arg == option else ""
            if arg.startswith(f"{option}="):
                sql = arg.partition("=")[2]
            statements += filter(str.strip, _PASSED_OVER.sub(" ", sql).split(";"))
    return statements[-1] if len(statements) == 1 or (statements and kind == "presto") else ""


def _is_unordered(statement: str) -> bool:
    """Whether a statement is a query without an ORDER BY outside all parentheses."""
    depth = 0
    outside = []
    for character in statement:
        depth += (character == "(") - (character == ")")
        outside.append(" " if depth or character == ")" else character)
    return bool(_QUERY.match(statement)) and not _ORDER_BY.search("".join(outside))
