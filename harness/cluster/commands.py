"""The command set of each service: a folder of small shell scripts that is that service's PATH.

With them the original's commands run as written: `kafka-topics` in kafka, `hadoop` in cloudera, `spark-submit` in
spark, `presto` in presto, `ab` and `kafkacat` in mids. A script starts its program with `exec`, so that the process
is the program itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from harness.cluster import config_files
from harness.cluster.addresses import HOST_NAMES, hosts_file
from harness.cluster.jvm import JavaCommand
from harness.cluster.layout import HDFS_USER, Layout

ROOMS = HOST_NAMES
"""The services that `exec` takes: the original's six containers."""

_TRANSLATE_ZOOKEEPER = """\
# Kafka 3 dropped --zookeeper: the old flag is taken and becomes --bootstrap-server.
n=$#
while [ "$n" -gt 0 ]; do
  word=$1; shift; n=$((n - 1))
  case $word in
    --zookeeper) shift; n=$((n - 1)); old=yes ;;
    --zookeeper=*) old=yes ;;
    *) set -- "$@" "$word" ;;
  esac
done
if [ -n "${{old-}}" ]; then
  echo "kafka-topics: --zookeeper became --bootstrap-server {kafka}" >&2
  set -- "$@" --bootstrap-server {kafka}
fi
"""


def write(layout: Layout) -> None:
    """Write every script, and the argument files of the Java programs."""
    (layout.conf / "hosts").write_text(hosts_file(), encoding="utf-8")
    own = _programs(layout)
    for room in ROOMS:
        folder = layout.bin / room
        folder.mkdir(parents=True, exist_ok=True)
        for name, script in {**own[room], **_python(layout)}.items():
            file = folder / name
            file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            file.chmod(0o755)
    home = layout.run / "spark-home" / "bin"
    home.mkdir(parents=True, exist_ok=True)
    (home / "spark-submit").symlink_to(layout.bin / "spark" / "spark-submit")


def environment(layout: Layout, room: str) -> dict[str, str]:
    """Give the environment of a service's commands."""
    at = layout.addresses.at
    return {
        "PATH": f"{layout.bin / room}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(layout.run / "home"),
        "TMPDIR": str(layout.tmp),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "JAVA_HOME": str(layout.java.parent.parent),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "KAFKA_BOOTSTRAP_SERVERS": at("kafka"),
        "HADOOP_NAMENODE": layout.addresses.host("namenode"),
        "HIVE_THRIFTSERVER": at("metastore"),
        "HADOOP_USER_NAME": HDFS_USER,
        "SPARK_HOME": str(layout.run / "spark-home"),
        "SPARK_CONF_DIR": str(layout.conf / "spark"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(layout.python),
        "PYSPARK_DRIVER_PYTHON": str(layout.python),
    }


def _programs(layout: Layout) -> Mapping[str, Mapping[str, str]]:
    kafka = layout.addresses.at("kafka")
    spark = {
        "spark-submit": _java(
            layout, "spark-submit", "org.apache.spark.deploy.SparkSubmit", layout.spark_jars, 1024, "spark"
        ),
        "pyspark": _pyspark(layout),
    }
    hadoop = _java(
        layout,
        "hadoop-fs",
        "org.apache.hadoop.fs.FsShell",
        layout.hadoop_jars,
        256,
        "hadoop",
        arguments=("-conf", str(layout.conf / "hadoop.xml")),
    )
    cloudera = {
        "hadoop": _subcommand("hadoop", "fs", hadoop),
        "hdfs": _subcommand("hdfs", "dfs", hadoop),
        "hive": _java(
            layout,
            "hive",
            "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver",
            layout.spark_jars,
            768,
            "spark",
            properties={
                "spark.app.name": "hive",
                **{key: str(value) for key, value in config_files.spark(layout).items()},
                "spark.master": "local[1]",
            },
        ),
    }
    presto_cli = _java(layout, "presto-cli", "com.facebook.presto.cli.Presto", layout.jars("presto-cli"), 256)
    return {
        "zookeeper": {
            "zookeeper-shell": _java(
                layout, "zookeeper-shell", "org.apache.zookeeper.ZooKeeperMain", layout.jars("kafka"), 128
            ).replace('"$@"', '-server "$@"')
        },
        "kafka": {
            "kafka-topics": _TRANSLATE_ZOOKEEPER.format(kafka=kafka)
            + _kafka(layout, "kafka-topics", "org.apache.kafka.tools.TopicCommand"),
            "kafka-delete-records": _kafka(
                layout, "kafka-delete-records", "org.apache.kafka.tools.DeleteRecordsCommand"
            ),
            "kafka-get-offsets": _kafka(layout, "kafka-get-offsets", "org.apache.kafka.tools.GetOffsetShell"),
            "kafka-configs": _kafka(layout, "kafka-configs", "kafka.admin.ConfigCommand"),
            "kafka-consumer-groups": _kafka(
                layout, "kafka-consumer-groups", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
            ),
            "kafka-console-consumer": _kafka(
                layout, "kafka-console-consumer", "org.apache.kafka.tools.consumer.ConsoleConsumer"
            ),
            "kafka-console-producer": _kafka(
                layout, "kafka-console-producer", "org.apache.kafka.tools.ConsoleProducer"
            ),
        },
        "cloudera": cloudera,
        "spark": spark,
        "presto": {"presto": presto_cli},
        "mids": {
            **{name: _system(layout, name) for name in ("ab", "jq")},
            # Unbuffered: into a file as on a terminal, each message is there when it arrives.
            **dict.fromkeys(("kcat", "kafkacat"), _system(layout, "kcat", "-u")),
            "flask": f'exec {_q(layout.python)} -m flask "$@"',
        },
    }


def _python(layout: Layout) -> Mapping[str, str]:
    script = f'exec {_q(layout.python)} "$@"'
    return {"python": script, "python3": script}


def _kafka(layout: Layout, name: str, main: str) -> str:
    return _java(layout, name, main, layout.jars("kafka"), 256)


def _java(
    layout: Layout,
    name: str,
    main: str,
    classpath: tuple[Path, ...],
    heap: int,
    opens: str | None = None,
    *,
    properties: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = (),
) -> str:
    """Write the argument file of a Java program. Returns the script line that starts it."""
    own = {
        "java.io.tmpdir": str(layout.tmp),
        "user.name": HDFS_USER,
        "log4j2.configurationFile": str(layout.conf / "log4j2-command.properties"),
        "log4j.configuration": f"file:{layout.conf}/log4j-command.properties",
        **(properties or {}),
    }
    if opens == "spark":
        own |= {"jdk.reflect.useDirectMethodHandle": "false", "io.netty.tryReflectionSetAccessible": "true"}
    if layout.addresses.mode == "open":
        own["jdk.net.hosts.file"] = str(layout.conf / "hosts")
    file = layout.conf / f"{name}.java"
    file.write_text(JavaCommand(main, classpath, heap, opens, own, (), arguments).argument_file(), encoding="utf-8")
    return f'exec {_q(layout.java)} @{_q(file)} "$@"'


def _subcommand(program: str, word: str, script: str) -> str:
    """Take `hadoop fs …` and `hdfs dfs …`; the other subcommands are not there, and that is said."""
    return f"""\
if [ "${{1-}}" != {word} ]; then
  echo "{program}: only '{program} {word}' is here, not '{program} ${{1-}}'" >&2
  exit 2
fi
shift
{script}"""


def _pyspark(layout: Layout) -> str:
    shell = layout.pyspark / "python" / "pyspark" / "shell.py"
    shell = shell if shell.exists() else layout.pyspark / "shell.py"
    return (
        f"export PYTHONSTARTUP={_q(shell)} PYSPARK_SUBMIT_ARGS='--name PySparkShell pyspark-shell'\n"
        f'exec {_q(layout.python)} "$@"'
    )


def _system(layout: Layout, name: str, *flags: str) -> str:
    program = layout.programs[name]
    libraries = f"export LD_LIBRARY_PATH={_q(program.libraries)}\n" if program.libraries else ""
    return f'{libraries}exec {" ".join((_q(program.path), *flags))} "$@"'


def _q(path: Path) -> str:
    return shlex.quote(str(path))
