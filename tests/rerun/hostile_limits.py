"""Hostile submissions that take more than there is: time, processes, memory, disk, output, files."""

from __future__ import annotations

from pathlib import Path

from harness.grade.rerun.model import Limit
from rerun.hostile_model import HERE, Containment, Hostile, hostile, python, within


def endless() -> Hostile:
    return hostile(
        "endless",
        [
            f"docker-compose exec spark spark-submit {HERE}endless/sleeper.py",
            "timeout 120 sleep infinity",
            """docker-compose exec mids bash -c "trap '' TERM INT HUP; sleep 100; echo over" """.strip(),
            "docker-compose exec mids timeout 100 cat",
        ],
        ["sleeper.py"],
        Containment(frozenset({Limit.TIME}), stopped=("sleeper.py", "sleep infinity", "sleep 100")),
    )


def forks() -> Hostile:
    return hostile(
        "forks",
        [
            "timeout 20 bash bomb.sh",
            python("forks", "forks.py"),
            "python forks.py",
            "docker-compose exec mids echo alive",
        ],
        ["forks.py", "bomb.sh"],
        Containment(frozenset({Limit.PROCESSES}), ends=("echo alive",)),
    )


def memory() -> Hostile:
    commands = [python("memory", f"memory.py {what}") for what in ("one", "many", "files")]
    return hostile(
        "memory",
        [*commands, "docker-compose exec mids echo alive"],
        ["memory.py"],
        Containment(frozenset({Limit.MEMORY}), ends=("echo alive",)),
    )


def disk() -> Hostile:
    return hostile(
        "disk",
        [
            "timeout 100 dd if=/dev/zero of=fill bs=1M count=6144; rm -f fill",
            within("mids", "timeout 100 dd if=/dev/zero of=/tmp/fill bs=1M count=6144; rm -f /tmp/fill"),
            python("disk", "disk.py"),
            python("disk", "disk.py --leave"),
            within("cloudera", "head -c 3000000000 /dev/zero | timeout 100 hadoop fs -put - /tmp/left-fill"),
            within("mids", "yes | head -c 3000000000 | timeout 100 kafkacat -P -b kafka:29092 -t left-fill"),
        ],
        ["disk.py"],
        Containment(frozenset({Limit.DISK}), gone=("left-fill",)),
    )


def noise() -> Hostile:
    kinds = ("escapes", "markup", "line", "colours", "lines", "rows")
    return hostile(
        "noise",
        [*(python("noise", f"noise.py {kind}") for kind in kinds), "timeout 60 yes", "timeout 60 yes '<script>' >&2"],
        ["noise.py"],
        Containment(
            frozenset({Limit.OUTPUT}),
            never=(
                "\x1b",
                "\x9b",
                "<script>alert",
                "<img src=x",
                "<iframe",
                "\u202e",
                "\n::error",
                "\n::set-output",
                "\n##vso",
            ),
        ),
    )


MANY = 20_000


def crowd() -> Hostile:
    def lay(folder: Path, _bait: Path) -> None:
        for number in range(MANY):
            (folder / f"{number:05}.txt").touch()

    expected = Containment(ends=("echo alive",))
    commands = [python("crowd", "crowd.py"), "docker-compose exec mids echo alive"]
    return hostile("crowd", commands, ["crowd.py"], expected, more=lay)
