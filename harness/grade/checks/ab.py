"""ApacheBench's reports: whether their numbers agree with each other and with the commands that printed them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from harness.grade.checks.ab_reports import Shown, shown
from harness.grade.checks.context import cut_once, prose_near
from harness.grade.checks.saying import agrees, differs, doubts, other
from harness.grade.model import Finding, Submission, Verdict
from harness.outputs import ab

_TIME: Final = 0.00051
"""Half of the last digit of `Time taken for tests`, in seconds, and a little for binary fractions."""

_HALF: Final = {2: 0.0051, 3: 0.00051}
"""Half of the last of so many decimals."""

_PERCENTILES: Final = (50, 66, 75, 80, 90, 95, 98, 99, 100)
_FAILURE_WORDS: Final = ("404", "405", "500", "error", "fail", "non-2xx", "not found", "wrong")


def check(submission: Submission) -> Iterable[Finding]:
    """Check every report of `ab` in the outputs: lengths, rates, times, percentiles and statuses."""
    reports = list(shown(submission))
    sound: dict[str | None, Shown] = {}
    for one in reports:
        if one.report.arithmetic_holds:
            sound.setdefault(one.report.document_path, one)
    cuts: dict[int, Callable[[], bool]] = {}
    for one in reports:
        cut = cuts.setdefault(one.place, cut_once(submission, one.place))
        yield from _lengths(submission, one, sound)
        yield from _times(submission, one)
        yield from _percentiles(submission, one, cut)
        yield from _failures(submission, one)
    yield from _lengths_of_one_path(submission, reports)


def _lengths(submission: Submission, one: Shown, sound: Mapping[str | None, Shown]) -> Iterator[Finding]:
    report = one.report
    length, html, total = report.document_length, report.html_transferred, report.total_transferred
    if total is not None and html is not None and total < html:
        message = f"{total} bytes in total cannot be less than the {html} bytes of HTML in them."
        evidence = [one.evidence(submission, "HTML transferred", html)]
        yield differs("ab-total", one.block, one.line("Total transferred"), message, (html, total), evidence)
    if report.non_2xx or length is None or html is None or report.arithmetic_holds is None or report.complete == 0:
        return
    if report.arithmetic_holds:
        message = f"{length} bytes a request and {report.complete} requests are the {html} bytes of HTML transferred."
        yield agrees("ab-length", one.block, one.line("Document Length"), message, length)
        return
    more = html - length * report.complete
    if 0 < more <= length * (report.concurrency or 1) and (report.concurrency or 1) > 1:
        message = f"The {more} bytes of HTML above {length} × {report.complete} are of requests that were under way."
        line = one.line("HTML transferred")
        yield other(Verdict.TOLERATED, "ab-length", one.block, line, message, (length * report.complete, html))
        return
    whole, rest = divmod(html, report.complete)
    message = (
        f"Document Length {length} × {report.complete} requests = {length * report.complete} bytes, "
        f"but HTML transferred is {html}."
    )
    evidence = [one.evidence(submission, "HTML transferred", html)]
    alike = sound.get(report.document_path)
    if alike is not None:
        evidence.append(alike.evidence(submission, "Document Length", alike.report.document_length))
        message += f" Another report of this path says {alike.report.document_length} bytes."
    if rest == 0 and (alike is None or alike.report.document_length != length):
        yield differs("ab-length", one.block, one.line("Document Length"), message, (whole, length), evidence)
    else:
        values = (length * report.complete, html)
        yield differs("ab-length", one.block, one.line("HTML transferred"), message, values, evidence)


def _lengths_of_one_path(submission: Submission, reports: Sequence[Shown]) -> Iterator[Finding]:
    first: dict[str, Shown] = {}
    told: set[str] = set()
    for one in reports:
        path, length = one.report.document_path, one.report.document_length
        if path is None or length is None or not one.report.arithmetic_holds or one.report.non_2xx:
            continue
        before = first.setdefault(path, one)
        if before.report.document_length != length and path not in told:
            told.add(path)
            message = f"{path} returned {before.report.document_length} bytes before and {length} bytes here."
            evidence = [before.evidence(submission, "Document Length", before.report.document_length)]
            values = (before.report.document_length, length)
            yield doubts("ab-lengths", one.block, one.line("Document Length"), message, values, evidence)


def _times(submission: Submission, one: Shown) -> Iterator[Finding]:
    report = one.report
    seconds, complete = report.seconds, report.complete
    if seconds is None or complete == 0:
        return
    if report.rate is not None:
        low, high = complete / (seconds + _TIME), complete / max(seconds - _TIME, 1e-9)
        holds = low - _HALF[2] <= report.rate <= high + _HALF[2]
        rate_line, expected = one.line("Requests per second"), round(complete / max(seconds, 1e-9), 2)
        if holds:
            message = f"{complete} requests in {seconds:.3f} s are {report.rate} a second."
            yield agrees("ab-rate", one.block, rate_line, message, report.rate)
        else:
            message = f"{complete} requests in {seconds:.3f} s are {expected} a second, not {report.rate}."
            evidence = [one.evidence(submission, "Time taken for tests", f"{seconds:.3f} seconds")]
            if not _transfer_holds(report):
                evidence.append(one.evidence(submission, "Transfer rate", report.transfer_rate))
            yield differs("ab-rate", one.block, rate_line, message, (expected, report.rate), evidence)
        if holds and not _transfer_holds(report) and report.total_transferred is not None:
            line, expected = one.line("Transfer rate"), round(report.total_transferred / 1024 / max(seconds, 1e-9), 2)
            message = f"{report.total_transferred} bytes in {seconds:.3f} s are {expected} KiB a second."
            yield differs("ab-transfer-rate", one.block, line, message, (expected, report.transfer_rate))
    yield from _per_request(submission, one, seconds)
    message = "Times and rates differ from run to run."
    yield other(Verdict.VOLATILE, "ab-volatile", one.block, one.line("Time taken for tests"), message, (None, seconds))


def _per_request(submission: Submission, one: Shown, seconds: float) -> Iterator[Finding]:
    report = one.report
    mean = 1000 * seconds / report.complete
    per_request = None if report.concurrency is None else report.per_request
    names = (
        ("Time per request", per_request, report.concurrency or 1),
        ("Time per request across", report.across, 1),
    )
    for name, printed, concurrency in names:
        if printed is None:
            continue
        slack = concurrency * 1000 * _TIME / report.complete + _HALF[3]
        expected = round(concurrency * mean, 3)
        if abs(printed - concurrency * mean) > slack:
            message = (
                f"{report.complete} requests in {seconds:.3f} s at concurrency {concurrency} "
                f"take {expected} ms each, not {printed}."
            )
            evidence = [one.evidence(submission, "Time taken for tests", f"{seconds:.3f} seconds")]
            yield differs("ab-time", one.block, one.line(name), message, (expected, printed), evidence)
            return
    if per_request is not None:
        message = f"{report.per_request} ms a request and {report.complete} requests are the {seconds:.3f} s taken."
        yield agrees("ab-time", one.block, one.line("Time per request"), message, report.per_request)


def _transfer_holds(report: ab.Report) -> bool:
    rate, seconds, total = report.transfer_rate, report.seconds, report.total_transferred
    if rate is None or seconds is None or total is None:
        return True
    kib = total / 1024
    return kib / (seconds + _TIME) - _HALF[2] <= rate <= kib / max(seconds - _TIME, 1e-9) + _HALF[2]


def _percentiles(submission: Submission, one: Shown, cut: Callable[[], bool]) -> Iterator[Finding]:
    table = one.report.percentiles
    if table is None or one.report.complete < 2:
        return
    check_name = "ab-percentiles"
    last = max(table, default=None)
    if last != 100:
        line = one.line("%" if last is None else f"{last}%")
        message = f"The percentile table is cut off after {last or 0} %: its line for 100 % is missing."
        if cut():
            yield other(Verdict.NOT_CHECKED, check_name, one.block, line, "The percentile table is not shown whole.")
        else:
            yield differs(check_name, one.block, line, message, (100, last))
        return
    known = [(percent, table[percent]) for percent in _PERCENTILES if percent in table]
    for (low, before), (high, after) in pairwise(known):
        if after < before:
            message = f"{high} % of the requests took up to {after} ms, less than {low} % with {before} ms."
            yield differs(check_name, one.block, one.line(f"{high}%"), message, (before, after))
            return
    longest = one.report.longest
    if longest is not None and abs(longest - table[100]) > 1:
        message = f"The longest request took {table[100]} ms here and {longest} ms in the connection times above."
        evidence = [one.evidence(submission, "Total", longest)]
        yield differs(check_name, one.block, one.line("100%"), message, (longest, table[100]), evidence)
        return
    yield agrees(check_name, one.block, one.line("100%"), "The percentile table is complete and rises.", 100)


def _failures(submission: Submission, one: Shown) -> Iterator[Finding]:
    report = one.report
    if report.non_2xx:
        line = one.line("Non-2xx responses")
        message = f"{report.non_2xx} of {report.complete} requests were not answered with a status of 2xx."
        near = prose_near(submission, one.place)
        say = doubts if any(word in near for word in _FAILURE_WORDS) else differs
        yield say("ab-status", one.block, line, message, (0, report.non_2xx))
    elif report.only_lengths_failed:
        message = f"{report.failed} requests brought a body of another length, which is no failure of the API."
        line = one.line("Failed requests")
        yield other(Verdict.TOLERATED, "ab-failed", one.block, line, message, (0, report.failed))
    elif report.failed:
        message = f"{report.failed} of {report.complete} requests failed."
        yield doubts("ab-failed", one.block, one.line("Failed requests"), message, (0, report.failed))
