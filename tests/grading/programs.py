"""What the programs of the pipeline print, in their own layout and with their own arithmetic."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

PERCENTS = (50, 66, 75, 80, 90, 95, 98, 99, 100)


@dataclass(frozen=True)
class Load:
    """One `ab`: `requests` times one URL, each answered with `body_length` bytes."""

    path: str
    host: str
    requests: int
    body_length: int
    verb: str = "GET"
    posted: int = 0
    concurrency: int = 1


def ab(load: Load, rng: random.Random, werkzeug: str, revision: str, *, quick: bool) -> list[str]:
    """Print the report of one load. A quick server answers in about 1 ms, another in about 7."""
    n = load.requests
    scale = 0.9 if quick else 5.0
    connect = [abs(rng.gauss(0.05, 0.15)) for _ in range(n)]
    processing = [rng.uniform(0.6, 1.9) * scale + 0.4 for _ in range(n)]
    waiting = [took * rng.uniform(0.3, 0.95) for took in processing]
    total = [a + b for a, b in zip(connect, processing, strict=True)]
    seconds = round(sum(total) / load.concurrency * rng.uniform(1.005, 1.03) * 1000) / 1_000_000
    per_request = 1000 * seconds / n
    received = n * (155 + load.body_length)
    html = n * load.body_length
    lines = [
        f"This is ApacheBench, Version 2.3 <$Revision: {revision} $>",
        "Copyright 1996 Adam Twiss, Zeus Technology Ltd, http://www.zeustech.net/",
        "Licensed to The Apache Software Foundation, http://www.apache.org/",
        "",
        "Benchmarking localhost (be patient).....done",
        "",
        "",
        f"Server Software:        Werkzeug/{werkzeug}",
        "Server Hostname:        localhost",
        "Server Port:            5000",
        "",
        f"Document Path:          {load.path}",
        f"Document Length:        {load.body_length} bytes",
        "",
        f"Concurrency Level:      {load.concurrency}",
        f"Time taken for tests:   {seconds:.3f} seconds",
        f"Complete requests:      {n}",
        "Failed requests:        0",
        f"Total transferred:      {received} bytes",
    ]
    if load.posted:
        lines.append(f"Total body sent:        {n * (180 + load.posted)}")
    lines += [
        f"HTML transferred:       {html} bytes",
        f"Requests per second:    {n / seconds:.2f} [#/sec] (mean)",
        f"Time per request:       {per_request * load.concurrency:.3f} [ms] (mean)",
        f"Time per request:       {per_request:.3f} [ms] (mean, across all concurrent requests)",
        f"Transfer rate:          {received / 1024 / seconds:.2f} [Kbytes/sec] received",
    ]
    if load.posted:
        sent = n * (180 + load.posted) / 1024 / seconds
        lines.append(f"                        {sent:.2f} kb/s sent")
        lines.append(f"                        {received / 1024 / seconds + sent:.2f} kb/s total")
    lines += [
        "",
        "Connection Times (ms)",
        "              min  mean[+/-sd] median   max",
        _times("Connect:", connect),
        _times("Processing:", processing),
        _times("Waiting:", waiting),
        _times("Total:", total),
    ]
    if n > 1:
        ordered = sorted(total)
        lines += ["", "Percentage of the requests served within a certain time (ms)"]
        lines += [f"  {p}%  {round(ordered[n * p // 100]):5}" for p in PERCENTS[:-1]]
        lines.append(f" 100%  {round(ordered[-1]):5} (longest request)")
    return lines


def _times(name: str, values: Sequence[float]) -> str:
    mean = sum(values) / len(values)
    deviation = (sum((v - mean) ** 2 for v in values) / max(1, len(values) - 1)) ** 0.5
    median = sorted(values)[len(values) // 2]
    return f"{name:12}{round(min(values)):5} {round(mean):4} {deviation:5.1f} {round(median):6} {round(max(values)):7}"


def access_log(when: datetime, request: str, status: int = 200, client: str = "127.0.0.1") -> str:
    """Print Flask's line for one request, such as `GET / HTTP/1.0`."""
    return f'{client} - - [{when:%d/%b/%Y %H:%M:%S}] "{request}" {status} -'


def flask_banner(module: str, *, old: bool) -> list[str]:
    """Print what `flask run` says before the first request."""
    if old:
        return [f' * Serving Flask app "{module}"', " * Running on http://0.0.0.0:5000/ (Press CTRL+C to quit)"]
    return [
        f' * Serving Flask app "{module}"',
        " * Environment: production",
        "   WARNING: This is a development server. Do not use it in a production deployment.",
        "   Use a production WSGI server instead.",
        " * Debug mode: off",
        " * Running on http://0.0.0.0:5000/ (Press CTRL+C to quit)",
    ]


def cell(value: object) -> str:
    """Give a value as Spark's show() cuts it."""
    text = str(value)
    return text if len(text) <= 20 else text[:17] + "..."


def spark_show(columns: Sequence[str], rows: Sequence[Sequence[object]], limit: int = 20) -> list[str]:
    """Print a DataFrame as show() does."""
    cells = [[cell(value) for value in row] for row in rows[:limit]]
    widths = [max([3, len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]
    rule = "+" + "+".join("-" * width for width in widths) + "+"

    def line(values: Sequence[str]) -> str:
        return "|" + "|".join(value.rjust(width) for value, width in zip(values, widths, strict=True)) + "|"

    lines = [rule, line(columns), rule, *(line(row) for row in cells), rule]
    return [*lines, f"only showing top {limit} rows"] if len(rows) > limit else lines


def batch_header(number: int) -> list[str]:
    """Print what the console sink puts before a micro-batch."""
    return ["-" * 43, f"Batch: {number}", "-" * 43]


def print_schema(columns: Sequence[tuple[str, str]]) -> list[str]:
    """Print a schema as printSchema() does."""
    return ["root", *(f" |-- {name}: {kind} (nullable = true)" for name, kind in columns), ""]


def presto(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Print a result as Presto's ALIGNED does: numbers to the right, the rest to the left."""
    texts = [["NULL" if value is None else str(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in texts)]) for i, name in enumerate(columns)]
    header = "|".join(
        " " + " " * ((w - len(c)) // 2) + c + " " * (w - len(c) - (w - len(c)) // 2) + " "
        for c, w in zip(columns, widths, strict=True)
    )
    lines = [header, "+".join("-" * (width + 2) for width in widths)]
    for row, text in zip(rows, texts, strict=True):
        aligned = [
            t.rjust(w) if isinstance(v, int | float) else t.ljust(w) for v, t, w in zip(row, text, widths, strict=True)
        ]
        lines.append("|".join(f" {value} " for value in aligned))
    return [*lines, f"({len(rows)} row{'' if len(rows) == 1 else 's'})"]


def presto_footer(when: datetime, number: int, session: str, rows: int) -> list[str]:
    """Print what an interactive Presto says after a result."""
    return [
        "",
        f"Query {when:%Y%m%d_%H%M%S}_{number:05}_{session}, FINISHED, 1 node",
        "Splits: 3 total, 1 done (33.33%)" if rows else "Splits: 2 total, 0 done (0.00%)",
        f"0:01 [{rows} rows, {rows * 310}B] [{rows} rows/s, {rows * 310}B/s]",
    ]


def hdfs_ls(entries: Sequence[tuple[str, int | None, datetime]]) -> list[str]:
    """Print `hadoop fs -ls`; a size of None is a folder."""
    size_width = max([10, *(len(str(size or 0)) for _, size, _ in entries)])
    lines = [f"Found {len(entries)} items"]
    for path, size, when in entries:
        mode, copies = ("drwxr-xr-x", "-") if size is None else ("-rw-r--r--", "1")
        lines.append(f"{mode}   {copies} root supergroup {size or 0:{size_width}} {when:%Y-%m-%d %H:%M} {path}")
    return lines


def compose_ps(project: str, services: Sequence[str]) -> list[str]:
    """Print `docker-compose ps` with every service up."""
    rows = [(f"{project}_{name}_1", *_PS[name]) for name in services]
    name_width = max(len(row[0]) for row in rows)
    command_width = max(len(row[1]) for row in rows)
    head = f"{'Name':^{name_width}}   {'Command':^{command_width}}   State   {'Ports':^30}".rstrip()
    lines = [head, "-" * (name_width + command_width + 44)]
    return [*lines, *(f"{n:{name_width}}   {c:{command_width}}   Up      {p}" for n, c, p in rows)]


_PS = {
    "zookeeper": ("/etc/confluent/docker/run", "2181/tcp, 2888/tcp, 32181/tcp, 3888/tcp"),
    "kafka": ("/etc/confluent/docker/run", "29092/tcp, 9092/tcp"),
    "cloudera": ("/usr/bin/docker-entrypoint ...", "10000/tcp, 50070/tcp, 8020/tcp, 9083/tcp"),
    "spark": ("docker-entrypoint.sh bash", "8888/tcp"),
    "presto": ("/usr/bin/docker-entrypoint ...", "8080/tcp"),
    "mids": ("/bin/bash", "0.0.0.0:5000->5000/tcp, 8888/tcp"),
}


def not_found() -> str:
    """Print Flask's page for a route that is not there."""
    return (
        f"<title>404 {HTTPStatus(404).phrase}</title>\n<h1>{HTTPStatus(404).phrase}</h1>\n"
        "<p>The requested URL was not found on the server.</p>"
    )
