"""Mistakes in what the other programs printed: logs, events, listings, tables, query ids."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import datetime, timedelta

from document import Part, Role, Submission
from mutation import Mutated, Site, change, mutation, other, replace_in_part, sites

_LOG = r'\[(\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d)\] "\w+ \S+ HTTP/1\.\d" (\d{3})'


def _logs(submission: Submission) -> list[Site]:
    """Give the lines of logs that are whole."""
    return [site for site in sites(submission, _LOG) if not _cut(submission.parts[site.part])]


def _cut(part: Part) -> bool:
    return any(line.strip() in ("...", "…") for line in part.lines)


@mutation("log_status")
def log_status(rng: random.Random, submission: Submission) -> Mutated | None:
    found = sites(submission, _LOG)
    if not found:
        return None
    site = rng.choice(found)
    return Mutated(change(submission, site, rng.choice(["404", "500", "405"]), 2), parts={site.part})


@mutation("log_line_missing")
def log_line_missing(rng: random.Random, submission: Submission) -> Mutated | None:
    """Lose a line of a whole log; the sentence about it stays."""
    found = _logs(submission)
    counts = {number: sum(site.part == number for site in found) for number in {site.part for site in found}}
    found = [site for site in found if counts[site.part] > 3]
    if not found:
        return None
    site = rng.choice(found)
    part = submission.parts[site.part]
    lines = [line for index, line in enumerate(part.lines) if index != site.line]
    return Mutated(submission.with_part(site.part, part.with_lines(lines)), parts={site.part, site.part - 1})


@mutation("log_backwards")
def log_backwards(rng: random.Random, submission: Submission) -> Mutated | None:
    found = _logs(submission)
    inner = [s for s in found if any(o.part == s.part and o.line < s.line for o in found)]
    if not inner:
        return None
    site = rng.choice(inner)
    when = datetime.strptime(site.match[1], "%d/%b/%Y %H:%M:%S") - timedelta(hours=rng.randint(1, 30))
    return Mutated(change(submission, site, f"{when:%d/%b/%Y %H:%M:%S}"), parts={site.part})


def records(submission: Submission, pattern: str) -> list[Site]:
    """Find a pattern in the first line of each message that the topic's reader printed."""
    found = sites(submission, pattern)
    tables = {number for number, part in enumerate(submission.parts) if _table(part)}
    return [
        site
        for site in found
        if site.part not in tables and submission.parts[site.part].lines[site.line].lstrip().startswith("{")
    ]


@mutation("event_brace")
def event_brace(rng: random.Random, submission: Submission) -> Mutated | None:
    found = records(submission, r'^\s*(\{)".*"(?:Host|event_type)"')
    if not found:
        return None
    site = rng.choice(found)
    return Mutated(change(submission, site, ""), lines={site.place}, parts={site.part})


@mutation("event_host")
def event_host(rng: random.Random, submission: Submission) -> Mutated | None:
    """Show an event of a player to whom no request belongs."""
    found = records(submission, r'"Host": "([^"]+)"')
    if not found:
        return None
    site = rng.choice(found)
    return Mutated(change(submission, site, rng.choice(["user9.nowhere.org", "guest.lan"])), parts={site.part})


@mutation("found_items")
def found_items(rng: random.Random, submission: Submission) -> Mutated | None:
    found = sites(submission, r"^\s*Found (\d+) items")
    found = [site for site in found if not _cut(submission.parts[site.part])]
    if not found:
        return None
    site = rng.choice(found)
    return Mutated(change(submission, site, str(other(rng, int(site.match[1]), 1, 2))), parts={site.part})


@mutation("presto_rows")
def presto_rows(rng: random.Random, submission: Submission) -> Mutated | None:
    found = [s for s in sites(submission, r"^\s*\((\d+) rows?\)") if not _cut(submission.parts[s.part])]
    if not found:
        return None
    site = rng.choice(found)
    return Mutated(change(submission, site, str(other(rng, int(site.match[1]), 1, 2))), parts={site.part})


def _table(part: Part) -> tuple[list[str], list[int]] | None:
    """Give the columns of an aligned table, and the lines of its rows."""
    for index, line in enumerate(part.lines[1:], 1):
        if re.fullmatch(r"\s*-+(\+-+)*\s*", line) and "(" not in part.lines[index - 1]:
            rows = []
            for number in range(index + 1, len(part.lines)):
                if re.match(r"\s*\(\d+ rows?\)", part.lines[number]):
                    return [name.strip() for name in part.lines[index - 1].split("|")], rows
                rows.append(number)
    return None


def _counts(submission: Submission) -> list[tuple[int, int, int]]:
    """Give the results of count(*): the part, the line, the number."""
    found = []
    for number, part in enumerate(submission.parts):
        if part.role not in (Role.OUTPUT, Role.RAW):
            continue
        table = _table(part)
        if table and len(table[0]) == 1 and len(table[1]) == 1 and part.lines[table[1][0]].strip().isdigit():
            found.append((number, table[1][0], int(part.lines[table[1][0]])))
    return found


def _groups(submission: Submission) -> list[tuple[int, list[int]]]:
    """Give the results of counts by group: the part and the lines of its rows."""
    found = []
    for number, part in enumerate(submission.parts):
        table = _table(part) if part.role in (Role.OUTPUT, Role.RAW) else None
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


@mutation("stream_rows")
def stream_rows(rng: random.Random, submission: Submission) -> Mutated | None:
    """Lose a row of a table of the stream; the sentence before it stays."""
    tables = [n for n in submission.tagged("stream_rows") if len(submission.parts[n].lines) > 5]
    if not tables:
        return None
    number = rng.choice(tables)
    part = submission.parts[number]
    rows = [i for i, line in enumerate(part.lines) if "raw_event" not in line and line.startswith("|")]
    gone = set(rng.sample(rows, min(len(rows) - 1, rng.randint(1, 2))))
    if not gone:
        return None
    lines = [line for i, line in enumerate(part.lines) if i not in gone]
    return Mutated(submission.with_part(number, part.with_lines(lines)), parts=set(range(number - 4, number + 1)))


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


@mutation("other_session")
def other_session(rng: random.Random, submission: Submission) -> Mutated | None:
    """Paste the batch's table of another day."""
    found = sites(submission, r"\|(20\d\d-\d\d-\d\d) \d\d:\d\d:\.\.\.\|")
    if not found:
        return None
    number = rng.choice(sorted({site.part for site in found}))
    day = next(site.match[1] for site in found if site.part == number)
    when = datetime.strptime(day, "%Y-%m-%d") + timedelta(days=rng.choice([-3, 1, 2, 30]))
    return Mutated(replace_in_part(submission, number, re.escape(day), f"{when:%Y-%m-%d}"), parts={number})
