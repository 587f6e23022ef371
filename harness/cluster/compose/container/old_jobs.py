"""Runs a Spark job that was written for the course's Spark of 2018, unchanged, on today's.

It takes the place of the driver's Python (`PYSPARK_DRIVER_PYTHON`). Two things that such jobs do have changed, and each
help says on stderr that it was used:

- A `@udf('boolean')` at the top of a file needs a session since its type is parsed by the JVM: one is made before.
- `CREATE EXTERNAL TABLE … LOCATION … AS SELECT` is refused since Spark 3.2 where the location holds files. What is
  there is removed first, as Spark did then, when the table does not exist and the query does not read the location.

Only pyspark is used, and nothing of the harness: this file is copied into the images.
"""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Callable
from typing import Any

from pyspark.sql import SparkSession

_CREATE = re.compile(
    r"^\s*create\s+external\s+table\s+(?:if\s+not\s+exists\s+)?(?P<table>[\w.`]+)"
    r".*?\blocation\s+(?P<quote>['\"])(?P<location>[^'\"]+)(?P=quote)\s+as\s+(?P<query>\(?\s*select\b.*)$",
    re.IGNORECASE | re.DOTALL,
)


def say(text: str) -> None:
    """Say that a help was used."""
    print(f"harness: {text}", file=sys.stderr, flush=True)


def location_to_empty(statement: str) -> tuple[str, str, str] | None:
    """Give table, location and query of a statement that creates a table over a location from a query."""
    found = _CREATE.match(statement)
    return (found["table"].strip("`"), found["location"], found["query"]) if found else None


def emptying(sql: Callable[..., Any]) -> Callable[..., Any]:
    """Give `SparkSession.sql` with the location emptied before such a statement."""

    def wrapped(session: Any, statement: str, *arguments: Any, **more: Any) -> Any:
        found = location_to_empty(statement)
        if found and not session.catalog.tableExists(found[0]):
            _empty(session, found[1], found[2])
        return sql(session, statement, *arguments, **more)

    return wrapped


def _empty(session: Any, location: str, query: str) -> None:
    jvm = session.sparkContext._jvm
    path = jvm.org.apache.hadoop.fs.Path(location)
    files = path.getFileSystem(session.sparkContext._jsc.hadoopConfiguration())
    if not files.exists(path):
        return
    plan = session.sql(query.rstrip().rstrip(";"))
    read = {str(name) for name in plan.inputFiles()}
    if any(path.toUri().getPath() in name for name in read):
        return
    files.delete(path, True)
    say(f"emptied {location} before the table over it is created from a query")


def main() -> None:
    """Run the job that the arguments name."""
    SparkSession.builder.getOrCreate()
    say("made the session before the job runs")
    SparkSession.sql = emptying(SparkSession.sql)  # type: ignore[method-assign]
    job, sys.argv = sys.argv[1], sys.argv[1:]
    sys.path.insert(0, job.rpartition("/")[0] or ".")
    runpy.run_path(job, run_name="__main__")


if __name__ == "__main__":
    main()
