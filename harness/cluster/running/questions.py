"""What a run needs of a cluster that exists, asked before its first step.

First each server for itself, all at once and touching nothing; whatever is wrong is named together. Then the run's
prefix: anything that carries it already is somebody else's, and is refused. Only then is something made: the run's
folder in HDFS and its database, and a job on the master that writes to the one and finds the other.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.cluster import probes
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.probes import NotReady
from harness.cluster.protocol import Tell
from harness.cluster.running import metastore, topics
from harness.errors import EnvironmentFault
from harness.model import Capture

Exec = Callable[[str, str, float], Capture]
"""Runs a shell command in a service, within seconds."""

FIRST_JOB = Path(__file__).with_name("first_job.py")

COMMAND_TIME = 60.0
SCHEMAS_TIME = 30.0
JOB_TIME = 120.0
"""Seconds for the first job: a master without a free worker lets it wait for ever."""


def ask_servers(there: Elsewhere, tell: Tell) -> dict[str, float]:
    """Ask every server what only a useful one answers. Gives the seconds that each took, by the servers' names.

    Raises EnvironmentFault naming each that is not there, or cannot give the copies that were asked for.
    """
    asked: dict[str, Callable[[], str]] = {
        "kafka": lambda: _kafka(there),
        "metastore": lambda: f"{len(metastore.databases(there.metastore))} databases",
        "presto": lambda: _presto(there.presto),
    }
    if there.namenode_http:
        asked["datanode"] = lambda: _datanodes(there)
    if there.spark.startswith("spark://"):
        asked["spark"] = lambda: probes.first_listening(there.spark.removeprefix("spark://"))
    seconds: dict[str, float] = {}
    wrong: dict[str, str] = {}

    def one(name: str) -> None:
        clock = time.monotonic()
        if name != "spark":  # that it listens says little: the first job tells more
            tell({"event": "starting", "service": name})
        try:
            answer = asked[name]()
        except (NotReady, OSError, ValueError, KeyError) as problem:
            wrong[name] = str(problem) or type(problem).__name__
            return
        if name != "spark":
            seconds[name] = round(time.monotonic() - clock, 2)
            tell({"event": "ready", "service": name, "seconds": seconds[name], "answer": answer})

    with ThreadPoolExecutor(len(asked)) as pool:
        list(pool.map(one, asked))
    if wrong:
        raise _not_as_wanted({f"{name} at {_address(there, name)}": wrong[name] for name in asked if name in wrong})
    return seconds


def refuse_taken(there: Elsewhere, run: Exec) -> None:
    """Refuse a prefix that a topic, a database or a folder has. Raises EnvironmentFault naming them."""
    names = there.names
    found = [f"the topic {topic}" for topic in topics.of_run(there.kafka, names)]
    found += [f"the database {names.database}"] if names.database in metastore.databases(there.metastore) else []
    for folder in (names.root, names.database_folder):
        if run("cloudera", f"hadoop fs -test -e {folder}", COMMAND_TIME).exit_code == 0:
            found.append(f"the folder {folder}")
    if found:
        raise EnvironmentFault(
            f"The prefix {names.prefix} is taken.",
            wanted="names that nothing on the cluster has: a run removes all of them afterwards",
            seen=", ".join(found),
            remedy="leave out --prefix, so that the run has one of its own, or give another",
        )


def prepare(there: Elsewhere, run: Exec, tell: Tell) -> dict[str, float]:
    """Make the run's folder and database, and let the master's workers show what they can. Gives seconds, as above.

    Raises EnvironmentFault naming what could not be done.
    """
    names = there.names
    seconds = {"namenode": 0.0}
    tell({"event": "starting", "service": "namenode"})
    clock = time.monotonic()
    file = f"{names.root}/.ready"
    _done("namenode", there, run("cloudera", f"hadoop fs -mkdir {names.root} {names.database_folder}", COMMAND_TIME))
    wait = f" && hadoop fs -setrep -w {there.hdfs_replicas} {file}" if there.hdfs_replicas > 1 else ""
    written = f"echo ready | hadoop fs -put - {file}{wait} && hadoop fs -rm -skipTrash {file}"
    _done("namenode", there, run("cloudera", written, COMMAND_TIME))
    seconds["namenode"] = round(time.monotonic() - clock, 2)
    tell({"event": "ready", "service": "namenode", "seconds": seconds["namenode"], "answer": "took a file"})
    try:
        location = f"{there.hdfs.rstrip('/')}{names.database_folder}"
        metastore.create_database(there.metastore, names.database, location, "made by a run of the pipeline harness")
    except NotReady as problem:
        raise _not_as_wanted({"the run's names": str(problem)}) from problem
    name = "spark"
    tell({"event": "starting", "service": name})
    clock = time.monotonic()
    folder = f"{names.root}/.first-job"
    job = f"spark-submit {shlex.quote(str(FIRST_JOB))} {folder} {names.database}"
    _done(name, there, run("spark", job, JOB_TIME))
    seconds[name] = round(time.monotonic() - clock, 2)
    tell({"event": "ready", "service": name, "seconds": seconds[name], "answer": "a job on its workers"})
    return seconds


def sick(there: Elsewhere) -> list[tuple[str, str]]:
    """Give the servers that do not answer now, by the names of `Elsewhere.listeners`, and what was seen."""
    host, _, port = there.metastore.rpartition(":")
    asked: dict[str, Callable[[], object]] = {
        "kafka": lambda: topics.brokers(there.kafka),
        "metastore": probes.metastore(int(port), host.strip("[]")).ask,
        "presto": lambda: probes.presto_query(there.presto, "select 1"),
    }
    if there.namenode_http:
        asked["namenode"] = lambda: probes.namenode_info(there.namenode_http)

    def one(name: str) -> tuple[str, str] | None:
        try:
            asked[name]()
        except (NotReady, OSError, ValueError, KeyError) as problem:
            return name, str(problem) or type(problem).__name__
        return None

    with ThreadPoolExecutor(len(asked)) as pool:
        return [found for found in pool.map(one, asked) if found]


def _kafka(there: Elsewhere) -> str:
    count = topics.brokers(there.kafka)
    if count < there.kafka_replicas:
        raise NotReady(f"{count} brokers, which cannot keep {there.kafka_replicas} copies of each event")
    topics.may_create(there.kafka, there.names)
    return f"{count} brokers"


def _datanodes(there: Elsewhere) -> str:
    info = probes.namenode_info(there.namenode_http)
    if info["Safemode"]:
        raise NotReady(f"the NameNode is in safe mode: {str(info['Safemode'])[:120]}")
    live = probes.live_datanodes(info)
    if live < there.hdfs_replicas:
        raise NotReady(f"{live} live DataNodes, which cannot keep {there.hdfs_replicas} copies of each block")
    return f"{live} live DataNodes"


def _presto(address: str) -> str:
    schemas = probes.presto_query(address, "show schemas from hive", within=SCHEMAS_TIME)
    return f"{probes.presto_nodes(address)} nodes, {len(schemas)} schemas"


def _done(name: str, there: Elsewhere, capture: Capture) -> None:
    if capture.exit_code:
        lines = [line for line in (capture.stderr or capture.stdout).splitlines() if line.strip()]
        seen = next((line for line in lines if "Exception" in line or "denied" in line), lines[-1] if lines else "")
        raise EnvironmentFault(
            f"{name} at {_address(there, name)} does not do what the steps need.",
            wanted=capture.command,
            seen=f"exit code {capture.exit_code}: {seen.strip()[:400]}",
            tail=[line[:300] for line in lines[-8:]],
            remedy=_REMEDIES.get(name),
        )


_REMEDIES = {
    "namenode": "--user NAME writes as somebody else, --folder PATH elsewhere",
    "spark": "see that the master has a free worker, of the same Spark, and that workers reach --driver-host",
}


def _address(there: Elsewhere, name: str) -> str:
    at = {**there.listeners, "datanode": there.namenode_http, "spark": there.spark, "namenode": there.hdfs}
    return at[name]


def _not_as_wanted(wrong: Mapping[str, str]) -> EnvironmentFault:
    return EnvironmentFault(
        f"The cluster is not as the run needs it: {', '.join(wrong)}.",
        wanted="each server there, and useful, before the first step",
        seen="; ".join(f"{name}: {words}" for name, words in wrong.items()),
        remedy="mend the address or the server; nothing of this run is left on the cluster",
    )
