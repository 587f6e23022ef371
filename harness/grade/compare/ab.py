"""ApacheBench's reports: path, requests, failures and the document's length must come again; its times cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.grade.checks.context import line_of, text
from harness.grade.compare.model import Group, Shown, View
from harness.grade.compare.said import same, unchecked, unlike, volatile
from harness.grade.compare.totals import Sent
from harness.grade.model import Finding, Weight
from harness.outputs import ab
from harness.render.text import plural

CHECK: Final = "rerun-ab"


def compare(group: Group) -> Iterator[Finding]:
    """Compare each report of the group with the rerun's: in their order where they are as many, else by the path."""
    shown = [(one, report) for one in group.shown for report in ab.reports(text(one.block))]
    again = [(view, report) for view in group.ends() for report in ab.reports(view.capture.stdout)]
    for at, (one, report) in enumerate(shown):
        found = _counterpart(at, report, again, len(shown))
        if found is None:
            line = line_of(one.block, report.at.get("Document Path", -1))
            message = f"The rerun printed no report of {report.document_path} that belongs to this one."
            yield unchecked(CHECK, one.block, line, message)
        else:
            yield from _compared(group, one, report, *found)


def _counterpart(
    at: int, report: ab.Report, again: Sequence[tuple[View, ab.Report]], shown: int
) -> tuple[View, ab.Report] | None:
    alike = [found for found in again if found[1].document_path == report.document_path]
    if len(again) == shown:
        return again[at] if len(alike) != 1 else alike[0]
    same_count = [found for found in alike if found[1].complete == report.complete]
    return next(iter(same_count or alike), None)


def _compared(group: Group, one: Shown, report: ab.Report, view: View, other: ab.Report) -> Iterator[Finding]:
    certain = group.totals.before(one.place) is not Sent.ENDLESS
    line = line_of(one.block, report.at.get("Complete requests", -1))
    found = list(_differences(one, report, view, other, certain))
    yield from found
    if not found:
        what = f"{plural(report.complete, 'request')} of {report.document_path}"
        message = f"{what} with {report.document_length} bytes each, in the rerun too."
        yield same(CHECK, one.block, line, message, report.complete)
    if report.seconds is not None:
        at = line_of(one.block, report.at.get("Time taken for tests", -1))
        yield volatile(CHECK, one.block, at, "Times, rates and the server's version differ from run to run.")


def _differences(one: Shown, report: ab.Report, view: View, other: ab.Report, certain: bool) -> Iterator[Finding]:
    def at(name: str) -> int:
        return line_of(one.block, report.at.get(name, -1))

    def unequal(name: str, values: tuple[int | str | None, int | str | None], message: str, sure: bool) -> Finding:
        weight = Weight.ERROR if sure else Weight.WARNING
        return unlike(CHECK, one.block, at(name), message, values, view.ran, f"{name}: {values[0]}", weight)

    paths = other.document_path, report.document_path
    if None not in paths and paths[0] != paths[1]:
        message = f"The report's load went to {paths[1]}, the same command went to {paths[0]} in the rerun."
        yield unequal("Document Path", paths, message, True)
        return
    if other.complete != report.complete:
        message = f"The report shows {report.complete} complete requests, the rerun of the command {other.complete}."
        yield unequal("Complete requests", (other.complete, report.complete), message, True)
    refused, before = other.non_2xx, report.non_2xx
    if refused != before and not refused:
        message = f"{before} requests of the report were refused, none in the rerun."
        yield unequal("Complete requests", (refused, before), message, False)
    lengths = other.document_length, report.document_length
    if None not in lengths and lengths[0] != lengths[1] and not refused and not before:
        message = f"The report's document has {lengths[1]} bytes, in the rerun the same path answers with {lengths[0]}."
        yield unequal("Document Length", lengths, message, certain and not other.failed and not report.failed)
    if other.failed != report.failed and not (refused or before):
        message = f"{report.failed} requests failed in the report, {other.failed} in the rerun."
        sure = other.failed > report.failed and not other.only_lengths_failed
        yield unequal("Failed requests", (other.failed, report.failed), message, sure)
