"""ApacheBench's reports: `ab`, or a loop of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.model import Fact
from harness.outputs.text import Output, integer, label, lines

_FIELDS: Final = frozenset(
    {
        "Complete requests",
        "Concurrency Level",
        "Document Length",
        "Document Path",
        "Failed requests",
        "HTML transferred",
        "Non-2xx responses",
    }
)


@dataclass(frozen=True, slots=True)
class Report:
    """One report. Lengths are bytes; a field that the report lacks is None, or 0 where `ab` leaves zeros out."""

    complete: int
    failed: int
    non_2xx: int
    document_path: str | None
    document_length: int | None
    html_transferred: int | None
    concurrency: int | None

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


def _fields(text: str) -> Iterator[dict[str, str]]:
    """Give the fields of each report. A field that comes a second time belongs to the next report."""
    fields: dict[str, str] = {}
    for line in lines(text):
        name, _, value = line.partition(":")
        if line.startswith("This is ApacheBench") or name in fields:
            yield fields
            fields = {}
        if name in _FIELDS:
            fields[name] = value.strip()
    yield fields


def _report(fields: dict[str, str]) -> Report | None:
    def number(name: str) -> int | None:
        return integer(fields.get(name, "").partition(" ")[0])

    complete = number("Complete requests")
    if complete is None:
        return None
    return Report(
        complete=complete,
        failed=number("Failed requests") or 0,
        non_2xx=number("Non-2xx responses") or 0,
        document_path=label(fields["Document Path"]) if "Document Path" in fields else None,
        document_length=number("Document Length"),
        html_transferred=number("HTML transferred"),
        concurrency=number("Concurrency Level"),
    )


def _common(values: Sequence[str | int | None]) -> Fact:
    if len(set(values)) <= 1:
        return values[0] if values else None
    return list(values)
