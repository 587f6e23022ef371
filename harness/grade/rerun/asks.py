"""Questions to the servers, asked where their names are known: in the private network, or in a container.

Run as `python asks.py`: each line on stdin is a question, `{"question": ["clear", "/tmp/a"]}`, and each on stdout is
its answer, `{"answer": …}` or `{"failed": "…"}`. This file stands alone: it needs kafka-python and the standard
library, for a container has nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

KAFKA = os.environ.get("W205_BROKER") or "kafka:29092"
HDFS = "http://cloudera:50070/webhdfs/v1"
PRESTO = "http://presto:8080/v1/statement"
USER = "root"
"""The owner of everything in HDFS and in the metastore, as in the course's containers."""

TIMEOUT = 20.0
DEPTH = 10
MOST_PATHS = 2_000
KEPT = ("/tmp", "/user", "/user/hive", "/user/hive/warehouse")  # noqa: S108
"""The folders of HDFS that a new cluster has."""

HALF_WRITTEN = ("is not a valid Parquet File", "Error opening Hive split")
"""What Presto says of a file that is still being written."""

WRITING_PAUSES = (0.5, 1.0, 2.0, 4.0)

OWN_TOPICS = frozenset({"__consumer_offsets", "__transaction_state"})
"""Kafka's own."""

Answer = Mapping[str, Any]


def side_by_side(*questions: Callable[[], Any]) -> list[Any]:
    """Ask at the same time: the servers answer no slower for it. Raises what a question raises."""
    with ThreadPoolExecutor(max(1, len(questions))) as pool:
        return [each.result() for each in [pool.submit(question) for question in questions]]


# Kafka


def topics() -> dict[str, dict[int, tuple[int, int]]]:
    """Give the first and the next offset of each partition of each topic that is not Kafka's own."""
    from kafka import KafkaConsumer, TopicPartition  # type: ignore[import-untyped]

    consumer = KafkaConsumer(bootstrap_servers=KAFKA, request_timeout_ms=20_000)
    try:
        names = sorted(consumer.topics() - OWN_TOPICS)
        found: dict[str, dict[int, tuple[int, int]]] = {}
        for name in names:
            partitions = [TopicPartition(name, p) for p in sorted(consumer.partitions_for_topic(name) or ())]
            first, last = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
            found[name] = {part.partition: (first[part], last[part]) for part in partitions}
        return found
    finally:
        consumer.close()


# HDFS


def hdfs(path: str, op: str, method: str = "GET", **more: str) -> bytes:
    """Ask WebHDFS. Raises OSError."""
    words = urllib.parse.urlencode({"op": op, "user.name": USER, **more})
    request = urllib.request.Request(f"{HDFS}{urllib.parse.quote(path)}?{words}", method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        return bytes(answer.read())


def listing(path: str) -> list[dict[str, Any]]:
    """Give what a folder holds; nothing where there is none."""
    try:
        found: list[dict[str, Any]] = json.loads(hdfs(path, "LISTSTATUS"))["FileStatuses"]["FileStatus"]
    except (OSError, ValueError, KeyError):
        return []
    return found


def tree(path: str = "/", depth: int = DEPTH) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each path below a folder with its status."""
    for entry in listing(path):
        below = f"{path.rstrip('/')}/{entry['pathSuffix']}"
        yield below, entry
        if entry["type"] == "DIRECTORY" and depth > 1:
            yield from tree(below, depth - 1)


def checkpoints() -> dict[str, dict[str, Any]]:
    """Give the checkpoint of each streaming query: the last batch it planned, the last it finished, and its offsets."""
    found: dict[str, dict[str, Any]] = {}
    names: dict[str, set[str]] = {}
    for seen, (path, _) in enumerate(tree()):
        folder, _, name = path.rpartition("/")
        if name in ("offsets", "commits", "sources"):
            names.setdefault(folder, set()).add(name)
        if seen > MOST_PATHS:
            break
    for folder, inside in names.items():
        if inside < {"offsets", "commits"}:
            continue
        planned, finished = (_numbers(f"{folder}/{name}") for name in ("offsets", "commits"))
        state: dict[str, Any] = {"planned": max(planned, default=-1), "finished": max(finished, default=-1)}
        state["began"] = bool(listing(f"{folder}/sources/0")) or bool(planned)
        state["offsets"] = offsets(partial(_text, folder), state["finished"], planned)
        found[folder] = state
    return found


def _numbers(folder: str) -> list[int]:
    return [int(entry["pathSuffix"]) for entry in listing(folder) if entry["pathSuffix"].isdigit()]


def _text(folder: str, name: str) -> str:
    return hdfs(f"{folder}/{name}", "OPEN").decode("utf-8", "replace")


def offsets(read: Callable[[str], str], batch: int, planned: Collection[int]) -> dict[str, dict[str, int]]:
    """Give the next offset by topic and partition after a finished batch; where none is, where the query began.

    `read` reads a file of the query's checkpoint, and raises OSError where there is none.
    """
    found: dict[str, dict[str, int]] = {}
    try:
        if batch in planned:
            lines = read(f"offsets/{batch}").splitlines()[2:]
        else:
            text = read("sources/0/0")
            lines = [text[text.index("{") :]]
        for line in lines:
            each = json.loads(line)
            if isinstance(each, dict):
                found.update(each)
    except (OSError, ValueError):
        pass
    return found


# Presto


def query(sql: str, within: float = 60.0) -> list[list[Any]]:
    """Give the rows of a query. Raises RuntimeError with Presto's words."""
    headers = {"X-Presto-User": USER, "X-Presto-Catalog": "hive", "X-Presto-Schema": "default"}
    request = urllib.request.Request(PRESTO, sql.encode(), headers, method="POST")
    rows: list[list[Any]] = []
    until = time.monotonic() + within
    while True:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            page = json.loads(answer.read())
        if "error" in page:
            raise RuntimeError(str(page["error"].get("message", page["error"])))
        rows += page.get("data", [])
        if "nextUri" not in page:
            return rows
        if time.monotonic() > until:
            raise RuntimeError("the query takes too long")
        request = urllib.request.Request(page["nextUri"], headers=headers)  # noqa: S310


def count(schema: str, table: str) -> int:
    """Count a table's rows. A stream writes its files where Presto reads them, so one may be met half-written.

    Raises RuntimeError with Presto's words, also where such a file stays as it is.
    """
    pauses = iter(WRITING_PAUSES)
    while True:
        try:
            return int(query(f"select count(*) from {name_of('hive', schema, table)}")[0][0])  # noqa: S608
        except RuntimeError as problem:
            pause = next(pauses, None) if any(words in str(problem) for words in HALF_WRITTEN) else None
            if pause is None:
                raise
        time.sleep(pause)


def name_of(*parts: str) -> str:
    """Give a name as SQL takes it."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def schemas() -> list[str]:
    """Give the schemas that somebody can have tables in."""
    return sorted(row[0] for row in query("show schemas from hive") if row[0] != "information_schema")


def tables(within: Sequence[str]) -> list[tuple[str, str]]:
    """Give schema and name of every table in some schemas."""
    found = side_by_side(*(partial(query, f"show tables from {name_of('hive', schema)}") for schema in within))
    return [(schema, row[0]) for schema, rows in zip(within, found, strict=True) for row in rows]


# What is asked


def progress() -> Answer:
    """Give how far the topics and the streaming queries are."""
    # The topics first: what is sent after them is not waited for.
    ends = {name: {str(p): last for p, (_, last) in parts.items()} for name, parts in topics().items()}
    return {"topics": ends, "checkpoints": checkpoints()}


def state() -> Answer:
    """Give what is there: messages by topic, files of data by folder, rows by table."""
    messages, paths, (rows, errors) = side_by_side(_messages, _paths, _rows)
    return {"topics": messages, "paths": paths, "tables": rows, "errors": errors}


def _messages() -> dict[str, int]:
    return {name: sum(last - first for first, last in parts.values()) for name, parts in topics().items()}


def _paths() -> dict[str, int]:
    paths: dict[str, int] = {}
    for seen, (path, entry) in enumerate(tree()):
        folder, _, name = path.rpartition("/")
        if entry["type"] == "FILE" and name.startswith("part-") and entry["length"] > 0:
            paths[folder] = paths.get(folder, 0) + 1
        if seen > MOST_PATHS:
            break
    return paths


def _rows() -> tuple[dict[str, int | None], dict[str, str]]:
    """Count the rows of every table; gives what Presto said where it could not."""
    rows: dict[str, int | None] = {}
    errors: dict[str, str] = {}
    for schema, table in tables(schemas()):
        shown = table if schema == "default" else f"{schema}.{table}"
        try:
            rows[shown] = count(schema, table)
        except (RuntimeError, OSError) as problem:
            rows[shown], errors[shown] = None, str(problem)[:500]
    return rows, errors


def clear(*paths: str) -> Answer:
    """Empty those folders that hold files which no stream has written. Gives them."""
    cleared = []
    for path in paths:
        names = {entry["pathSuffix"] for entry in listing(path)}
        if names and "_spark_metadata" not in names:
            hdfs(path, "DELETE", "DELETE", recursive="true")
            cleared.append(path)
    return {"cleared": cleared}


def clean() -> Answer:
    """Remove every topic, consumer group, table and file. Gives what was said where that failed."""
    _, said = side_by_side(forget_topics, _drop_tables)
    return {"said": [*said, *_delete_files()]}


def forget_topics() -> None:
    """Delete every consumer group and every topic that is not Kafka's own, and wait until they are gone."""
    from kafka import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=KAFKA)
    try:
        until = time.monotonic() + TIMEOUT
        while names := set(admin.list_topics()) - OWN_TOPICS:
            admin.delete_topics(sorted(names))
            if time.monotonic() > until:
                raise TimeoutError(f"topics are still there: {', '.join(sorted(names))}")
            time.sleep(0.1)
        if groups := [group["group_id"] for group in admin.list_groups()]:
            admin.delete_groups(groups)
    finally:
        admin.close()


def _drop_tables() -> list[str]:
    """Drop every table and schema. Gives what Presto said where it would not."""
    said: list[str] = []
    found = schemas()
    for schema, table in tables(found):
        for kind in ("table", "view"):
            try:
                query(f"drop {kind} if exists {name_of('hive', schema, table)}")
                break
            except RuntimeError as problem:
                said.append(str(problem)[:200])
    for schema in found:
        if schema != "default":
            try:
                query(f"drop schema if exists {name_of('hive', schema)}")
            except RuntimeError as problem:
                said.append(str(problem)[:200])
    return said


def _delete_files() -> Iterator[str]:
    """Delete every file and folder but those of a new cluster. Gives why where that failed."""
    for folder in ("/", *KEPT):
        for entry in listing(folder):
            path = f"{folder.rstrip('/')}/{entry['pathSuffix']}"
            if path not in KEPT:
                try:
                    hdfs(path, "DELETE", "DELETE", recursive="true")
                except OSError as problem:
                    yield f"{path}: {problem}"


ASKS: Mapping[str, Callable[..., Answer]] = {
    "progress": progress,
    "state": state,
    "clear": clear,
    "clean": clean,
}


def serve(known: Mapping[str, Callable[..., Answer]]) -> None:
    """Answer questions until there are no more."""
    for line in sys.stdin:
        what, *more = json.loads(line)["question"]
        try:
            told: Answer = {"answer": known[what](*more)}
        except Exception as problem:
            told = {"failed": f"{type(problem).__name__}: {problem}"[:500]}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    serve(ASKS)
