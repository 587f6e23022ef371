"""ApacheBench's reports: `ab`, or a loop of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.model import Fact
from harness.outputs.text import Output, decimal, integer, label, lines

_FIELDS: Final = frozenset(
    {
        "Complete requests",
        "Concurrency Level",
        "Document Length",
        "Document Path",
        "Failed requests",
        "HTML transferred",
        "Non-2xx responses",
        "Requests per second",
        "Server Hostname",
        "Server Port",
        "Time per request",
        "Time taken for tests",
        "Total transferred",
        "Transfer rate",
    }
)
_ACROSS: Final = "Time per request across"
"""The name here of the second line `Time per request`: the mean across all concurrent requests."""

_PERCENTILES: Final = "Percentage of the requests"
_LENGTH_FAILURES: Final = "(Connect: 0, Receive: 0, Length: "


@dataclass(frozen=True, slots=True)
class Report:
    """One report. Lengths are bytes; a field that the report lacks is None, or 0 where `ab` leaves zeros out.

    Times are the printed digits: `seconds` has three decimals, times per request are milliseconds, the transfer rate
    is KiB a second. `longest` is the largest of the total connection times. `percentiles` maps 50 to 100 to
    milliseconds, and is None where the report has no such table. `at` gives the index of each field's line in the
    text, of the percentiles under their number with `%`, and of the table's title under `%`.
    """

    complete: int
    failed: int
    non_2xx: int
    document_path: str | None
    document_length: int | None
    html_transferred: int | None
    concurrency: int | None
    hostname: str | None = None
    port: int | None = None
    seconds: float | None = None
    total_transferred: int | None = None
    rate: float | None = None
    per_request: float | None = None
    across: float | None = None
    transfer_rate: float | None = None
    longest: int | None = None
    percentiles: Mapping[int, int] | None = None
    only_lengths_failed: bool = False
    at: Mapping[str, int] = field(default_factory=dict)

    @property
    def arithmetic_holds(self) -> bool | None:
        """Whether every request brought the whole document; None after a failure or with a field missing."""
        if self.failed or self.document_length is None or self.html_transferred is None:
            return None
        return self.document_length * self.complete == self.html_transferred


def reports(text: str) -> list[Report]:
    """Give the reports in `text` that got as far as the count of complete requests."""
    found = (_report(fields) for fields in _fields(text))
    return [report for report in found if report is not None]


def facts(output: Output) -> dict[str, Fact]:
    """Give the sums over all reports, and what the reports say of the document (a list where they differ)."""
    runs = reports(output.stdout)
    verdicts = [run.arithmetic_holds for run in runs if run.arithmetic_holds is not None]
    return {
        "kind": "ab",
        "runs": len(runs),
        "complete": sum(run.complete for run in runs),
        "failed": sum(run.failed for run in runs),
        "non_2xx": sum(run.non_2xx for run in runs),
        "document_path": _common([run.document_path for run in runs]),
        "document_length": _common([run.document_length for run in runs]),
        "html_transferred": _common([run.html_transferred for run in runs]),
        "concurrency": _common([run.concurrency for run in runs]),
        "arithmetic_holds": all(verdicts) if verdicts else None,
    }


@dataclass(slots=True)
class _Raw:
    """The fields of one report as they are printed, with the indexes of their lines."""

    fields: dict[str, str] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)
    percentiles: dict[int, int] | None = None
    longest: int | None = None
    only_lengths_failed: bool = False


def _fields(text: str) -> Iterator[_Raw]:
    """Give the fields of each report. A field that comes a second time belongs to the next report."""
    raw = _Raw()
    for at, line in enumerate(lines(text)):
        name, _, value = line.partition(":")
        if name == "Time per request" and name in raw.fields and _ACROSS not in raw.fields:
            name = _ACROSS
        if line.startswith("This is ApacheBench") or name in raw.fields:
            yield raw
            raw = _Raw()
        if name in _FIELDS or name == _ACROSS:
            raw.fields[name], raw.at[name] = value.strip(), at
        elif name == "Total":
            raw.longest, raw.at[name] = integer(value.split()[-1] if value.split() else ""), at
        elif line.startswith(_PERCENTILES):
            raw.percentiles, raw.at["%"] = {}, at
        elif raw.percentiles is not None:
            _add_percentile(raw, line, at)
        elif line.lstrip().startswith(_LENGTH_FAILURES):
            raw.only_lengths_failed = line.rstrip().endswith("Exceptions: 0)")
    yield raw


def _add_percentile(raw: _Raw, line: str, at: int) -> None:
    words = line.split(None, 2)
    if len(words) < 2 or not words[0].endswith("%"):
        return
    percent, milliseconds = integer(words[0][:-1]), integer(words[1])
    if raw.percentiles is not None and percent is not None and milliseconds is not None:
        raw.percentiles[percent], raw.at[words[0]] = milliseconds, at


def _report(raw: _Raw) -> Report | None:
    fields = raw.fields

    def first(name: str) -> str:
        return fields.get(name, "").partition(" ")[0]

    complete = integer(first("Complete requests"))
    if complete is None:
        return None
    return Report(
        complete=complete,
        failed=integer(first("Failed requests")) or 0,
        non_2xx=integer(first("Non-2xx responses")) or 0,
        document_path=label(fields["Document Path"]) if "Document Path" in fields else None,
        document_length=integer(first("Document Length")),
        html_transferred=integer(first("HTML transferred")),
        concurrency=integer(first("Concurrency Level")),
        hostname=label(fields["Server Hostname"]) if "Server Hostname" in fields else None,
        port=integer(first("Server Port")),
        seconds=decimal(first("Time taken for tests")),
        total_transferred=integer(first("Total transferred")),
        rate=decimal(first("Requests per second")),
        per_request=decimal(first("Time per request")),
        across=decimal(first(_ACROSS)),
        transfer_rate=decimal(first("Transfer rate")),
        longest=raw.longest,
        percentiles=raw.percentiles,
        only_lengths_failed=raw.only_lengths_failed,
        at=raw.at,
    )


def _common(values: Sequence[str | int | None]) -> Fact:
    if len(set(values)) <= 1:
        return values[0] if values else None
    return list(values)
