"""The servers' configuration, generated into the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from harness.cluster.addresses import LOOPBACK
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.layout import Layout

_LOG4J2 = """\
status = error
rootLogger.level = {level}
rootLogger.appenderRef.err.ref = err
appender.err.type = Console
appender.err.name = err
appender.err.target = SYSTEM_ERR
appender.err.layout.type = PatternLayout
appender.err.layout.pattern = %d{{HH:mm:ss.SSS}} %p %c{{1}}: %m%n%ex
"""

_LOG4J1 = """\
log4j.rootLogger={level}, err
log4j.appender.err=org.apache.log4j.ConsoleAppender
log4j.appender.err.Target=System.err
log4j.appender.err.layout=org.apache.log4j.PatternLayout
log4j.appender.err.layout.ConversionPattern=%d{{HH:mm:ss.SSS}} %p %c{{1}}: %m%n
"""

_OLD_SPARK: Mapping[str, object] = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.storeAssignmentPolicy": "LEGACY",
    "spark.sql.legacy.timeParserPolicy": "LEGACY",
    "spark.sql.legacy.createHiveTableByDefault": "true",
    "spark.sql.legacy.pathOptionBehavior.enabled": "true",
}
"""What was so in the course's Spark 2: a cast that fails gives NULL, a column takes values of other types, dates are
read leniently, a table without USING is Hive's, and a path may be given twice. Spark's migration guides name them."""

_FORGETFUL_PRESTO: Mapping[str, object] = {"query.max-history": 0, "query.min-expire-age": "3s"}
"""Queries are forgotten when they have ended: the next guest could read them in system.runtime.queries."""


def write(layout: Layout) -> None:
    """Write every configuration file and make every data folder."""
    write_for_commands(layout)
    for folder in (layout.tmp, layout.training):
        layout.on_disk(folder).mkdir(parents=True, exist_ok=True)
    files = {
        "conf/zookeeper.properties": _properties(zookeeper(layout)),
        "conf/kafka.properties": _properties(kafka(layout)),
        "conf/presto.properties": _properties(presto(layout)),
        "presto/etc/catalog/hive.properties": _properties(presto_hive(layout)),
        "conf/log4j-server.properties": _LOG4J1.format(level="INFO"),
        "conf/log4j2-server.properties": _LOG4J2.format(level="info"),
    }
    for name, text in files.items():
        layout.write(layout.run / name, text)
    plugin = layout.on_disk(layout.run / "presto" / "plugin" / "hive-hadoop2")
    plugin.mkdir(parents=True, exist_ok=True)
    for jar in layout.jars("presto-hive"):
        if jar.name.startswith("presto-hive-hadoop2-"):  # which names the plugin's class
            (plugin / jar.name).symlink_to(jar)


def write_for_commands(layout: Layout) -> None:
    """Write the configuration files of commands; servers have the same hadoop.xml."""
    files = {
        "hadoop.xml": _xml(hadoop(layout)),
        "spark/spark-defaults.conf": "".join(f"{key} {value}\n" for key, value in spark(layout).items()),
        "log4j-command.properties": _LOG4J1.format(level="ERROR"),
        "log4j2-command.properties": _LOG4J2.format(level="error"),
    }
    for name, text in files.items():
        layout.write(layout.conf / name, text)


def zookeeper(layout: Layout) -> Mapping[str, object]:
    """ZooKeeper's settings."""
    return {
        "dataDir": layout.data / "zookeeper",
        "clientPort": layout.addresses.ports["zookeeper"],
        "clientPortAddress": layout.addresses.bind,
        "maxClientCnxns": 0,
        "admin.enableServer": "false",
        "4lw.commands.whitelist": "srvr,ruok",
    }


def kafka(layout: Layout) -> Mapping[str, object]:
    """The broker's settings; where the original sets one, its value."""
    port = layout.addresses.ports["kafka"]
    return {
        "broker.id": 1,
        "listeners": f"PLAINTEXT://{layout.addresses.bind}:{port}",
        "advertised.listeners": f"PLAINTEXT://{layout.addresses.at('kafka')}",
        "log.dirs": layout.data / "kafka",
        "zookeeper.connect": layout.addresses.at("zookeeper"),
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "log.flush.offset.checkpoint.interval.ms": 60000,
    }


_HDFS_CLIENT: Mapping[str, object] = {
    # A file is whole when the NameNode has heard of its last block from the DataNode, which is often a moment after the
    # client asks for the first time. Then the client rests this long, twice as long each time: 400 ms by default, for
    # which every second small file waited.
    "dfs.client.block.write.locateFollowingBlock.initial.delay.ms": 10,
    "dfs.client.block.write.locateFollowingBlock.retries": 10,
}


def hadoop(layout: Layout) -> Mapping[str, object]:
    """The settings of the HDFS servers and clients; of clients alone where the servers are elsewhere."""
    if layout.elsewhere:
        return {
            "fs.defaultFS": layout.hdfs_uri,
            "hadoop.tmp.dir": layout.tmp / "hadoop",
            "dfs.replication": layout.elsewhere.hdfs_replicas,
            **_HDFS_CLIENT,
            **layout.elsewhere.hadoop_conf,
        }
    ports, bind = layout.addresses.ports, layout.addresses.bind
    return {
        "fs.defaultFS": layout.hdfs_uri,
        "hadoop.tmp.dir": layout.tmp / "hadoop",
        "dfs.replication": 1,
        **_HDFS_CLIENT,
        "dfs.permissions.enabled": "false",
        "dfs.namenode.http-address": f"{bind}:{ports['namenode-http']}",
        "dfs.namenode.rpc-bind-host": bind,
        "dfs.namenode.name.dir": f"file://{layout.data}/namenode",
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.namenode.safemode.extension": 0,
        "dfs.datanode.address": f"{bind}:{ports['datanode']}",
        "dfs.datanode.http.address": f"{bind}:{ports['datanode-http']}",
        "dfs.datanode.ipc.address": f"{bind}:{ports['datanode-ipc']}",
        "dfs.datanode.hostname": layout.addresses.host("datanode"),
        "dfs.datanode.data.dir": f"file://{layout.data}/datanode",
        "dfs.heartbeat.interval": 1,
        "dfs.namenode.redundancy.interval.seconds": 1,
    }


def spark(layout: Layout) -> Mapping[str, object]:
    """The defaults of every Spark driver, of `hive` too."""
    return {
        **(_OLD_SPARK if layout.for_guests else {}),
        "spark.master": "local[2]",
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.local.dir": layout.tmp / "spark",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.shuffle.partitions": 2,
        "spark.sql.warehouse.dir": f"{layout.hdfs_uri}/user/hive/warehouse",
        "spark.hadoop.fs.defaultFS": layout.hdfs_uri,
        "spark.hadoop.dfs.replication": 1,
        **{f"spark.hadoop.{name}": value for name, value in _HDFS_CLIENT.items()},
        "spark.hadoop.hive.metastore.uris": f"thrift://{layout.addresses.at('metastore')}",
        **(_on_a_cluster(layout, layout.elsewhere) if layout.elsewhere else {}),
    }


def _on_a_cluster(layout: Layout, there: Elsewhere) -> Mapping[str, object]:
    """What a driver needs beside that where the servers are elsewhere, and what it may take of a shared master.

    A master gives an application all cores that are free unless it is bounded; one core to each executor spreads an
    application over the workers.
    """
    executors: Mapping[str, object] = {
        "spark.driver.host": there.driver_host,
        "spark.driver.bindAddress": there.driver_host,
        "spark.jars": ",".join(map(str, layout.jars("spark-kafka"))),
        "spark.cores.max": 2,
        "spark.executor.cores": 1,
        "spark.executor.memory": "768m",
        "spark.executorEnv.HADOOP_USER_NAME": there.user,
    }
    return {
        "spark.master": there.spark,
        "spark.sql.catalog.spark_catalog.defaultDatabase": there.names.database,
        "spark.hadoop.dfs.replication": there.hdfs_replicas,
        **({} if there.spark.startswith("local") else executors),
        **{f"spark.hadoop.{name}": value for name, value in there.hadoop_conf.items()},
        **there.spark_conf,
    }


def metastore(layout: Layout) -> Mapping[str, object]:
    """The metastore's settings, given as --hiveconf."""
    return {
        "javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={layout.data}/metastore/db;create=true",
        "javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        "hive.metastore.warehouse.dir": f"{layout.hdfs_uri}/user/hive/warehouse",
        "hive.metastore.uris": f"thrift://{layout.addresses.at('metastore')}",
        "hive.async.log.enabled": "false",
        "fs.defaultFS": layout.hdfs_uri,
    }


def presto(layout: Layout) -> Mapping[str, object]:
    """The settings of the one Presto node, coordinator and worker."""
    port = layout.addresses.ports["presto"]
    return {
        "node.environment": "w205",
        "node.id": "presto",
        "node.bind-ip": layout.addresses.bind,
        "node.internal-address": LOOPBACK,
        "coordinator": "true",
        "node-scheduler.include-coordinator": "true",
        "http-server.http.port": port,
        "http-server.log.enabled": "false",
        "discovery-server.enabled": "true",
        "discovery.uri": f"http://{LOOPBACK}:{port}",
        "query.max-memory-per-node": "300MB",
        "query.max-memory": "600MB",
        "plugin.dir": layout.run / "presto" / "plugin",
        **(_FORGETFUL_PRESTO if layout.guests else {}),
    }


def presto_hive(layout: Layout) -> Mapping[str, object]:
    """Presto's catalog `hive`. Parquet columns are found by name, as Spark and Hive do; in the old ways by position.

    The course's Presto found them by position, and submissions rely on it: a table's column User_Agent over User-Agent.
    """
    return {
        "connector.name": "hive-hadoop2",
        "hive.metastore.uri": f"thrift://{layout.addresses.at('metastore')}",
        "hive.config.resources": layout.conf / "hadoop.xml",
        "hive.parquet.use-column-names": "false" if layout.has_old_ways else "true",
        "hive.allow-drop-table": "true",
    }


def _properties(values: Mapping[str, object]) -> str:
    return "".join(f"{key}={value}\n" for key, value in values.items())


def _xml(values: Mapping[str, object]) -> str:
    properties = "".join(
        f"  <property><name>{key}</name><value>{escape(str(value))}</value></property>\n"
        for key, value in values.items()
    )
    return f"<configuration>\n{properties}</configuration>\n"
