"""Submissions for the tests of grading: a report's text, read as a stranger's, with the files beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from harness.grade.model import Finding, Submission
from harness.readme import read

COMPOSE = "docker-compose exec mids"
SWORD = f'{COMPOSE} ab -n 10 -H "Host: ann.example.org" http://localhost:5000/buy_sword'


def submission(text: str, **files: str) -> Submission:
    """Read a report; files are given with `__` for the dot."""
    named = {name.replace("__", "."): content for name, content in files.items()}
    return Submission(PurePosixPath("README.md"), read(text), {"README.md": text, **named})


def fences(*parts: str) -> str:
    """Join commands and outputs to a report, each in a fence of its own; a part with `#` first is prose."""
    return "\n".join(f"{part[1:]}\n" if part.startswith("#") else f"```\n{part}\n```\n" for part in parts)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.is_error]


def warnings(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.is_warning]


def said(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """Give the checks and verdicts of findings, with `warning` for a disagreement that is one."""
    return {(finding.check, "warning" if finding.is_warning else str(finding.verdict)) for finding in findings}


def run(check: Callable[[Submission], Iterable[Finding]], text: str, **files: str) -> list[Finding]:
    """Make one check of a report."""
    return list(check(submission(text, **files)))


def ab_report(
    path: str = "/buy_sword", complete: int = 10, length: int = 17, seconds: float = 0.08, **fields: str
) -> str:
    """Print what `ab` prints; `fields` replaces values by the name of their line, `_` for blanks."""
    html, total = complete * length, complete * (length + 155)
    table = (50, 66, 75, 80, 90, 95, 98, 99, 100)
    lines = {
        "Server Software": "Werkzeug/0.14.1",
        "Server Hostname": "localhost",
        "Server Port": "5000",
        "Document Path": path,
        "Document Length": f"{length} bytes",
        "Concurrency Level": "1",
        "Time taken for tests": f"{seconds:.3f} seconds",
        "Complete requests": str(complete),
        "Failed requests": "0",
        "Total transferred": f"{total} bytes",
        "HTML transferred": f"{html} bytes",
        "Requests per second": f"{complete / seconds:.2f} [#/sec] (mean)",
        "Time per request": f"{seconds * 1000 / complete:.3f} [ms] (mean)",
        "Transfer rate": f"{total / 1024 / seconds:.2f} [Kbytes/sec] received",
    }
    lines.update({name.replace("_", " "): value for name, value in fields.items()})
    percentiles = "\n".join(f" {percent:3d}%  {5 + at:5d}" for at, percent in enumerate(table))
    printed = "\n".join(f"{name + ':':24}{value}" for name, value in lines.items())
    across = f"Time per request:       {seconds * 1000 / complete:.3f} [ms] (mean, across all concurrent requests)"
    printed = printed.replace("\nTransfer rate", f"\n{across}\nTransfer rate")
    return (
        "This is ApacheBench, Version 2.3 <$Revision: 1706008 $>\n\n"
        f"Benchmarking localhost (be patient).....done\n\n\n{printed}\n\nConnection Times (ms)\n"
        "              min  mean[+/-sd] median   max\nTotal:          1    5   2.0      5      13\n\n"
        f"Percentage of the requests served within a certain time (ms)\n{percentiles} (longest request)"
    )
