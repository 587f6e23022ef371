"""The real servers of the local backend: how each is started, what it needs first, when it is ready."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from harness.cluster import commands, config_files, java_programs, probes
from harness.cluster.addresses import API as API
from harness.cluster.jvm import JavaCommand
from harness.cluster.layout import Layout
from harness.cluster.probes import LOOPBACK, Probe
from harness.cluster.stack import AddedService

ROOM_OF: Mapping[str, str] = {
    "zookeeper": "zookeeper",
    "kafka": "kafka",
    "namenode": "cloudera",
    "datanode": "cloudera",
    "metastore": "cloudera",
    "presto": "presto",
    API: "mids",
}
"""The original's container that each server belongs to, in the order in which servers are shown."""


def room_of(name: str) -> str:
    """Give the container that a server belongs to; one that a project adds has one of its own name."""
    return ROOM_OF.get(name, name)


@dataclass(frozen=True, slots=True)
class Service:
    """A server: its command, what must be ready before it starts, and the probe that says it is useful.

    `room` is the original's container that it belongs to. `once` is a command run before the first start. One that
    `keeps_nothing` has no data that its orderly end would save.
    """

    name: str
    room: str
    listener: str
    command: tuple[str, ...]
    probe: Probe
    needs: tuple[str, ...] = ()
    once: tuple[str, ...] | None = None
    cwd: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps_nothing: bool = False


def services(layout: Layout) -> dict[str, Service]:
    """Give every server of the cluster by name, in the order in which they are shown: those that are added last."""
    conf, ports = layout.conf, layout.addresses.ports

    def probe(name: str) -> Probe:
        return probes.for_server(name, ports, layout.addresses.at("kafka"))

    log4j1 = {"log4j.configuration": f"file:{conf}/log4j-server.properties"}
    log4j2 = {"log4j2.configurationFile": f"{conf}/log4j2-server.properties"}
    hadoop_conf = ("-conf", str(conf / "hadoop.xml"))
    metastore_conf = tuple(
        word for key, value in config_files.metastore(layout).items() for word in ("--hiveconf", f"{key}={value}")
    )
    java = _Java(layout)
    found = [
        Service(
            "zookeeper",
            ROOM_OF["zookeeper"],
            "zookeeper",
            java(
                "zookeeper",
                "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                layout.jars("kafka"),
                128,
                properties=log4j1,
                arguments=(str(conf / "zookeeper.properties"),),
            ),
            probe("zookeeper"),
        ),
        Service(
            "kafka",
            ROOM_OF["kafka"],
            "kafka",
            java(
                "kafka",
                "kafka.Kafka",
                layout.jars("kafka"),
                384,
                properties=log4j1,
                arguments=(str(conf / "kafka.properties"),),
            ),
            probe("kafka"),
            needs=("zookeeper",),
        ),
        Service(
            "namenode",
            ROOM_OF["namenode"],
            "namenode",
            java(
                "namenode",
                "org.apache.hadoop.hdfs.server.namenode.NameNode",
                layout.hadoop_jars,
                256,
                opens="hadoop",
                properties=log4j2,
                arguments=hadoop_conf,
            ),
            probe("namenode"),
            once=java(
                "namenode-format",
                "org.apache.hadoop.hdfs.server.namenode.NameNode",
                layout.hadoop_jars,
                256,
                opens="hadoop",
                properties=log4j2,
                arguments=(*hadoop_conf, "-format", "-force", "-nonInteractive"),
            ),
        ),
        Service(
            "datanode",
            ROOM_OF["datanode"],
            "datanode",
            java(
                "datanode",
                "org.apache.hadoop.hdfs.server.datanode.DataNode",
                layout.hadoop_jars,
                256,
                opens="hadoop",
                properties=log4j2,
                arguments=hadoop_conf,
            ),
            probe("datanode"),
        ),
        Service(
            "metastore",
            ROOM_OF["metastore"],
            "metastore",
            java(
                "metastore",
                "org.apache.hadoop.hive.metastore.HiveMetaStore",
                (*layout.changed_classes("metastore"), *layout.spark_jars, *layout.jars("postgresql")),
                384,
                opens="hadoop",
                properties={**log4j2, "derby.stream.error.file": str(layout.logs / "derby.log")},
                arguments=("-p", str(ports["metastore"]), *metastore_conf),
            ),
            probe("metastore"),
        ),
        Service(
            "presto",
            ROOM_OF["presto"],
            "presto",
            java(
                "presto",
                "com.facebook.presto.server.PrestoServer",
                layout.presto_jars,
                1024,
                opens="presto",
                properties={"config": str(conf / "presto.properties")},
            ),
            probe("presto"),
            cwd=layout.run / "presto",
            keeps_nothing=True,
        ),
        Service(
            API,
            ROOM_OF[API],
            "api",
            ("flask", "run"),
            probe(API),
            needs=("kafka",),
            cwd=layout.workspace,
            environment={"FLASK_APP": layout.app},
        ),
    ]
    found = [service for service in found if service.name not in layout.stack.without]
    found += [_added(layout, each) for each in layout.stack.added]
    return {service.name: service for service in found}


def _added(layout: Layout, added: AddedService) -> Service:
    """Give a server that a project adds. Its command runs in a folder of its own, where the files of its data are."""
    port, data = layout.addresses.ports[added.name], layout.data / f"{added.name}-data"
    ready = added.filled(added.ready, bind=LOOPBACK, port=port, data=data)
    command = layout.addresses.translate(added.filled(added.command, bind=layout.addresses.bind, port=port, data=data))
    folder = shlex.quote(str(data))
    file = layout.run / "start" / added.name
    layout.write(file, f"#!/bin/sh\nmkdir -p {folder}\ncd {folder} || exit 1\nexec {command}\n", executable=True)
    environment = commands.environment(layout, added.name)
    probe = probes.of_added(port, ready, environment)
    return Service(added.name, added.name, added.name, (str(file),), probe, added.needs)


def of_several_machines(layout: Layout) -> dict[str, tuple[str, ...]]:
    """Give the commands of what only a cluster of several machines has: a Spark master, a worker, a metastore's schema.

    A worker starts an executor from the jars of its SPARK_HOME. The schema is made in the database that a file of
    properties names, `conf/metastore-schema.properties`, from the description that Hive's own jar has.
    """
    java = _Java(layout)
    log4j2 = {"log4j2.configurationFile": f"{layout.conf}/log4j2-server.properties"}
    work = ("--cores", "2", "--memory", "2g", "--work-dir", str(layout.data / "spark-work"))
    deploy = "org.apache.spark.deploy"
    jars = layout.pyspark_jars
    master, worker = f"{deploy}.master.Master", f"{deploy}.worker.Worker"
    description = layout.conf / "package.jdo"
    (jar,) = (each for each in jars if each.name.startswith("hive-metastore-"))
    with ZipFile(layout.on_disk(jar)) as opened:
        layout.write(description, opened.read(description.name).decode())
    schema = ("-create", "-api", "JDO", "-props", str(layout.conf / "metastore-schema.properties"), str(description))
    with_database = (*jars, *layout.jars("postgresql"))
    tool = "org.datanucleus.store.schema.SchemaTool"
    return {
        "metastore-schema": java("metastore-schema", tool, with_database, 256, properties=log4j2, arguments=schema),
        "spark-master": java("spark-master", master, jars, 384, opens="spark", properties=log4j2),
        "spark-worker": java("spark-worker", worker, jars, 384, opens="spark", properties=log4j2, arguments=work),
    }


class _Java:
    """Writes the start script of a Java server into the run folder and gives the command that runs it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __call__(
        self,
        name: str,
        main: str,
        classpath: tuple[Path, ...],
        heap: int,
        *,
        opens: str | None = None,
        properties: Mapping[str, str] | None = None,
        arguments: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        command = JavaCommand(main, classpath, heap, opens, properties or {}, arguments)
        file = self._layout.run / "start" / name
        self._layout.write(file, java_programs.script(self._layout, name, command), executable=True)
        return (str(file),)
