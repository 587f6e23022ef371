"""Readiness by protocol: each probe asks a server a question that only a useful server answers.

A probe returns its answer in a few words, or raises `NotReady` with what it saw. It never waits for one answer longer
than `TIMEOUT` seconds. This file stands alone: the containers of the compose backend have it too.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"

HDFS_USER = "root"
"""The user of every HDFS and metastore call, as in the original's containers."""

TIMEOUT = 5.0


class NotReady(Exception):
    """The server does not answer as a useful one does; the text says how."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question to a server: what it asks, in words for error messages, and how."""

    question: str
    ask: Callable[[], str]


def for_server(name: str, ports: Mapping[str, int], broker: str) -> Probe:
    """Give the probe of a server by its name; `broker` is the address that the Kafka broker advertises."""
    match name:
        case "zookeeper":
            return zookeeper(ports["zookeeper"])
        case "kafka":
            return kafka(broker)
        case "namenode":
            return namenode(ports["namenode-http"])
        case "datanode":
            return datanode(ports["namenode-http"])
        case "metastore":
            return metastore(ports["metastore"])
        case "presto":
            return presto(ports["presto"])
        case "api":
            return http_answer(ports["api"], "/healthz")
    raise KeyError(name)


def of_added(port: int, ready: str, environment: Mapping[str, str]) -> Probe:
    """Give the probe of a server that a project adds: a path of its own HTTP server, a command, or its port alone."""
    if ready.startswith("/"):
        return http_answer(port, ready)
    return of_command(ready, environment) if ready else listens(port)


def zookeeper(port: int) -> Probe:
    """Ask for `srvr`, whose answer names the mode that the server is in."""

    def ask() -> str:
        with socket.create_connection((LOOPBACK, port), TIMEOUT) as connection:
            connection.sendall(b"srvr")
            answer = _read_all(connection)
        for line in answer.splitlines():
            if line.startswith("Mode:"):
                return line
        raise NotReady(f"answered {answer[:100]!r}")

    return Probe(f"srvr on {LOOPBACK}:{port}", _plain(ask))


def kafka(address: str) -> Probe:
    """Ask for the list of topics, from the address that the broker advertises."""

    def ask() -> str:
        from kafka import KafkaAdminClient  # type: ignore[import-untyped]
        from kafka.errors import KafkaError  # type: ignore[import-untyped]

        first_listening(address)
        try:
            client = KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=int(TIMEOUT * 1000))
        except KafkaError as problem:
            raise NotReady(f"{type(problem).__name__}: {problem}") from problem
        try:
            return f"{len(client.list_topics())} topics"
        except KafkaError as problem:
            raise NotReady(f"{type(problem).__name__}: {problem}") from problem
        finally:
            client.close()

    return Probe(f"a list of topics from {address}", _plain(ask))


def namenode(http_port: int) -> Probe:
    """Ask whether the NameNode answers about itself."""

    def ask() -> str:
        return f"version {namenode_info(f'{LOOPBACK}:{http_port}')['SoftwareVersion']}"

    return Probe(f"NameNodeInfo on {LOOPBACK}:{http_port}/jmx", _plain(ask))


def datanode(http_port: int) -> Probe:
    """Ask for one live DataNode and no safe mode; then make the folders that Hive needs, and write and read a file."""

    def ask() -> str:
        info = namenode_info(f"{LOOPBACK}:{http_port}")
        if info["Safemode"]:
            raise NotReady(f"safe mode: {str(info['Safemode'])[:120]}")
        if (live := live_datanodes(info)) != 1:
            raise NotReady(f"{live} live datanodes")
        make_folders(f"{LOOPBACK}:{http_port}")
        file = f"/user/.ready-{os.getpid()}"  # not where steps look; and a health check may ask at the same time
        _webhdfs(f"{LOOPBACK}:{http_port}", "PUT", file, "CREATE", overwrite="true", body=b"ready")
        _webhdfs(f"{LOOPBACK}:{http_port}", "DELETE", file, "DELETE")
        return "1 live datanode, wrote a file"

    return Probe("one live datanode and a write through WebHDFS", _plain(ask))


def metastore(port: int, host: str = LOOPBACK) -> Probe:
    """Ask for all databases, by a Thrift call (binary protocol, as metastore clients make it)."""

    def ask() -> str:
        with socket.create_connection((host, port), TIMEOUT) as connection:
            connection.sendall(thrift_call("get_all_databases"))
            connection.settimeout(TIMEOUT)
            answer = connection.recv(65536)
        if len(answer) < 8 or answer[:4] != b"\x80\x01\x00\x02" or b"default" not in answer:
            raise NotReady(f"answered {answer[:80]!r}")
        return "has the database default"

    return Probe(f"get_all_databases on {host}:{port}", _plain(ask))


def presto(port: int, host: str = LOOPBACK) -> Probe:
    """Ask for SELECT 1, then for the schemas of the catalog hive."""

    def ask() -> str:
        presto_query(f"{host}:{port}", "select 1")
        return f"schemas {presto_query(f'{host}:{port}', 'show schemas from hive')}"

    return Probe(f"SQL and the schemas of hive on {host}:{port}", _plain(ask))


def listens(port: int) -> Probe:
    """Ask whether somebody takes connections."""

    def ask() -> str:
        socket.create_connection((LOOPBACK, port), TIMEOUT).close()
        return "takes connections"

    return Probe(f"a connection to {LOOPBACK}:{port}", _plain(ask))


def of_command(command: str, environment: Mapping[str, str]) -> Probe:
    """Run a shell command and want the exit code 0."""

    def ask() -> str:
        try:
            done = subprocess.run(
                ["sh", "-c", command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as problem:
            raise NotReady(f"no end after {TIMEOUT:.0f} s") from problem
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
        said = "".join(character for character in lines[-1][:200] if character.isprintable()) if lines else ""
        if done.returncode:
            raise NotReady(f"exit code {done.returncode}: {said}")
        return said or "exit code 0"

    return Probe(command, _plain(ask))


def http_answer(port: int, path: str) -> Probe:
    """Ask an HTTP server for a path, and take any answer but an error of its own (5xx)."""

    def ask() -> str:
        url = f"http://{LOOPBACK}:{port}{path}"
        try:
            return _http("GET", url).decode("utf-8", "replace").strip()[:80] or "HTTP 200"
        except urllib.error.HTTPError as problem:
            if problem.code >= 500:
                raise
            return f"HTTP {problem.code}"

    return Probe(f"GET {path} on {LOOPBACK}:{port}", _plain(ask))


def _plain(ask: Callable[[], str]) -> Callable[[], str]:
    """Turn the ways in which a question fails into NotReady."""

    def asked() -> str:
        try:
            return ask()
        except urllib.error.HTTPError as problem:
            raise NotReady(f"HTTP {problem.code}: {problem.read(200)!r}") from problem
        except (OSError, http.client.HTTPException, ValueError, KeyError) as problem:
            reason = getattr(problem, "reason", problem)
            raise NotReady(f"{type(problem).__name__}: {reason}") from problem

    return asked


def first_listening(addresses: str) -> str:
    """Give the first of several `host:port`, with commas between, at which somebody listens.

    Raises NotReady with what was seen at each when nobody does.
    """
    seen = []
    for address in addresses.split(","):
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), TIMEOUT).close()
        except OSError as problem:
            seen.append(f"{address}: {problem}")
        else:
            return address
    raise NotReady("; ".join(seen))


def thrift_call(name: str, arguments: bytes = b"") -> bytes:
    """Give the message of a call by Thrift's binary protocol; `arguments` are its fields, written already."""
    return struct.pack(">II", 0x80010001, len(name)) + name.encode() + struct.pack(">I", 0) + arguments + b"\0"


def http_get(url: str) -> bytes:
    """Give the body of a page. Raises OSError when there is none."""
    return _http("GET", url)


def _http(method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})  # noqa: S310 - our own address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT) as answer:
        return bytes(answer.read())


def namenode_info(address: str) -> dict[str, object]:
    """Give what a NameNode says of itself at `host:port` of its HTTP server: version, safe mode, live DataNodes."""
    url = f"http://{address}/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo"
    beans = json.loads(_http("GET", url))["beans"]
    if not beans:
        raise NotReady("no NameNodeInfo yet")
    info: dict[str, object] = beans[0]
    return info


def make_folders(address: str) -> None:
    """Make the folders that Hive needs, for everybody to write to, by a NameNode's HTTP server at `host:port`."""
    for folder in ("/tmp", "/user/hive/warehouse"):  # noqa: S108 - a folder in HDFS
        _webhdfs(address, "PUT", folder, "MKDIRS", permission="1777")


def _webhdfs(address: str, method: str, path: str, operation: str, body: bytes | None = None, **options: str) -> None:
    query = urllib.parse.urlencode({"op": operation, "user.name": HDFS_USER, **options})
    url = f"http://{address}/webhdfs/v1{path}?{query}"
    if body is not None:
        # The NameNode names the DataNode to write to instead of redirecting, so that no body is sent twice.
        url = json.loads(_http(method, f"{url}&noredirect=true"))["Location"]
    _http(method, url, body, {"Content-Type": "application/octet-stream"})


def presto_query(address: str, sql: str, *, within: float = TIMEOUT) -> list[object]:
    """Run a query by Presto's own HTTP protocol: post it, then follow `nextUri` to its end.

    Gives the first column. Raises NotReady with Presto's words when the query fails; one that has no end `within` so
    many seconds is given up: Presto says every second that it goes on, however long it waits for the metastore.
    """
    deadline = time.monotonic() + within
    headers = {"X-Presto-User": "probe", "X-Presto-Catalog": "hive", "X-Presto-Schema": "default"}
    answer = json.loads(_http("POST", f"http://{address}/v1/statement", sql.encode(), headers))
    rows: list[object] = []
    while True:
        rows += [row[0] for row in answer.get("data", [])]
        if "error" in answer:
            raise NotReady(str(answer["error"].get("message"))[:200])
        if "nextUri" not in answer:
            return rows
        if time.monotonic() > deadline:
            _http("DELETE", answer["nextUri"], headers=headers)
            raise NotReady(f"{sql}: no end after {within:.0f} s")
        answer = json.loads(_http("GET", answer["nextUri"], headers=headers))


def presto_nodes(address: str) -> int:
    """Give how many nodes of a Presto at `host:port` are active, the coordinator too."""
    sql = "select count(*) from system.runtime.nodes where state = 'active'"
    return int(str(presto_query(address, sql)[0]))


def live_datanodes(info: Mapping[str, object]) -> int:
    """Give how many DataNodes live, by what `namenode_info` gave."""
    return len(json.loads(str(info["LiveNodes"])))


def _read_all(connection: socket.socket) -> str:
    connection.settimeout(TIMEOUT)
    blocks = []
    while block := connection.recv(4096):
        blocks.append(block)
    return b"".join(blocks).decode("utf-8", "replace")
