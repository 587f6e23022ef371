"""The web server's log: its lines against the requests that the commands sent, its statuses, its order in time."""

from __future__ import annotations

from calendar import month_abbr
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from harness.grade.checks.context import is_sample, outputs, prose_near
from harness.grade.checks.refused import Refusals, names_status
from harness.grade.checks.saying import agrees, differs, doubts, other, quote
from harness.grade.model import Evidence, Finding, Submission, Verdict
from harness.grade.traffic import Load, loads
from harness.grade.windows import Windows
from harness.outputs.access_log import HEALTH_PATH, Request, request
from harness.readme.blocks import Block

_BROWSERS_OWN: Final = frozenset({HEALTH_PATH, "/favicon.ico", "/robots.txt"})
_FAILURE_WORDS: Final = (
    "error",
    "exception",
    "fail",
    "incorrect",
    "invalid",
    "mistake",
    "not found",
    "typo",
    "wrong",
)
_MONTHS: Final = dict(zip(month_abbr, range(13), strict=True))
_FEW: Final = 3
"""So few lines are an example of many."""

_BACKWARDS: Final = timedelta(seconds=2)
"""Requests answered side by side may be logged in another order, but not by more than this."""


def check(submission: Submission) -> Iterable[Finding]:
    """Check every log in the outputs."""
    windows: Windows | None = None
    for place, block in outputs(submission):
        if " HTTP/" not in block.text:
            continue
        logged = [(line, one) for line, text in block.printed() if (one := request(text.strip())) is not None]
        if not logged:
            continue
        windows = windows or Windows(loads(submission))
        sent = windows.before(place)
        yield from _statuses(submission, place, block, logged, sent)
        yield from _order(block, logged)
        yield from _counts(submission, place, block, logged, windows)


def _counts(
    submission: Submission, place: int, block: Block, logged: Sequence[tuple[int, Request]], windows: Windows
) -> Iterator[Finding]:
    shown = Counter(one.path for _, one in logged if one.path not in _BROWSERS_OWN)
    total = shown.total()
    name = "log-requests"
    if not total:
        return
    window = windows.ending(place, total)
    if window is not None and _by_path(window) == shown:
        message = f"{total} lines are the {total} requests that the commands before sent."
        evidence = [Evidence(str(submission.report), load.line, f"{load.tool} {load.target}") for load in window[:8]]
        yield Finding(
            name, Verdict.AGREES, block.first_line, message, total, total, block.fence, evidence=tuple(evidence)
        )
    elif not windows.certain(place) or total <= _FEW or is_sample(submission, place):
        message = "Nobody can say from the report how many requests this part of the log should have."
        yield other(Verdict.NOT_CHECKED, name, block, block.first_line, message, (None, total))
    else:
        sent = _by_path(windows.before(place))
        message = f"The log shows {_listed(shown)}, but the commands before sent {_listed(sent)}."
        values = (dict(sorted(sent.items())), dict(sorted(shown.items())))
        evidence = [Evidence(str(submission.report), one.line, "") for one in windows.before(place)[-1:]]
        yield doubts(name, block, block.first_line, message, values, evidence)


def _by_path(window: Sequence[Load]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for load in window:
        counted[load.path or ""] += load.count or 0
    return counted


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} × {quote(path)}" for path, count in sorted(counted.items())[:6])


def _statuses(
    submission: Submission,
    place: int,
    block: Block,
    logged: Sequence[tuple[int, Request]],
    sent: Sequence[Load],
) -> Iterator[Finding]:
    bad: dict[tuple[str, str, int], tuple[int, int]] = {}
    for line, one in logged:
        if one.status >= 300 and one.status != 304 and one.path not in _BROWSERS_OWN:
            first, count = bad.get((one.method, one.path, one.status), (line, 0))
            bad[one.method, one.path, one.status] = first, count + 1
    if not bad:
        good = sum(one.path not in _BROWSERS_OWN for _, one in logged)
        message = f"All {good} requests of the log were answered well."
        yield agrees("log-status", block, block.first_line, message, good)
        return
    called = {load.path for load in sent}
    near = prose_near(submission, place)
    known = any(word in near for word in _FAILURE_WORDS)
    refusals = Refusals(submission)
    for (method, path, status), (line, count) in bad.items():
        message = f"{method} {path} was answered with {status}, {count} times: these events are missing."
        if status < 400:
            message = f"{method} {path} was redirected with {status}; ab does not follow, and no event is made."
        if status >= 400 and ((known and names_status(near, status)) or refusals.shown(path, status, place)):
            message = f"{method} {path} was answered with {status}, as the report says."
            yield other(Verdict.TOLERATED, "log-status", block, line, message, (200, status))
            continue
        say = differs if path in called and status >= 400 and not known else doubts
        yield say("log-status", block, line, message, (200, status))


def _order(block: Block, logged: Sequence[tuple[int, Request]]) -> Iterator[Finding]:
    latest: datetime | None = None
    last = 0
    for line, one in logged:
        when = moment(one.when)
        if when is None:
            continue
        if latest is not None and when < latest - _BACKWARDS:
            message = f"The log goes back in time, from {latest} to {when}."
            say = differs if line == last + 1 else doubts
            yield say("log-order", block, line, message, (str(latest), str(when)))
            return
        latest, last = when if latest is None else max(latest, when), line
    if latest is not None and len(logged) > 1:
        yield agrees("log-order", block, block.first_line, "The log's times run forward.", len(logged))


def moment(when: str) -> datetime | None:
    """Read a log's time such as `17/Dec/2018 10:32:42`, by its places: `strptime` is slow."""
    try:
        day, month, year = int(when[:2]), _MONTHS[when[3:6]], int(when[7:11])
        return datetime(year, month, day, int(when[12:14]), int(when[15:17]), int(when[18:20]))
    except (KeyError, ValueError):
        return None
