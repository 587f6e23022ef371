"""The command set of each service: a folder of small shell scripts that is that service's PATH.

With them the original's commands run as written: `kafka-topics` in kafka, `hadoop` in cloudera, `spark-submit` in
spark, `presto` in presto, `ab` and `kafkacat` in mids. A script starts its program with `exec`, so that the process
is the program itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from harness.cluster import config_files, java_programs
from harness.cluster.addresses import HOST_NAMES, LOOPBACK, hosts_file
from harness.cluster.jvm import JavaCommand
from harness.cluster.layout import Layout
from harness.cluster.probes import HDFS_USER

ROOMS = HOST_NAMES
"""The services that `exec` takes: the original's six containers."""

HELPS = "HARNESS_HELPS"
"""The variable that names a file for the helps that were used: a line each, with its name, a tab and its text."""

_TRANSLATE_ZOOKEEPER = """\
# Kafka 3 dropped --zookeeper: the old flag is taken and becomes --bootstrap-server.
n=$#
while [ "$n" -gt 0 ]; do
  word=$1; shift; n=$((n - 1))
  case $word in
    --zookeeper|-zookeeper) old=yes; if [ "$n" -gt 0 ]; then shift; n=$((n - 1)); fi ;;
    --zookeeper=*|-zookeeper=*) old=yes ;;
    --bootstrap-server|--bootstrap-server=*) new=yes; set -- "$@" "$word" ;;
    *) set -- "$@" "$word" ;;
  esac
done
if [ -n "${{old-}}" ]; then
  [ -n "${{new-}}" ] || set -- "$@" --bootstrap-server {kafka}
  help="{name}: --zookeeper became --bootstrap-server {kafka}"
  echo "harness: $help" >&2
  {{ [ -z "${{HARNESS_HELPS-}}" ] || printf 'zookeeper\\t%s\\n' "$help" >>"$HARNESS_HELPS"; }} 2>/dev/null || :
fi
"""

_GIVE_VALUES = """\
# Hive takes a table property without a value, which Spark's parser refuses.
n=$#
while [ "$n" -gt 0 ]; do
  word=$1; shift; n=$((n - 1))
  given=$(printf '%s.' "$word" | sed -E "s/(tblproperties *[(] *'[^']*')( *[)])/\\1=''\\2/I")
  if [ "$given" != "$word." ]; then
    help="hive: gave a table property a value"
    echo "harness: $help" >&2
    { [ -z "${HARNESS_HELPS-}" ] || printf 'tblproperties\\t%s\\n' "$help" >>"$HARNESS_HELPS"; } 2>/dev/null || :
  fi
  set -- "$@" "${given%.}"
done
"""

_ONCE_ZOOKEEPER = ("kafka-topics", "kafka-configs", "kafka-consumer-groups", "kafka-console-consumer")
"""The commands that took --zookeeper."""

_ONLY = """\
if [ "${{1-}}" != {subcommand} ]; then
  echo "{program}: only '{program} {subcommand}' is here, not '{program} ${{1-}}'" >&2
  exit 2
fi
shift
"""

_AWAIT_TOPIC = """\
# The course's kafkacat waited for a topic that was not there yet. This one makes it, and waits for its leader.
reads=yes topic= next=
for word; do
  if [ -n "$next" ]; then topic=$word; next=; continue; fi
  case $word in
    -t) next=yes ;;
    -t?*) topic=${{word#-t}} ;;
    -[LPQ]*) reads= ;;
  esac
done
if [ -n "$reads" ] && [ -n "$topic" ]; then
  n=0
  while [ "$n" -lt 50 ] && {kcat} -L -t "$topic" 2>&1 | grep -q 'Leader not available\\|Unknown topic'; do
    n=$((n + 1)); sleep 0.1
  done
fi
"""

SPARK_SUBMIT = "org.apache.spark.deploy.SparkSubmit"
SPARK_SQL = "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver"
FS_SHELL = "org.apache.hadoop.fs.FsShell"
KAFKA_TOOLS = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-console-producer": "kafka.tools.ConsoleProducer",
    "zookeeper-shell": "org.apache.zookeeper.ZooKeeperMain",
}


def write(layout: Layout) -> None:
    """Write every script, and the argument files of the Java programs."""
    layout.write(layout.conf / "hosts", hosts_file((*HOST_NAMES, *layout.stack.listeners)))
    python = exec_script(layout.python)
    for room, own in _programs(layout).items():
        for name, script in {**own, "python": python, "python3": python}.items():
            layout.write(layout.bin / room / name, script, executable=True)
    home = layout.on_disk(layout.run / "spark-home" / "bin")
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "spark-submit").is_symlink():
        (home / "spark-submit").symlink_to(layout.bin / "spark" / "spark-submit")


def rooms(layout: Layout) -> tuple[str, ...]:
    """Give the services that have a command set."""
    return (*ROOMS, *layout.stack.listeners)


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
        "FLASK_RUN_HOST": layout.addresses.bind,
        "FLASK_RUN_PORT": str(layout.addresses.ports["api"]),
        "KAFKA_BOOTSTRAP_SERVERS": at("kafka"),
        "HADOOP_NAMENODE": layout.addresses.host("namenode"),
        "HIVE_THRIFTSERVER": at("metastore"),
        "HADOOP_USER_NAME": layout.elsewhere.user if layout.elsewhere else HDFS_USER,
        "SPARK_HOME": str(layout.run / "spark-home"),
        "SPARK_CONF_DIR": str(layout.conf / "spark"),
        "SPARK_LOCAL_IP": (layout.elsewhere and layout.elsewhere.driver_host) or LOOPBACK,
        "PYSPARK_PYTHON": str(layout.python),
        "PYSPARK_DRIVER_PYTHON": str(layout.python),
        **{each.variable: at(each.name) for each in layout.stack.added},
        **layout.names.environment(),
    }


def _programs(layout: Layout) -> Mapping[str, Mapping[str, str]]:
    """Give each service's own commands as shell scripts."""
    found = {
        "zookeeper": {"zookeeper-shell": _kafka(layout, "zookeeper-shell", words='-server "$@"')},
        "kafka": {name: _kafka(layout, name) for name in KAFKA_TOOLS if name.startswith("kafka-")},
        "cloudera": {
            "hadoop": _hadoop(layout, "hadoop", "fs"),
            "hdfs": _hadoop(layout, "hdfs", "dfs"),
            "hive": _hive(layout),
        },
        "spark": {
            "spark-submit": _java(layout, "spark-submit", SPARK_SUBMIT, layout.spark_jars, 1024, "spark"),
            "pyspark": _pyspark(layout),
        },
        "presto": {
            "presto": _java(layout, "presto-cli", "com.facebook.presto.cli.Presto", layout.jars("presto-cli"), 256)
        },
        "mids": {
            **{name: system_script(layout, name) for name in ("ab", "jq")},
            # Unbuffered: into a file as on a terminal, each message is there when it arrives.
            **dict.fromkeys(("kcat", "kafkacat"), _kcat(layout)),
            "flask": exec_script(layout.python, "-m", "flask"),
        },
    }
    for added in layout.stack.added:
        here = [name for name in added.programs if name in layout.programs]
        found[added.name] = {name: system_script(layout, name) for name in here}
    return found


def _kcat(layout: Layout) -> str:
    if not layout.for_guests:
        return system_script(layout, "kcat", "-u")
    makes = ("-X", "allow.auto.create.topics=true")
    asks = shlex.join((str(layout.programs["kcat"].path), "-b", layout.addresses.at("kafka"), *makes))
    return system_script(layout, "kcat", "-u", *makes, before=_AWAIT_TOPIC.format(kcat=asks))


def _kafka(layout: Layout, name: str, words: str = '"$@"') -> str:
    kafka = layout.addresses.at("kafka")
    before = _TRANSLATE_ZOOKEEPER.format(name=name, kafka=kafka) if name in _ONCE_ZOOKEEPER else ""
    return _java(layout, name, KAFKA_TOOLS[name], layout.jars("kafka"), 256, before=before, words=words)


def _hadoop(layout: Layout, program: str, subcommand: str) -> str:
    """Take `hadoop fs …` and `hdfs dfs …`; the other subcommands are not there, and that is said."""
    before = _ONLY.format(program=program, subcommand=subcommand)
    conf = ("-conf", str(layout.conf / "hadoop.xml"))
    return _java(layout, "hadoop-fs", FS_SHELL, layout.hadoop_jars, 256, "hadoop", arguments=conf, before=before)


def _hive(layout: Layout) -> str:
    settings = {key: str(value) for key, value in config_files.spark(layout).items()}
    settings |= {"spark.app.name": "hive", "spark.master": "local[1]"}
    before = _GIVE_VALUES if layout.for_guests else ""
    return _java(
        layout,
        "hive",
        SPARK_SQL,
        layout.spark_jars,
        768,
        "spark",
        properties=settings,
        before=before,
        archive_of="spark-submit",  # it has nearly all classes of this one too, and writing one takes twenty seconds
    )


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
    before: str = "",
    words: str = '"$@"',
    archive_of: str | None = None,
) -> str:
    """Give the script of a Java program with the settings of commands: quiet logs, and names in open mode."""
    own = {
        "log4j2.configurationFile": str(layout.conf / "log4j2-command.properties"),
        "log4j.configuration": f"file:{layout.conf}/log4j-command.properties",
        **(properties or {}),
    }
    if opens == "spark":
        own |= {"jdk.reflect.useDirectMethodHandle": "false", "io.netty.tryReflectionSetAccessible": "true"}
    if layout.addresses.mode == "open" and not layout.elsewhere:
        own["jdk.net.hosts.file"] = str(layout.conf / "hosts")
    command = JavaCommand(main, classpath, heap, opens, own, arguments)
    return java_programs.script(layout, name, command, before=before, words=words, archive_of=archive_of)


def _pyspark(layout: Layout) -> str:
    shell = _q(layout.pyspark / "shell.py")
    before = f"export PYTHONSTARTUP={shell} PYSPARK_SUBMIT_ARGS='--name PySparkShell pyspark-shell'\n"
    if layout.for_guests:  # as typed: with options, and with what is piped in
        before = f'export PYTHONSTARTUP={shell} PYSPARK_SUBMIT_ARGS="--name PySparkShell $* pyspark-shell"\nset --\n'
        return exec_script(layout.python, "-i", before=before)
    return exec_script(layout.python, before=before)


def system_script(layout: Layout, name: str, *flags: str, before: str = "") -> str:
    """Give a shell script that becomes a program of the system, with flags before the words that it is given.

    `before` are shell lines that come first.
    """
    program = layout.programs[name]
    libraries = f"export LD_LIBRARY_PATH={_q(program.libraries)}\n" if program.libraries else ""
    return exec_script(program.path, *flags, before=libraries + before)


def exec_script(program: Path, *flags: str, before: str = "") -> str:
    """Give a shell script that becomes a program, with flags before the words that it is given."""
    return f'#!/bin/sh\n{before}exec {shlex.join((str(program), *flags))} "$@"\n'


def _q(path: Path) -> str:
    return shlex.quote(str(path))
