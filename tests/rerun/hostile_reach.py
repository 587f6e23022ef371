"""Hostile submissions that reach for what is not theirs: answers, the network, other processes, the system."""

from __future__ import annotations

from pathlib import Path

from rerun.author import PRESTO
from rerun.hostile_model import SECRET, Containment, Hostile, hostile, python


def peek() -> Hostile:
    return hostile(
        "peek",
        [
            python("peek", "peek.py"),
            python("peek", "peek.py", "spark"),
            "python peek.py",
            "env",
            'docker-compose exec mids bash -c \'cat /proc/[0-9]*/environ | tr "\\0" "\\n" | sort -u | head -100\'',
            "docker run -v /:/host alpine cat /host@BAIT@/rubric.yaml",
            "docker cp @BAIT@/rubric.yaml .",
            "docker-compose -f @BAIT@/rubric.yaml config",
        ],
        ["peek.py"],
        Containment(never=(SECRET,)),
    )


def tables() -> Hostile:
    """Files of the grader's as rows of a table: servers open what a location names."""
    ask = f"docker-compose exec presto {PRESTO} --execute"
    hive = "docker-compose exec cloudera hive -e"
    bait = "file://@BAIT@"
    return hostile(
        "tables",
        [
            f"{hive} \"create external table answers (line string) location '{bait}'\"",
            f"{hive} \"create external table system_users (line string) location 'file:///etc'\"",
            f"{ask} \"create table peek (line varchar) with (format = 'TEXTFILE', external_location = '{bait}')\"",
            f"{ask} \"create schema golden with (location = '{bait}/golden')\"",
            f"{ask} 'select * from answers'",
            f"{ask} 'select * from peek'",
            f"{ask} 'select * from system_users'",
            f"{ask} 'drop schema golden'",
            f"{hive} \"create database other location '{bait}/other-submission'; drop database other cascade\"",
        ],
        [],
        Containment(unseen=("root:x", "root:$", "root:*"), cluster_may_fail=True),
    )


def network() -> Hostile:
    return hostile(
        "network",
        [
            python("network", "network.py"),
            "python network.py",
            "docker-compose exec mids curl -m 5 http://example.com/",
            "docker-compose exec mids curl -m 5 http://1.1.1.1/",
        ],
        ["network.py"],
        Containment(never=("Example Domain",)),
    )


def kills() -> Hostile:
    ways = ("group", "parents", "pids", "all")
    return hostile(
        "kills",
        [
            *(python("kills", f"kills.py {way}") for way in ways),
            *(f"python kills.py {way}" for way in ways),
            "docker-compose exec mids bash -c 'kill -9 -1'",
            "docker-compose exec mids echo alive",
            "test -d /w205 && kill -9 -1",
            "test -d /w205 && kill -9 $$ $PPID",
        ],
        ["kills.py"],
        Containment(),
    )


def links() -> Hostile:
    def lay(folder: Path, bait: Path) -> None:
        for name, target in (("answers.txt", bait / "rubric.yaml"), ("shadow", Path("/etc/shadow")), ("outside", bait),
                             ("root", Path("/")), ("loop", folder / "loop"), ("up", Path("../.."))):  # fmt: skip
            (folder / name).symlink_to(target)

    return hostile(
        "links",
        [
            python("links", "links.py"),
            "cat answers.txt shadow",
            "cp -r outside copied",
            "echo x > outside/written-by-a-shell",
        ],
        ["links.py"],
        Containment(never=(SECRET, "root:$")),
        more=lay,
    )


def tamper() -> Hostile:
    commands = [python("tamper", "tamper.py", service) for service in ("mids", "spark", "cloudera")]
    commands += [
        "docker-compose exec mids pip install --upgrade --no-index --force-reinstall ./evil",
        "python tamper.py",
    ]
    return hostile("tamper", commands, ["tamper.py"], Containment())


def privileges() -> Hostile:
    commands = [python("privileges", "privileges.py"), "python privileges.py", "docker-compose exec -u root mids id",
                "docker-compose exec --privileged mids mount -t tmpfs none /mnt"]  # fmt: skip
    return hostile("privileges", commands, ["privileges.py"], Containment())


COMPOSE = """version: '3'
services:
  mids:
    image: midsw205/base:0.1.9
    privileged: true
    network_mode: host
    pid: host
    ipc: host
    uts: host
    userns_mode: host
    cgroup_parent: /
    user: root
    cap_add: [ALL]
    security_opt: [seccomp:unconfined, apparmor:unconfined]
    devices: [/dev/mem:/dev/mem, /dev/kvm:/dev/kvm]
    extra_hosts: ["kafka:1.1.1.1"]
    dns: 1.1.1.1
    environment:
      STOLEN: ${SECRET_OF_THE_GRADER}
      LD_PRELOAD: /w205/evil.so
    env_file: @BAIT@/rubric.yaml
    volumes:
      - /:/host
      - /etc:/hostetc:ro
      - @BAIT@:/answers
      - /var/run/docker.sock:/var/run/docker.sock
      - ~/w205:/w205
      - type: bind
        source: /dev
        target: /devices
    secrets: [rubric]
    configs: [{source: rubric, target: /rubric.yaml}]
    entrypoint: ["sh", "-c", "cat /host/etc/shadow; exec bash"]
  kafka:
    image: confluentinc/cp-kafka:latest
    build: {context: /, dockerfile: @BAIT@/rubric.yaml}
  evil:
    image: evil/miner:latest
    restart: always
    ports: ["0.0.0.0:22:22"]
  zookeeper: {image: confluentinc/cp-zookeeper:latest}
  cloudera: {image: midsw205/hadoop:0.0.2}
  spark: {image: midsw205/spark-python:0.0.6}
  presto: {image: midsw205/presto:0.0.1}
secrets: {rubric: {file: @BAIT@/rubric.yaml}}
configs: {rubric: {file: @BAIT@/rubric.yaml}}
networks: {default: {external: true, name: host}}
volumes: {outer: {driver_opts: {type: none, o: bind, device: /}}}
include: [@BAIT@/rubric.yaml]
"""
BOMB = "\n".join(
    [
        "a0: &a0 [x, x]",
        *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)),
        "services: {mids: {image: *a39}}",
        "",
    ]
)


def compose() -> Hostile:
    return hostile(
        "compose",
        [
            python("compose", "look.py"),
            "docker-compose exec --privileged -u root mids cat /hostetc/shadow",
            "docker-compose run -v /:/host --rm mids cat /host/etc/shadow",
            "docker run --privileged -v /:/host --pid host alpine chroot /host id",
            "docker-compose -f bomb.yml config",
            "docker-compose build --no-cache",
            "docker-compose exec evil id",
        ],
        ["look.py"],
        Containment(never=(SECRET, "root:$")),
        {"docker-compose.yml": COMPOSE, "bomb.yml": BOMB},
    )
