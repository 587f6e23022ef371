"""Mistakes in ab's reports and in the loads."""

from __future__ import annotations

import random
import re

from document import Part, Role, Submission
from mutation import Mutated, Site, change, mutation, other, replace_in_part, sites, value


def _number(rng: random.Random, submission: Submission, pattern: str) -> tuple[Site, int] | None:
    # With several requests under way, ab may have read more than the complete ones brought.
    one = {site.part for site in sites(submission, r"Concurrency Level:\s+1\s*$")}
    found = [site for site in sites(submission, pattern) if site.part in one]
    site = rng.choice(found) if found else None
    return (site, int(site.match[1])) if site else None


@mutation("ab_length")
def ab_length(rng: random.Random, submission: Submission) -> Mutated | None:
    found = _number(rng, submission, r"Document Length:\s+(\d+) bytes")
    if not found:
        return None
    site, old = found
    return Mutated(change(submission, site, str(other(rng, old, 1, 25))), parts={site.part})


@mutation("ab_html")
def ab_html(rng: random.Random, submission: Submission) -> Mutated | None:
    found = _number(rng, submission, r"HTML transferred:\s+(\d+) bytes")
    if not found:
        return None
    site, old = found
    return Mutated(change(submission, site, str(other(rng, old, 1, 90))), parts={site.part})


@mutation("ab_rate")
def ab_rate(rng: random.Random, submission: Submission) -> Mutated | None:
    found = sites(submission, r"Requests per second:\s+([\d.]+)")
    found = [site for site in found if _seconds(submission.parts[site.part]) >= 0.01]
    if not found:
        return None
    site = rng.choice(found)
    rate = float(site.match[1]) * rng.choice([0.5, 0.7, 1.3, 1.5, 2.0])
    return Mutated(change(submission, site, f"{rate:.2f}"), parts={site.part})


@mutation("ab_per_request")
def ab_per_request(rng: random.Random, submission: Submission) -> Mutated | None:
    found = sites(submission, r"Time per request:\s+([\d.]+) \[ms\] \(mean\)")
    found = [site for site in found if _seconds(submission.parts[site.part]) >= 0.01]
    if not found:
        return None
    site = rng.choice(found)
    took = float(site.match[1]) * rng.choice([0.6, 1.4, 1.8])
    changed = replace_in_part(submission, site.part, r"(Time per request:\s+)[\d.]+", rf"\g<1>{took:.3f}")
    return Mutated(changed, parts={site.part})


@mutation("ab_percentiles_cut")
def ab_percentiles_cut(rng: random.Random, submission: Submission) -> Mutated | None:
    found = sites(submission, r"^\s*100%\s+\d+")
    if not found:
        return None
    site = rng.choice(found)
    part = submission.parts[site.part]
    gone = rng.randint(1, 6)
    lines = [line for i, line in enumerate(part.lines) if not site.line - gone < i <= site.line]
    return Mutated(submission.with_part(site.part, part.with_lines(lines)), parts={site.part})


@mutation("ab_complete")
def ab_complete(rng: random.Random, submission: Submission) -> Mutated | None:
    """Paste the report of a run with another -n, which agrees with itself."""
    found = [s for s in sites(submission, r"Complete requests:\s+(\d+)") if _command(submission, s.part) is not None]
    if not found:
        return None
    site = rng.choice(found)
    part = submission.parts[site.part]
    complete = other(rng, int(site.match[1]))
    length, seconds = value(part, r"Document Length:\s+(\d+)"), _seconds(part)
    total = value(part, r"Total transferred:\s+(\d+)")
    if not (length and total and seconds):
        return None
    each = int(total[1]) // int(site.match[1])
    new = {
        r"(Complete requests:\s+)\d+": complete,
        r"(HTML transferred:\s+)\d+": complete * int(length[1]),
        r"(Total transferred:\s+)\d+": complete * each,
        r"(Requests per second:\s+)[\d.]+": f"{complete / seconds:.2f}",
        r"(Time per request:\s+)[\d.]+": f"{1000 * seconds / complete:.3f}",
        r"(Transfer rate:\s+)[\d.]+": f"{complete * each / 1024 / seconds:.2f}",
    }
    changed = submission
    for pattern, text in new.items():
        changed = replace_in_part(changed, site.part, pattern, rf"\g<1>{text}")
    command = _command(submission, site.part)
    return Mutated(changed, parts={site.part} | ({command} if command is not None else set()))


@mutation("ab_path")
def ab_path(rng: random.Random, submission: Submission) -> Mutated | None:
    found = [s for s in sites(submission, r"Document Path:\s+(\S+)") if _command(submission, s.part) is not None]
    if not found:
        return None
    site = rng.choice(found)
    paths = {s.match[1] for s in sites(submission, r"Document Path:\s+(\S+)")} - {site.match[1]}
    path = rng.choice(sorted(paths)) if paths else ("/" if site.match[1] != "/" else "/home")
    command = _command(submission, site.part)
    return Mutated(change(submission, site, path), parts={site.part} | ({command} if command is not None else set()))


@mutation("ab_body")
def ab_body(rng: random.Random, submission: Submission) -> Mutated | None:
    """Paste the report of a server whose answer had another length."""
    found = _number(rng, submission, r"Document Length:\s+(\d+) bytes")
    if not found:
        return None
    site, old = found
    part = submission.parts[site.part]
    complete, total = value(part, r"Complete requests:\s+(\d+)"), value(part, r"Total transferred:\s+(\d+)")
    html, seconds = value(part, r"HTML transferred:\s+(\d+)"), _seconds(part)
    if not (complete and total and html and seconds) or int(html[1]) != old * int(complete[1]):
        return None
    n, length = int(complete[1]), other(rng, old, 1, 12)
    received = int(total[1]) + n * (length - old)
    changed = replace_in_part(submission, site.part, r"(Document Length:\s+)\d+", rf"\g<1>{length}")
    changed = replace_in_part(changed, site.part, r"(HTML transferred:\s+)\d+", rf"\g<1>{n * length}")
    changed = replace_in_part(changed, site.part, r"(Total transferred:\s+)\d+", rf"\g<1>{received}")
    rate = f"{received / 1024 / seconds:.2f}"
    return Mutated(
        replace_in_part(changed, site.part, r"(Transfer rate:\s+)[\d.]+", rf"\g<1>{rate}"), parts={site.part}
    )


_URL = r'\bab\b.*http://localhost:5000(/[^\s"?<]+)'


@mutation("route_missing")
def route_missing(rng: random.Random, submission: Submission) -> Mutated | None:
    """Call a route that the API lacks. The request that follows shows that path as well."""
    found = _ab_sites(submission, r"http://localhost:5000(/[a-z][^\s\"?]+)")
    if not found:
        return None
    site = rng.choice(found)
    path = site.match[1]
    words = path.strip("/").split("/")
    words[0] = rng.choice([words[0] + "s", words[0][:-1], words[0].replace("_a_", "_the_") + "_now", "get_" + words[0]])
    return _new_line(submission, site, "/" + "/".join(words), path)


@mutation("route_verb")
def route_verb(rng: random.Random, submission: Submission) -> Mutated | None:
    """Send with a verb that the route does not take."""
    found = [
        s
        for s in _ab_sites(submission, r"(-n \d+) .*http://localhost")
        if "-m" not in submission.parts[s.part].lines[s.line]
    ]
    if not found:
        return None
    site = rng.choice(found)
    verb = rng.choice(["-m POST", "-m DELETE", "-m PUT"])
    return _new_line(submission, site, f"{site.match[1]} {verb}", "")


def _ab_sites(submission: Submission, pattern: str) -> list[Site]:
    roles = (Role.COMMAND, Role.LISTING)
    inside = {
        number for number, part in enumerate(submission.parts) if any(re.search(r"\bab\b", line) for line in part.lines)
    }
    loads = [
        site
        for site in sites(submission, pattern, *roles)
        if site.part in inside and submission.parts[site.part].form != "python"
    ]
    return [site for site in loads if not submission.parts[site.part].lines[site.line].lstrip().startswith("#")]


def _new_line(submission: Submission, site: Site, new: str, path: str) -> Mutated:
    part = submission.parts[site.part]
    old_line = part.lines[site.line]
    changed = change(submission, site, new)
    files = set()
    if part.file in submission.files:  # the script is handed in as well
        line = changed.parts[site.part].lines[site.line]
        changed = changed.with_file(part.file, submission.files[part.file].replace(old_line, line, 1))
        files = {part.file}
    parts = {site.part}
    follower = site.part + 1
    if path and follower < len(submission.parts) and value(submission.parts[follower], r"Document Path:"):
        changed = replace_in_part(changed, follower, rf"(Document Path:\s+){re.escape(path)}", rf"\g<1>{new}")
        parts.add(follower)
    return Mutated(changed, parts=parts, files=files)


def _command(submission: Submission, number: int) -> int | None:
    """Give the part with the one `ab` whose report a part is."""
    for before in range(number - 1, max(-1, number - 4), -1):
        part: Part = submission.parts[before]
        text = "\n".join(part.lines)
        if part.role in (Role.COMMAND, Role.RAW) and re.search(r"\bab\b", text) and text.count("http://") == 1:
            return before if "Document Path" not in text else None
    return None


def _seconds(part: Part) -> float:
    found = value(part, r"Time taken for tests:\s+([\d.]+)")
    return float(found[1]) if found else 0.0
