"""The addresses of a cluster that exists, and what a run on it may use of it.

They come from flags (`--kafka HOST:PORT`), the environment (`HARNESS_KAFKA`) or `[tool.harness.running]` in
pyproject.toml, in this order, each on its own: a laptop's pyproject can name the servers, and a CI job another prefix.
"""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from harness.cluster.addresses import ORIGINAL
from harness.cluster.names import FOLDER, Names
from harness.errors import UsageError

_ADDRESS = re.compile(r"(?:[A-Za-z0-9](?:[\w.\-]*\w)?|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_MASTER = re.compile(r"local(\[(\d+|\*)\])?|yarn|spark://[^\s/,]+:\d+(,[^\s/,]+:\d+)*|k8s://\S+")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the servers of a cluster are that the harness did not start.

    `kafka` is a list of brokers, `host:port` with commas between; `hdfs` the URI of the file system; `metastore`,
    `presto` and `namenode_http` are `host:port`. `spark` is the URL of a master, or `local[N]` for drivers on this
    machine; `driver_host` is the address of this machine that its workers reach. `namenode_http` is for questions
    about DataNodes, and may be left out. `kafka_replicas` and `hdfs_replicas` are how often each event and each block
    is kept. `user` is who writes in HDFS. `spark_conf` and `hadoop_conf` are settings that the cluster's clients need.
    """

    kafka: str
    hdfs: str
    metastore: str
    presto: str
    prefix: str
    spark: str = "local[2]"
    driver_host: str = ""
    namenode_http: str = ""
    folder: str = FOLDER
    user: str = ""
    kafka_replicas: int = 1
    hdfs_replicas: int = 1
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    hadoop_conf: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """The names of what the run makes."""
        return Names(self.prefix, self.folder, self.kafka_replicas)

    @property
    def namenode(self) -> str:
        """What stands for `host:port` of the NameNode in the file system's URI; a name service has no port."""
        return self.hdfs.partition("://")[2].rstrip("/")

    @property
    def listeners(self) -> Mapping[str, str]:
        """What stands in for each of the original's addresses, by the names of `addresses.ORIGINAL`."""
        return {"kafka": self.kafka, "namenode": self.namenode, "metastore": self.metastore, "presto": self.presto}

    @property
    def originals(self) -> Mapping[str, str]:
        """What each name and address stands for, and how many copies the original's single broker keeps."""
        copies = {} if self.kafka_replicas == 1 else _COPIES
        return {
            self.hdfs.rstrip("/"): "hdfs://{}:{}".format(*ORIGINAL["namenode"]),
            **{there: "{}:{}".format(*ORIGINAL[name]) for name, there in self.listeners.items()},
            **self.names.originals(),
            **{text.format(self.kafka_replicas): text.format(1) for text in copies},
        }

    def as_dict(self) -> dict[str, Any]:
        """Give all of it as JSON values."""
        return asdict(self)


_COPIES = ("--replication-factor {}", "ReplicationFactor: {}")
"""How `kafka-topics` is told of copies, and tells of them."""

REQUIRED = ("kafka", "hdfs", "metastore", "presto")
NUMBERS = ("kafka_replicas", "hdfs_replicas")
TABLES = ("spark_conf", "hadoop_conf")
TEXTS = tuple(each.name for each in fields(Elsewhere) if each.name not in (*NUMBERS, *TABLES))


def elsewhere(values: Mapping[str, object], sources: Mapping[str, str], prefix: str) -> Elsewhere:
    """Make it of what was given; `sources` says where each value came from, `prefix` is taken where none was given.

    Raises UsageError naming the value that is missing or cannot be, and how it is given.
    """
    if missing := [name for name in REQUIRED if not values.get(name)]:
        raise UsageError(
            f"The running backend does not know where {_listed(missing)} {'is' if len(missing) == 1 else 'are'}.",
            wanted=", ".join(f"--{name} {_EXAMPLES[name]}" for name in missing),
            remedy=f"give the flag, set {' and '.join(f'HARNESS_{name.upper()}' for name in missing)}, or write"
            " it under [tool.harness.running] in pyproject.toml",
        )
    for name in values:
        if name not in _CHECKS and name not in TABLES:
            raise UsageError(
                f"{sources.get(name, name)}: the running backend has no setting {name}.",
                wanted=", ".join((*_CHECKS, *TABLES)),
            )
    texts = {name: str(values.get(name, "")).strip() for name in TEXTS}
    for name, text in texts.items():
        if text and not _CHECKS[name](text):
            raise UsageError(
                f"{sources[name]} cannot be {text!r}.", wanted=f"such as {_EXAMPLES[name]}", remedy="mend it there"
            )
    numbers = {name: _number(values[name], sources[name]) for name in NUMBERS if name in values}
    tables = {name: _table(values[name], sources[name]) for name in TABLES if name in values}
    given = {name: text for name, text in texts.items() if text}
    given.setdefault("prefix", prefix)
    given.setdefault("user", getpass.getuser())
    if not given.get("spark", "local").startswith("local"):
        given.setdefault("driver_host", _own_address(given["kafka"]))
    found = Elsewhere(**given, **numbers, **tables)  # type: ignore[arg-type]
    _ = found.names  # raises UsageError for a prefix or folder that cannot be
    return found


def _is_address(text: str) -> bool:
    match = _ADDRESS.fullmatch(text)
    return match is not None and 0 < int(match["port"]) < 65536


def _are_addresses(text: str) -> bool:
    return all(_is_address(each) for each in text.split(","))


def _is_file_system(text: str) -> bool:
    scheme, _, place = text.partition("://")
    return bool(scheme.isalnum() and re.fullmatch(r"[\w.\-]+(:\d{1,5})?/?", place))


def _is_host(text: str) -> bool:
    return re.fullmatch(r"[\w.\-:]+", text) is not None


_EXAMPLES: Mapping[str, str] = {
    "kafka": "broker-1:9092,broker-2:9092",
    "hdfs": "hdfs://namenode:8020",
    "metastore": "metastore:9083",
    "presto": "coordinator:8080",
    "spark": "spark://master:7077",
    "driver_host": "192.0.2.7",
    "namenode_http": "namenode:9870",
    "prefix": "kim_pipeline",
    "folder": FOLDER,
    "user": "kim",
}

_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "kafka": _are_addresses,
    "hdfs": _is_file_system,
    "metastore": _is_address,
    "presto": _is_address,
    "spark": lambda text: _MASTER.fullmatch(text) is not None,
    "driver_host": _is_host,
    "namenode_http": _is_address,
    "prefix": bool,
    "folder": bool,
    "user": _is_host,
    **dict.fromkeys(NUMBERS, bool),
}


def _number(value: object, source: str) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or not 0 < int(text) < 100:
        raise UsageError(f"{source} cannot be {value!r}.", wanted="how many copies are kept, from 1 on")
    return int(text)


def _table(value: object, source: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{source} is no table.", wanted='lines such as "spark.executor.memory" = "2g"')
    return {str(name): str(each).lower() if isinstance(each, bool) else str(each) for name, each in value.items()}


def _own_address(brokers: str) -> str:
    """Give the address of this machine by which it reaches the cluster; nothing is sent to find it out."""
    host, _, port = brokers.split(",")[0].rpartition(":")
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect(address)
            return str(asked.getsockname()[0])
    except OSError:
        return ""  # the name is not known here: the questions before the first step will say so


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
