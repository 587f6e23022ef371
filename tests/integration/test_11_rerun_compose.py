"""A submission is rerun in the containers of its own compose file, and nothing in them reaches this machine."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socket import AF_INET

import engine
import psutil
import pytest
from machine import PROJECT, containers_left
from rich.console import Console

from harness import progress, settings
from harness.cluster import backends
from harness.cluster.compose import images
from harness.cluster.compose.cluster import ComposeCluster
from harness.cluster.protocol import Cluster
from harness.grade.rerun import sandbox
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Ending, Ran, Rerun
from harness.grade.rerun.packages import ensure
from harness.grade.rerun.stage import ComposeStage
from harness.grade.submission import load
from harness.settings import cache_dir

COMPOSE = """\
version: '2'
services:
  zookeeper:
    image: confluentinc/cp-zookeeper:latest
    environment: {ZOOKEEPER_CLIENT_PORT: 32181, ZOOKEEPER_TICK_TIME: 2000}
  broker:
    image: confluentinc/cp-kafka:latest
    depends_on: [zookeeper]
    environment:
      KAFKA_BROKER_ID: 1
      KAFKA_ZOOKEEPER_CONNECT: zookeeper:32181
      KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://broker:29092
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 1
  cloudera: {image: 'midsw205/hadoop:0.0.2', hostname: cloudera}
  redis: {image: 'redis:latest'}
  spark: {image: 'midsw205/spark-python:0.0.6', stdin_open: true, tty: true, volumes: ['~/w205:/w205'], command: bash}
  mids:
    image: midsw205/base:0.1.9
    stdin_open: true
    tty: true
    volumes: ['~/w205:/w205', './:/code', '/etc:/their-etc']
    ports: ['5000:5000']
"""

API = """\
from flask import Flask, request
from kafka import KafkaProducer
import json
app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers='broker:29092')


@app.route('/')
def default():
    producer.send('events', json.dumps({'event_type': 'default', 'Host': request.headers['Host']}).encode()).get(10)
    return 'hello'
"""

JOB = """\
from pyspark.sql import Row, SparkSession
import json
spark = SparkSession.builder.getOrCreate()
raw = spark.read.format('kafka').option('kafka.bootstrap.servers', 'broker:29092').option('subscribe', 'events') \\
    .option('startingOffsets', 'earliest').option('endingOffsets', 'latest').load()
events = raw.rdd.map(lambda r: Row(**json.loads(r.value.decode()))).toDF()
events.write.mode('overwrite').parquet('/tmp/events')
print('counted', events.count())
"""

PROBE = """\
import socket, struct, sys
port, *places = sys.argv[1:]
for line in open('/proc/net/route').read().splitlines()[1:]:
    network = struct.unpack('<L', bytes.fromhex(line.split()[1]))[0]
    places += [socket.inet_ntoa(struct.pack('!L', network + 1))] if network else []
for place in [(place, int(port)) for place in places] + [('1.1.1.1', 53)]:
    asked = socket.socket()
    asked.settimeout(1)
    try:
        asked.connect(place)
        print('reached', place)
    except OSError:
        print('nothing at', place)
"""

REPORT = """\
# Mine

```
docker-compose up -d
docker-compose exec broker kafka-topics --create --topic events --partitions 1 --replication-factor 1 --zookeeper z:1
```
```
docker-compose exec mids env FLASK_APP=/w205/mine/api.py flask run --host 0.0.0.0
```
```
docker-compose exec mids ab -n 3 -H "Host: user1.comcast.com" http://localhost:5000/
for n in 1 2; do curl -s http://localhost:5000/; done
docker-compose exec mids bash -c "ls /code/api.py /their-etc; id -u; grep -E 'CapBnd|NoNewPrivs' /proc/self/status"
docker-compose exec mids python /w205/mine/probe.py {places}
python3 probe.py {places}
ls -la /var/run/docker.sock {project}/harness
echo made on the host > note.txt; docker-compose exec -T mids cat /w205/mine/note.txt
docker cp note.txt mine_mids_1:/tmp/copied.txt && docker-compose exec mids cat /tmp/copied.txt
docker-compose exec mids python -c "import redis; r = redis.Redis('redis'); r.set('a', 1); print('it has', r.incr('a'))"
docker-compose exec mids no-such-program
docker-compose exec mids bash -c "pip install iniconfig && python -c 'import iniconfig as i; print(i.__name__)'"
docker-compose exec spark bash -c "pip install nothing-like-it"
timeout -s KILL 3 docker-compose exec mids sleep 54321
docker-compose exec mids bash -c "sleep 2; grep -las 5432[1] /proc/[0-9]*/cmdline || echo none left"
docker-compose exec spark spark-submit /w205/mine/job.py
docker-compose exec cloudera hadoop fs -ls /tmp/events
```
```
docker-compose exec spark pyspark
```
```
>>> print('cells', spark.read.parquet('/tmp/events').count())
```
```
docker-compose ps
docker-compose down
```
"""


@pytest.fixture(scope="module")
def places() -> Iterator[str]:
    """The port of a server on every address of this machine, which no stranger may reach, and those addresses."""
    addresses = {each.address for many in psutil.net_if_addrs().values() for each in many if each.family == AF_INET}
    with socketserver.TCPServer(("", 0), socketserver.BaseRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield " ".join([str(server.server_address[1]), *sorted(addresses)])
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def rerun(tmp_path_factory: pytest.TempPathFactory, places: str) -> Rerun:
    """The rerun of a submission."""
    if why := sandbox.why_not():
        pytest.skip(why)
    engine.build_images()
    folder = tmp_path_factory.mktemp("class") / "mine"
    folder.mkdir()
    report = REPORT.replace("{places}", places).replace("{project}", str(PROJECT))
    files = {"docker-compose.yml": COMPOSE, "api.py": API, "job.py": JOB, "probe.py": PROBE, "README.md": report}
    for name, text in files.items():
        (folder / name).write_text(text)
    out = tmp_path_factory.mktemp("out")
    (out / "pyproject.toml").write_text("[tool.harness]\n")
    found = replace(settings.resolve(project=out), backend="compose", mode=None, guests=True)

    def start(file: Path) -> ComposeCluster:
        download = progress.DownloadProgress(Console(quiet=True))
        cluster: Cluster = backends.start(replace(found, compose_file=file), lambda: out, download, lambda _: None)
        assert isinstance(cluster, ComposeCluster)
        return cluster

    packages = ensure(("iniconfig",), cache_dir(), print, images.pip_target())
    stage = ComposeStage(start, lambda _: None, packages)
    try:
        return stage.rerun(folder, load(folder), Limits(), lambda _: None)
    finally:
        stage.close()


def ran(rerun: Rerun, *words: str) -> Ran:
    found = [each for each in rerun.commands if all(word in each.typed.text for word in words)]
    assert found, words
    assert found[0].capture is not None
    return found[0]


def printed(rerun: Rerun, *words: str) -> str:
    capture = ran(rerun, *words).capture
    assert capture is not None
    return f"{capture.stdout}{capture.stderr}"


def test_its_commands_run_in_its_own_containers(rerun: Rerun) -> None:
    assert rerun.fault is None
    assert not rerun.breaches
    assert rerun.backend == "compose"
    assert ran(rerun, "flask run").ending is Ending.STOPPED
    assert "Complete requests:      3" in printed(rerun, "ab -n 3")
    assert printed(rerun, "curl -s").count("hello") == 2  # by the port that the file publishes
    assert printed(rerun, "flask run").count('"GET / HTTP/1') == 5
    assert "counted 5" in printed(rerun, "job.py")
    assert "cells 5\n" in printed(rerun, "print('cells'")
    assert "/tmp/events/_SUCCESS" in printed(rerun, "hadoop fs")
    assert printed(rerun, "note.txt", "cat /w205") == "made on the host\n"
    assert printed(rerun, "docker cp") == "made on the host\n"
    refused = ran(rerun, "no-such-program").capture
    assert refused is not None
    assert (refused.exit_code, "executable file not found" in refused.stderr) == (126, True)
    assert printed(rerun, "none left") == "none left\n"  # a command ends with the one who typed it
    assert printed(rerun, "redis.Redis") == "it has 2\n"
    allowed = printed(rerun, "pip install iniconfig")
    assert "already satisfied: iniconfig" in allowed
    assert allowed.endswith("\niniconfig\n")
    assert "'nothing-like-it' is not there" in printed(rerun, "nothing-like-it")
    assert "mine_broker_1" in printed(rerun, "docker-compose ps")
    assert rerun.state.topics == {"events": 5}
    assert rerun.state.paths == {"/tmp/events": 1}
    helps = {each.name: each.text for each in rerun.helps}
    assert {"zookeeper", "row", "compose-file"} <= helps.keys()
    notes = " ".join(each.text for each in rerun.helps if each.name == "compose-file")
    assert "/etc is not mounted at /their-etc" in notes
    assert "taken from that of the harness: presto" in notes


def test_nothing_reaches_this_machine(rerun: Rerun) -> None:
    seen = printed(rerun, "NoNewPrivs")
    assert "/code/api.py" in seen
    assert "cannot access '/their-etc'" in seen
    assert "CapBnd:\t0000000000000000" in seen
    assert "NoNewPrivs:\t1" in seen
    for words in (("exec mids python", "probe.py"), ("python3 probe.py",)):
        tried = printed(rerun, *words)
        assert "nothing at ('1.1.1.1', 53)" in tried, tried
        assert "nothing at ('127.0.0.1'" in tried, tried
        assert "reached" not in tried
    here = printed(rerun, "docker.sock")
    assert here.count("No such file") == 2
    assert not containers_left()
