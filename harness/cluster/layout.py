"""Where everything of one cluster is: its run folder, the parts that it uses, and its addresses."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from harness.cluster.addresses import Addresses
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.names import Names
from harness.cluster.runs import RunSpec
from harness.cluster.sandbox import WORKSPACE
from harness.cluster.stack import Stack
from harness.cluster.toolchain import fetch, prepare, pyspark_dir, system
from harness.cluster.toolchain.lock import components
from harness.cluster.toolchain.system import Program
from harness.settings import cache_dir

_BUSY = (
    "spark-catalyst",
    "hadoop-client-api",
    "scala-library",
    "spark-core",
    "scala-reflect",
    "spark-sql",
    "hadoop-client",
    "log4j-",
    "parquet-",
    "jackson-",
    "janino",
    "spark-",
    "hive-",
    "datanucleus-",
    "",
)
"""How the jars begin that a driver and the metastore load most classes from, busiest first; then all others."""


@dataclass(frozen=True)
class Layout:
    """The folders, programs and addresses that service definitions are made from.

    `run` holds all data of the cluster and goes with it; `logs` stays. `workspace` is where commands run: the
    project, which a private cluster has at /w205. `root` is where the files of an image are drafted.

    `guests` says that strangers' commands run in the cluster. What is written for them has a layout of its own, below
    the cluster's, with `for_guests`. `elsewhere` is where the servers are when the harness did not start them, `stack`
    what the cluster is made of.
    """

    run: Path
    project: Path
    workspace: Path
    logs: Path
    cache: Path
    prepared: Path
    archives: Path
    java: Path
    python: Path
    pyspark: Path
    programs: Mapping[str, Program]
    addresses: Addresses
    app: str
    root: Path = Path("/")
    guests: bool = False
    for_guests: bool = False
    elsewhere: Elsewhere | None = None
    stack: Stack = field(default_factory=Stack)

    def on_disk(self, path: Path) -> Path:
        """Give where a path of the cluster is on this machine: itself, or for an image below `root`, its draft."""
        return self.root / path.relative_to("/")

    def write(self, path: Path, text: str, *, executable: bool = False) -> None:
        """Write a file of the cluster, and the folders above it."""
        file = self.on_disk(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if executable:
            file.chmod(0o755)

    @cached_property
    def data(self) -> Path:
        """The servers' data."""
        return self.run

    @cached_property
    def tmp(self) -> Path:
        """Temporary files of every process; guests have a /tmp of their own."""
        return Path("/tmp") if self.for_guests else self.run / "tmp"  # noqa: S108

    @cached_property
    def conf(self) -> Path:
        """Generated configuration."""
        return self.run / "conf"

    @cached_property
    def training(self) -> Path:
        """Marks of the programs that write their class-data archives in this run."""
        return self.run / "training"

    @cached_property
    def bin(self) -> Path:
        """A folder of commands per service."""
        return self.run / "bin"

    @cached_property
    def lib(self) -> Path:
        """Python files that are there where the harness is not: in images, and for guests."""
        return self.run / "lib"

    @property
    def has_old_ways(self) -> bool:
        """Whether commands and servers behave as the course's of 2018 did."""
        return self.guests or self.stack.course

    @cached_property
    def hdfs_uri(self) -> str:
        """The default file system, such as hdfs://cloudera:8020."""
        return self.elsewhere.hdfs if self.elsewhere else f"hdfs://{self.addresses.at('namenode')}"

    @property
    def names(self) -> Names:
        """The names of what the run makes."""
        return self.elsewhere.names if self.elsewhere else Names()

    def jars(self, component: str) -> tuple[Path, ...]:
        """Give the files of a component of the lock."""
        root = fetch.maven_dir(self.cache)
        return tuple(root / item.path for item in components(self.stack.lock)[component].artifacts)

    @cached_property
    def pyspark_jars(self) -> tuple[Path, ...]:
        """The jars that come with pyspark: Spark, the Hadoop client, Hive's metastore, Derby."""
        folder = self.prepared / "pyspark-jars"
        return tuple(folder / file.name for file in sorted(self.on_disk(folder).glob("*.jar")))

    def changed_classes(self, server: str) -> tuple[Path, ...]:
        """Give the jar of a server's changed classes, which must stand first on its class path.

        In a container the metastore is not kept on loopback, for other containers ask it.
        """
        keep = self.addresses.mode == "container" and server == "metastore"
        return () if keep else (self.prepared / f"{server}-changed.jar",)

    @cached_property
    def presto_jars(self) -> tuple[Path, ...]:
        """The class path of Presto: its own jars, then those that its Hive plugin has beside them.

        On the class path, and not in a class loader of the plugin's own, they are in the class-data archive too.
        """
        own = self.jars("presto")
        names = {jar.name for jar in own}
        return (*self.changed_classes("presto"), *own, *(j for j in self.jars("presto-hive") if j.name not in names))

    @cached_property
    def hadoop_jars(self) -> tuple[Path, ...]:
        """The class path of the HDFS servers and of `hadoop fs`."""
        names = (
            "hadoop-client-api-",
            "hadoop-client-runtime-",
            "slf4j-api-",
            "jcl-over-slf4j-",
            "jul-to-slf4j-",
            "log4j-",
        )
        shared = tuple(jar for jar in self.pyspark_jars if jar.name.startswith(names))
        return (self.prepared / "hdfs-webapps.jar", self.prepared / "empty-site.jar", *shared, *self.jars("hdfs"))

    @cached_property
    def spark_jars(self) -> tuple[Path, ...]:
        """The class path of Spark drivers: what pyspark brings, and the Kafka connector.

        The jars that most classes come from stand first. A class is looked for in one jar after another, and a JVM that
        writes a class-data archive asks the file system about each jar before the class's own.
        """
        jars = (*self.pyspark_jars, *self.jars("spark-kafka"))
        return tuple(sorted(jars, key=lambda jar: next(i for i, p in enumerate(_BUSY) if jar.name.startswith(p))))


def layout_of(spec: RunSpec, folder: Path, addresses: Addresses) -> Layout:
    """Give the layout of a run, as its keeper sees it."""
    cache, stack = cache_dir(), Stack.of(spec.stack)
    wanted = (*(tool.program for tool in system.TOOLS), *stack.packages)
    programs = {name: found for name in wanted if (found := system.find(name, cache))}
    return Layout(
        run=folder,
        project=Path(spec.project),
        workspace=WORKSPACE if spec.mode == "private" else Path(spec.project),
        logs=Path(spec.logs),
        cache=cache,
        prepared=Path(spec.prepared),
        archives=prepare.archives_dir(Path(spec.prepared)),
        java=Path(spec.java),
        python=Path(sys.executable),
        pyspark=pyspark_dir(),
        programs=programs,
        addresses=addresses,
        app=spec.app,
        guests=spec.guests,
        elsewhere=Elsewhere(**spec.elsewhere) if spec.elsewhere else None,
        stack=stack,
    )
