"""The columns that queries print against those of the statement that creates the table, in their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from harness.grade.code.facts import code, is_history
from harness.grade.code.sql import Table
from harness.grade.model import Evidence, Finding, Submission, Verdict
from harness.grade.queries import Answer, answers

CHECK: Final = "table-columns"
_DESCRIBES: Final = ("describe", "desc")


def check(submission: Submission) -> Iterator[Finding]:
    """Compare what `describe T` and `select * from T` print with the one statement that creates T."""
    facts = code(submission)
    made: defaultdict[str, list[Table]] = defaultdict(list)
    for one in facts.tables:
        made[one.name].append(one)
    known = {name: tables[0] for name, tables in made.items() if len({table.columns for table in tables}) == 1}
    if not known or is_history(submission):
        return
    for answer in answers(submission):
        name, columns = _shown(answer)
        table = known.get(name)
        if table is None or not table.columns or not columns:
            continue
        yield from _compared(submission, answer, table, columns)


def _shown(answer: Answer) -> tuple[str, Sequence[str]]:
    """Give the table of an answer that shows all columns of one, and the columns; both are empty for any other."""
    words = answer.statement.lower().replace('"', "").replace("`", "").split()
    if words[:1] and words[0] in _DESCRIBES and len(words) == 2:
        rows = answer.values()
        return words[1].rpartition(".")[2], [row[0] for row in rows if row] if answer.whole else ()
    select = answer.select
    if select is not None and select.items == ("*",) and not select.group:
        return select.table, answer.result.columns or ()
    return "", ()


def _compared(submission: Submission, answer: Answer, table: Table, columns: Sequence[str]) -> Iterator[Finding]:
    ours, theirs = [_plain(name) for name in table.columns], [_plain(name) for name in columns]
    if sorted(ours) != sorted(theirs) or len(set(ours)) != len(ours):
        return
    where = table.evidence
    line, file = where.line, "" if where.file == str(submission.report) else where.file
    values = (list(columns), list(table.columns))
    evidence = (Evidence(str(submission.report), answer.line, answer.statement[:120]),)
    if ours == theirs:
        message = f"The query shows the columns of {table.name} in the order of the statement that creates it."
        yield Finding(CHECK, Verdict.AGREES, line, message, *values, evidence=evidence, file=file)
        return
    at = next(at for at, name in enumerate(ours) if name != theirs[at])
    message = (
        f"{table.name} is created with {table.columns[at]} as column {at + 1}, but a query shows {columns[at]} there: "
        "it asked another table than this statement makes."
    )
    yield Finding(CHECK, Verdict.DISAGREES, line, message, *values, evidence=evidence, file=file)


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
