"""Mistakes in what Presto printed: counts, groups, the rows that it states, the ids of its queries."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import datetime, timedelta

from document import Part, Role, Submission
from mutation import Mutated, aligned, change, is_cut, mutation, other, sites


@mutation("presto_rows")
def presto_rows(rng: random.Random, submission: Submission) -> Mutated | None:
    found = [s for s in sites(submission, r"^\s*\((\d+) rows?\)") if not is_cut(submission.parts[s.part])]
    if not found:
        return None
    site = rng.choice(found)
    return Mutated(change(submission, site, str(other(rng, int(site.match[1]), 1, 2))), parts={site.part})


def _counts(submission: Submission) -> list[tuple[int, int, int]]:
    """Give the results of count(*): the part, the line, the number."""
    found = []
    for number, part in enumerate(submission.parts):
        if part.role not in (Role.OUTPUT, Role.RAW):
            continue
        table = aligned(part)
        if table and len(table[0]) == 1 and len(table[1]) == 1 and part.lines[table[1][0]].strip().isdigit():
            found.append((number, table[1][0], int(part.lines[table[1][0]])))
    return found


def _groups(submission: Submission) -> list[tuple[int, list[int]]]:
    """Give the results of counts by group: the part and the lines of its rows."""
    found = []
    for number, part in enumerate(submission.parts):
        table = aligned(part) if part.role in (Role.OUTPUT, Role.RAW) else None
        if table and len(table[0]) == 2 and all(re.search(r"\|\s+\d+ *$", part.lines[row]) for row in table[1]):
            found.append((number, table[1]))
    return found


def _near(submission: Submission, number: int) -> set[int]:
    """Give the parts between which a disagreement may be told: those of the same section."""
    first = max((i for i in range(number) if submission.parts[i].role is Role.HEADING), default=max(0, number - 6))
    after = [i for i in range(number, len(submission.parts)) if submission.parts[i].role is Role.HEADING]
    last = after[0] if after else min(len(submission.parts), number + 12)
    return set(range(first, last))


@mutation("count_value")
def count_value(rng: random.Random, submission: Submission) -> Mutated | None:
    """Show a count that no number of loads can give, or another than the whole load made."""
    found = [count for count in _counts(submission) if count[2] > 1]
    if not found or submission.facts.get("running"):
        return None
    number, line, count = rng.choice(found)
    part = submission.parts[number]
    new = count + rng.choice([1, 1, 3, 7]) if count < 12 or rng.random() < 0.5 else count - rng.choice([1, 3])
    text = str(new).rjust(len(part.lines[line].rstrip())) + " "
    return Mutated(submission.with_part(number, part.with_line(line, text)), parts=_near(submission, number))


@mutation("group_sum")
def group_sum(rng: random.Random, submission: Submission) -> Mutated | None:
    found = [group for group in _groups(submission) if group[1] and _near_count(submission, group[0])]
    if not found or submission.facts.get("running"):
        return None
    number, rows = rng.choice(found)
    row = rng.choice(rows)
    site = next(site for site in sites(submission, r"\| +(\d+) *$") if site.place == (number, row))
    new = str(other(rng, int(site.match[1]), 1, 4)).rjust(len(site.match[1]))
    return Mutated(change(submission, site, new), parts=_near(submission, number))


def _near_count(submission: Submission, number: int) -> tuple[int, int, int] | None:
    near = _near(submission, number)
    return next((count for count in _counts(submission) if count[0] in near), None)


@mutation("two_moments")
def two_moments(rng: random.Random, submission: Submission) -> Mutated | None:
    """Ask for the groups when more has come than was counted, and tell both as one."""
    found = [(group, count) for group in _groups(submission) if (count := _near_count(submission, group[0]))]
    found = [(group, count) for group, count in found if group[1]]
    if not found:
        return None
    (number, rows), (_, _, count) = rng.choice(found)
    part = submission.parts[number]
    factor = rng.choice([1.5, 2, 3])
    lines = list(part.lines)
    total = 0
    for row in rows:
        found_number = re.search(r"(\d+)( *)$", lines[row])
        if found_number:
            new = max(int(found_number[1]) + 1, int(int(found_number[1]) * factor))
            total += new
            lines[row] = lines[row][: found_number.start()].rstrip()
            lines[row] += str(new).rjust(len(part.lines[row]) - len(lines[row]) - 1) + " "
    told = f"So these {count} events are split over {len(rows)} {'player' if len(rows) == 1 else 'players'} as shown."
    changed = submission.with_part(number, part.with_lines(lines))
    prose = Part(Role.PROSE, [told] if part.role is not Role.RAW else ["", told, ""])
    parts = [*changed.parts[: number + 1], prose, *changed.parts[number + 1 :]]
    near = {*_near(submission, number), max(_near(submission, number)) + 1}
    role = Role.RAW if part.role is Role.RAW else Role.PROSE
    parts[number + 1] = Part(role, prose.lines)
    return Mutated(replace(changed, parts=parts), parts=near)


@mutation("query_day")
def query_day(rng: random.Random, submission: Submission) -> Mutated | None:
    found = sites(submission, r"^\s*Query (\d{8})_\d{6}_\d{5}_(\w{5}),")
    if len(found) < 2:
        return None
    site = rng.choice(found)
    when = datetime.strptime(site.match[1], "%Y%m%d") - timedelta(days=rng.randint(20, 400))
    return Mutated(change(submission, site, f"{when:%Y%m%d}"), parts={site.part})


@mutation("query_session")
def query_session(rng: random.Random, submission: Submission) -> Mutated | None:
    """Paste a result of another Presto: its ids end otherwise. Which of them is the odd one, no reader can tell."""
    found = sites(submission, r"^\s*Query (\d{8})_\d{6}_\d{5}_(\w{5}),")
    if len(found) < 3:
        return None
    site = rng.choice(found)
    return Mutated(
        change(submission, site, "".join(rng.choices("abcdefgh234567", k=5)), 2), parts={each.part for each in found}
    )
