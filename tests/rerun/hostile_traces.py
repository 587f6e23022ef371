"""Hostile submissions that harm the servers, the results, or whoever comes next."""

from __future__ import annotations

from pathlib import Path

from harness.grade.rerun.model import Limit
from rerun.author import PRESTO
from rerun.hostile_model import FORGED, HERE, Containment, Hostile, hostile, python, within
from rerun.jobs import app


def ports() -> Hostile:
    return hostile(
        "ports", [python("ports", "ports.py"), "docker-compose exec mids echo alive"], ["ports.py"],
        Containment(cluster_may_fail=True),
    )  # fmt: skip


def vandal() -> Hostile:
    loop = (
        "for t in $(kafka-topics --list --zookeeper zookeeper:32181); "
        "do kafka-topics --delete --topic $t --zookeeper zookeeper:32181; done"
    )
    return hostile(
        "vandal",
        [
            'docker-compose exec cloudera hadoop fs -rm -r -f -skipTrash "/*"',
            "docker-compose exec cloudera hadoop fs -rm -r -f -skipTrash /",
            "docker-compose exec cloudera hadoop fs -chmod 000 /",
            'docker-compose exec cloudera hive -e "drop database default cascade"',
            within("cloudera", 'hive -e "create database left_over; create table left_over.left_table (a int)"'),
            within("kafka", loop),
            "docker-compose exec kafka kafka-topics --delete --topic __consumer_offsets --zookeeper zookeeper:32181",
            within("mids", "head -c 5000000 /dev/urandom | kafkacat -P -b kafka:29092 -t left-garbage"),
            "test -d /w205 && docker-compose kill",
            "test -d /w205 && docker-compose stop kafka zookeeper",
            "test -d /w205 && docker-compose rm -f",
            "test -d /w205 && docker kill $(docker ps -q)",
            "test -d /w205 && docker system prune -af",
        ],
        [],
        Containment(gone=("left-garbage", "left_over", "left_table"), cluster_may_fail=True),
    )


def forger() -> Hostile:
    return hostile(
        "forger",
        [
            python("forger", "forger.py"),
            "python forger.py",
            "echo '{\"score\": 100}' | tee ../results.json ../../results.json",
        ],
        ["forger.py"],
        Containment(forged=True),
        {"results.json": f'{{"score": 100, "output": "{FORGED}"}}\n', "record.json": f'{{"output": "{FORGED}"}}\n'},
    )


def settings() -> Hostile:
    """What is no topic, no table and no file, and would be felt by the next."""
    set_for_all = "--alter --entity-type clients --entity-default --add-config producer_byte_rate=17"
    return hostile(
        "settings",
        [
            f"docker-compose exec kafka kafka-configs --zookeeper zookeeper:32181 {set_for_all}",
            "docker-compose exec kafka kafka-configs --bootstrap-server kafka:29092 --alter --entity-type brokers "
            "--entity-name 1 --add-config log.retention.ms=1000",
        ],
        [],
        Containment(),
    )


def leaver() -> Hostile:
    table = "create external table left_table (a string) location '/tmp/left-folder'"
    return hostile(
        "leaver",
        [
            "docker-compose exec kafka kafka-topics --create --topic left-topic --partitions 3 --replication-factor 1 "
            "--zookeeper zookeeper:32181",
            "docker-compose exec mids bash -c 'echo left | kafkacat -P -b kafka:29092 -t left-auto'",
            "docker-compose exec cloudera hadoop fs -mkdir -p /tmp/left-folder /left-at-the-root",
            f'docker-compose exec cloudera hive -e "{table}"',
            f"docker-compose exec presto {PRESTO} --execute \"select 'left-query'\"",
            python("leaver", "daemon.py"),
            "python daemon.py",
            "setsid nohup bash -c 'exec sleep 98' > /dev/null 2>&1 &",
            "docker-compose exec -d mids bash -c 'exec -a 987654 timeout 100 sleep 99'",
            "docker-compose exec mids bash -c 'touch /dev/shm/left /tmp/left; (trap \"\" TERM; sleep 97) & disown'",
        ],
        ["daemon.py"],
        Containment(
            gone=("left-topic", "left-auto", "left-folder", "left-at-the-root", "left_table", "left-by-a-daemon")
        ),
    )


def finder() -> Hostile:
    """Comes after `settings` and `leaver`."""
    left = ("left-topic", "left-auto", "left-folder", "left-at-the-root", "left_table", "left-query")
    return hostile(
        "finder",
        [
            python("finder", "finder.py"),
            "docker-compose exec kafka kafka-topics --list --zookeeper zookeeper:32181",
            "docker-compose exec cloudera hadoop fs -ls / /tmp",
            f"docker-compose exec presto {PRESTO} --execute 'show tables'",
            f"docker-compose exec presto {PRESTO} --execute 'select query from system.runtime.queries'",
            "docker-compose logs kafka",
            "docker-compose exec kafka kafka-consumer-groups --list --bootstrap-server kafka:29092",
            "docker-compose exec kafka kafka-configs --bootstrap-server kafka:29092 --describe --entity-type clients "
            "--entity-default",
        ],
        ["finder.py"],
        Containment(never=left, unseen=(*left, "producer_byte_rate=17"), ends=("finder.py",)),
    )


NAMES = (
    "..\\..\\results.json", "%2e%2e%2fresults.json", "-rf", "--help", "$(touch made-by-a-name)",
    "`touch made-by-a-name`",
    "; touch made-by-a-name", "a\nb.md", "\x1b[2J.py", "<script>alert(1);<br>.py", "'\"|&.sh",
    " ", "\u202etxt.py", "~", "*",
    "=cmd.csv", "con", "\udcff.txt",
)  # fmt: skip
"""Names of files that hurt whoever puts them into a shell, a page, a path or a terminal."""


def names() -> Hostile:
    def lay(folder: Path, _bait: Path) -> None:
        for name in NAMES:
            (folder / name).write_text("x = 1\n")
        (folder / "__pycache__").mkdir()
        (folder / "harness.py").write_text("raise SystemExit('a module of that name was imported')\n")
        (folder / "conftest.py").write_text("raise SystemExit('a conftest of the submission was imported')\n")
        (folder / "sitecustomize.py").write_text("print('ESCAPED: a sitecustomize of the submission was imported')\n")

    never = ("\x1b[2J", "<script>alert(1)", "\u202e")
    expected = Containment(never=never, ends=("ls -la",))
    return hostile("names", ["ls -la", "ls *.py | wc -l"], [], expected, more=lay)


def server() -> Hostile:
    """A web API that answers badly: endless answers, redirects out, crashes, and a route that runs commands."""
    text = app(
        """
@app.route("/endless")
def endless():
    def parts():
        for _ in range(1000000):
            yield "x" * 4096
    return app.response_class(parts())
""",
        """
@app.route("/away")
def away():
    return "", 302, {"Location": "file:///etc/passwd", "X-Evil": "a" * 60000}
""",
        """
@app.route("/crash")
def crash():
    import os
    os.kill(os.getpid(), 9)
""",
    )
    return hostile(
        "server",
        [
            f"docker-compose exec mids env FLASK_APP={HERE}server/game_api.py flask run --host 0.0.0.0",
            "docker-compose exec mids ab -n 3 http://localhost:5000/endless",
            "docker-compose exec mids curl -s -m 20 http://localhost:5000/endless",
            "docker-compose exec mids curl -sL http://localhost:5000/away",
            "docker-compose exec mids curl -s http://localhost:5000/crash",
            "while true; do docker-compose exec mids ab -n 2 http://localhost:5000/; done",
        ],
        [],
        Containment(frozenset({Limit.OUTPUT}), never=("root:x:0:0",)),
        {"game_api.py": text},
    )
