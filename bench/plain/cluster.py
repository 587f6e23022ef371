"""The servers that the harness has, started one after another with the default flags of each program.

It is made of the harness' own files, so that it is no worse than it must be: of the run folder of a cluster that is up,
with its programs, class paths and addresses. What makes the harness fast is taken out of them: the JVM's flags and
heaps, class-data archives, the prepared metastore, and each setting that has a default. `spark-submit` is pyspark's.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import measured
from harness.cluster import probes
from harness.cluster.addresses import HOST_NAMES, ORIGINAL
from harness.cluster.jvm import SHORT_RUN
from harness.cluster.services import ROOM_OF
from harness.cluster.toolchain import pyspark_dir

SERVERS = ("zookeeper", "kafka", "namenode", "datanode", "metastore", "presto")
PARTS = ("bin", "conf", "start", "presto", "home")
"""What is taken of a run folder; everything else is data."""

HAVE_DEFAULTS = (
    "dfs.client.block.write.locateFollowingBlock.initial.delay.ms",
    "dfs.client.block.write.locateFollowingBlock.retries",
    "dfs.heartbeat.interval",
    "dfs.namenode.redundancy.interval.seconds",
    "dfs.namenode.safemode.extension",
    "group.initial.rebalance.delay.ms",
    "log.flush.offset.checkpoint.interval.ms",
    "offsets.topic.num.partitions",
    "spark.sql.shuffle.partitions",
    "spark.ui.enabled",
    "spark.ui.showConsoleProgress",
)
"""Settings of the harness that a plain configuration does not have."""

LONGEST = 180.0
"""Seconds within which a server must be useful."""


def make(folder: Path) -> None:
    """Make the files of a plain cluster in a folder, while a cluster of the harness is up."""
    environments = {room: _environment(room) for room in HOST_NAMES}
    run = Path(environments["spark"]["SPARK_CONF_DIR"]).parents[1]
    for part in PARTS:
        shutil.copytree(run / part, folder / part, symlinks=True)
    (folder / "tmp").mkdir()
    for file in _files(folder):
        file.write_text(_plain(file, file.read_text().replace(str(run), str(folder))))
    with (folder / "conf" / "spark" / "spark-defaults.conf").open("a") as defaults:
        defaults.write(f"spark.driver.extraClassPath {_beside_pyspark(folder)}\n")
        defaults.write(f"spark.driver.extraJavaOptions -Djava.io.tmpdir={folder / 'tmp'}\n")
    submit = folder / "bin" / "spark" / "spark-submit"
    submit.write_text(f'#!/bin/sh\nexec {pyspark_dir()}/bin/spark-submit "$@"\n')
    for room, environment in environments.items():
        environment |= {"SPARK_HOME": str(pyspark_dir())} if room == "spark" else {}
        exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
        script = "\n".join(["#!/bin/sh", *exports, 'exec bash -c "$1"', ""]).replace(str(run), str(folder))
        (folder / "in").mkdir(exist_ok=True)
        (folder / "in" / room).write_text(script)
        (folder / "in" / room).chmod(0o755)


def copy(files: Path, folder: Path) -> None:
    """Copy the files of a plain cluster to the folder that it runs in."""
    shutil.copytree(files, folder, symlinks=True)
    for file in _files(folder):
        file.write_text(file.read_text().replace(str(files), str(folder)))


@contextmanager
def started(folder: Path) -> Iterator[float]:
    """Start every server, each when the one before is useful, and end them. Gives the seconds that the start took."""
    processes: list[subprocess.Popen[bytes]] = []
    ports = {name: port for name, (_, port) in ORIGINAL.items()}
    clock = time.monotonic()
    try:
        for name in SERVERS:
            if name == "namenode":
                _start(folder, "namenode-format").wait()
            processes.append(_start(folder, name))
            _await(name, probes.for_server(name, ports, f"127.0.0.1:{ports['kafka']}").ask, processes[-1])
        yield time.monotonic() - clock
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGKILL)
            process.wait()


def _environment(room: str) -> dict[str, str]:
    lines = measured.execute(room, "env").splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith(("_=", "PWD=", "SHLVL=")))


def _files(folder: Path) -> Iterator[Path]:
    """Give the files that are text."""
    return (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def _plain(file: Path, text: str) -> str:
    """Take out of a file what makes it fast."""
    names = "|".join(map(re.escape, HAVE_DEFAULTS))
    if file.suffix == ".java":
        fast = "|".join(map(re.escape, SHORT_RUN))
        return re.sub(rf'^"(?:{fast}|-Xmx\w+|-D(?:{names})=.*)"\n', "", text, flags=re.MULTILINE)
    if file.suffix == ".xml":
        return re.sub(rf"^.*<name>(?:{names})</name>.*\n", "", text, flags=re.MULTILINE)
    if file.suffix in (".properties", ".conf"):
        return re.sub(rf"^(?:{names})[ =].*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^archive=.*?^fi\n", "", text, flags=re.MULTILINE | re.DOTALL)


def _beside_pyspark(folder: Path) -> str:
    """Give the class path of what the drivers have beside pyspark's own jars."""
    lines = (folder / "conf" / "spark-submit.java").read_text().splitlines()
    path = lines[lines.index('"-cp"') + 1].strip('"')
    return ":".join(jar for jar in path.split(":") if "pyspark-jars" not in jar)


def _start(folder: Path, name: str) -> subprocess.Popen[bytes]:
    room = ROOM_OF.get(name, "cloudera")
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [folder / "in" / room, f"exec {folder}/start/{name}"],
            cwd=folder / "presto" if name == "presto" else folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _await(name: str, ask: Callable[[], str], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LONGEST
    while True:
        try:
            ask()
        except probes.NotReady as problem:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"plain {name}: {problem}")
            time.sleep(0.1)
        else:
            return
