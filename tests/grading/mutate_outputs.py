"""Mistakes in what the other programs printed: logs, events, listings, tables, query ids."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta

from document import Submission
from mutation import Mutated, Site, aligned, change, is_cut, mutation, other, replace_in_part, sites

_LOG = r'\[(\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d)\] "\w+ \S+ HTTP/1\.\d" (\d{3})'


def _logs(submission: Submission) -> list[Site]:
    """Give the lines of logs that are whole."""
    return [site for site in sites(submission, _LOG) if not is_cut(submission.parts[site.part])]


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
    tables = {number for number, part in enumerate(submission.parts) if aligned(part)}
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
    found = [site for site in found if not is_cut(submission.parts[site.part])]
    if not found:
        return None
    site = rng.choice(found)
    return Mutated(change(submission, site, str(other(rng, int(site.match[1]), 1, 2))), parts={site.part})


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
