"""What a cluster of several machines does with the work: where it goes, and what a second worker brings.

On `harness multi`, whose machines share the processors of this one: a second worker brings what it brings there, and
the ratio says so. That tasks, splits and copies are spread is what carries over to real machines.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from bench import measured
from harness.cluster.compose import multi
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.probes import http_get, presto_query

RESULT = Path(__file__).parent / "results" / "cluster.json"
JOB = Path(__file__).with_name("cluster_job.py")
ROUNDS, WARM_UP = 5, 2
WHOLE = 120.0
SQL = "select count(*), sum(n * n % 97), approx_distinct(n % 100000) from numbers"


def measure() -> None:
    """Bring the cluster up, look where the work goes, time it with two workers and with one, and take it down."""
    measured.say("cluster: bringing it up")
    measured.harness("multi", "up")
    try:
        there = multi.elsewhere()
        environment = {**os.environ, **multi.exports(there), "HARNESS_PREFIX": "bench"}
        measured.harness("up", "--backend", "running", environment=environment)
        try:
            measured.say("cluster: looking where the work goes")
            made = spread(there)
            measured.say("cluster: timing queries by two workers")
            two = times()
            for kind in ("spark", "presto"):
                docker("stop", f"{multi.PROJECT}-{kind}-worker-2-1")
            _await(lambda: (multi.spark_workers(there), presto_workers(there)) == (1, 1))
            measured.say("cluster: timing queries by one worker")
            one = times()
        finally:
            measured.harness("down")
    finally:
        measured.harness("multi", "down")
    ratios = {name: round(statistics.median(one[name]) / statistics.median(two[name]), 2) for name in two}
    measured.keep(
        RESULT,
        spread=made,
        one_worker=one,
        two_workers=two,
        one_to_two=ratios,
    )


def spread(there: Elsewhere) -> dict[str, Mapping[str, int]]:
    """Give how many tasks, splits and copies each machine has of one table and one topic."""
    told = measured.harness("exec", "spark", "spark-submit", str(JOB), "write")
    tasks = {host: int(count) for host, count in re.findall(r"^tasks on (\S+): (\d+)$", told, re.MULTILINE)}
    measured.execute("presto", _presto(SQL))
    splits: Counter[str] = Counter()
    query = f"query_id = (select max(query_id) from system.runtime.queries where query = '{SQL}')"
    for node in presto_query(there.presto, f"select node_id from system.runtime.tasks where {query}"):
        of_node = f"select cast(sum(splits) as integer) from system.runtime.tasks where {query} and node_id = '{node}'"
        splits[str(node)] = int(str(presto_query(there.presto, of_node)[0]))
    topic = ["--topic", "bench-spread", "--bootstrap-server", "kafka:29092"]
    measured.harness("exec", "kafka", "kafka-topics", "--create", "--partitions", "6", *topic)
    described = measured.harness("exec", "kafka", "kafka-topics", "--describe", *topic)
    replicas = Counter(
        f"broker {broker}" for line in re.findall(r"Replicas: ([\d,]+)", described) for broker in line.split(",")
    )
    leaders = Counter(f"broker {broker}" for broker in re.findall(r"Leader: (\d+)", described))
    return {
        "Spark tasks": tasks,
        "Presto splits": _numbered("worker", splits),
        "Kafka leaders": dict(sorted(leaders.items())),
        "Kafka replicas": dict(sorted(replicas.items())),
        "HDFS block copies": blocks(there),
    }


def blocks(there: Elsewhere) -> dict[str, int]:
    """Give how many copies of the table's blocks each DataNode has."""
    web = f"http://{there.namenode_http}/webhdfs/v1/tmp/bench/numbers"
    files = json.loads(http_get(f"{web}?op=LISTSTATUS"))["FileStatuses"]["FileStatus"]
    found: Counter[str] = Counter()
    for file in files:
        if file["length"]:
            located = json.loads(http_get(f"{web}/{file['pathSuffix']}?op=GETFILEBLOCKLOCATIONS"))
            for block in located["BlockLocations"]["BlockLocation"]:
                found.update(block["hosts"])
    return dict(sorted(found.items()))


def presto_workers(there: Elsewhere) -> int:
    """Give how many workers Presto would use. Its table of nodes is asked of the workers themselves, dead ones too."""
    return int(json.loads(http_get(f"http://{there.presto}/v1/cluster"))["activeWorkers"])


def times() -> dict[str, list[float]]:
    """Give the seconds of each round, by Spark and by Presto, after a few that warm the workers up."""
    rounds = WARM_UP + ROUNDS
    spark = measured.execute("spark", f"spark-submit --conf spark.cores.max=4 {shlex.quote(str(JOB))} read {rounds}")
    by_spark = [float(each) for each in re.findall(r"^seconds: ([\d.]+)$", spark, re.MULTILINE)]
    by_presto = []
    for _ in range(rounds):
        clock = time.perf_counter()
        measured.execute("presto", _presto(SQL))
        by_presto.append(round(time.perf_counter() - clock, 2))
    measured.say(f"cluster: seconds by Spark: {by_spark}, by Presto: {by_presto}")
    return {"Spark": by_spark[WARM_UP:], "Presto": by_presto[WARM_UP:]}


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give the section of docs/performance.md."""
    yield "## A cluster of several machines"
    yield ""
    yield (
        "Measured by `./run bench cluster` on `harness multi`: three brokers, three DataNodes, two Spark workers and "
        f"two Presto workers, all on the {result['machine']['processors']} processors of one machine. Where the work "
        "of one topic and of one table of 16 files went:"
    )
    yield ""
    yield "| what | where |"
    yield "| --- | --- |"
    for kind, places in result["spread"].items():
        yield f"| {kind} | {', '.join(f'{place}: {count}' for place, count in places.items())} |"
    yield ""
    ratios = " and ".join(f"{ratio} times by {name}" for name, ratio in result["one_to_two"].items())
    yield (
        f"One worker takes {ratios} what two take, for a query over that table (medians of {ROUNDS}, after "
        f"{WARM_UP} that were not counted). The workers share the same processors; what a second one with processors "
        "of its own brings is not shown here."
    )


def docker(*words: str) -> None:
    """Run a command of the engine."""
    subprocess.run(["docker", *words], check=True, stdout=subprocess.DEVNULL)


def _presto(sql: str) -> str:
    return f"presto --server presto:8080 --catalog hive --schema bench --execute {shlex.quote(sql)}"


def _numbered(kind: str, counted: Mapping[str, int]) -> dict[str, int]:
    """Name nodes whose names are made by chance by their number."""
    return {f"{kind} {number}": counted[name] for number, name in enumerate(sorted(counted), 1)}


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WHOLE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"waited {WHOLE:.0f} s for a worker to be missed")
        time.sleep(1.0)
