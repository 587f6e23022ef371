"""`docker-compose` and `docker` of the sandbox, run as they are there.

`down` ends every process of its services that it can see, so the services here have names of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.grade.rerun import guest

MIDS, KAFKA = (f"{name}{os.getpid()}" for name in ("mids", "kafka"))


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    """The shim in a folder of its own, with two services and one that is not here."""
    shutil.copytree(Path(guest.__file__).parent / "compose_shim", tmp_path / "compose_shim")
    (tmp_path / "kafka.log").write_text("[2026] INFO started (kafka.server)\nlast\n")
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "SERVICE": "yes"}
    rooms = {
        KAFKA: {"environment": environment, "folder": "/", "logs": [str(tmp_path / "kafka.log")]},
        MIDS: {"environment": environment, "folder": str(tmp_path)},
    }
    told = {
        "rooms": rooms,
        "lacking": {"mongo": "it is none of the course's"},
        "project": "kim",
        "ended": str(tmp_path / "ended"),
    }
    (tmp_path / "rooms.json").write_text(json.dumps(told))
    return tmp_path / "compose_shim"


def typed(shim: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Type a command."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(shim), *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["docker-compose", "exec", MIDS],
        ["docker-compose", "exec", "-T", MIDS],
        ["docker-compose", "-f", "docker-compose.yml", "exec", "-it", MIDS],
        ["docker-compose", "exec", "-u", "root", "-e", "A=1", MIDS],
        ["docker-compose", "run", "--rm", MIDS],
        ["docker", "exec", "-it", f"kim_{MIDS}_1"],
        ["docker", "exec", "-i", f"project-3-{MIDS}-1"],
        ["docker", "compose", "exec", MIDS],
    ],
)
def test_exec_leads_to_the_service(shim: Path, words: list[str]) -> None:
    done = typed(shim, *words, "sh", "-c", "echo $SERVICE $W205_ROOM; cat; pwd; exit 7", stdin="given\n")
    assert (done.returncode, done.stdout) == (7, f"yes {MIDS}\ngiven\n{shim.parent}\n")


def test_options_of_exec_are_kept(shim: Path) -> None:
    done = typed(shim, "docker-compose", "exec", "-e", "A=1 2", "-w", "/usr", KAFKA, "sh", "-c", 'echo "$A"; pwd')
    assert done.stdout == "1 2\n/usr\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["docker-compose", "exec", "nothing", "ls"], "No such service: nothing"),
        (["docker-compose", "exec", "mongo", "mongo"], "it is none of the course's"),
        (["docker-compose", "exec", MIDS, "no-such-program"], "executable file not found"),
        (["docker-compose", "swarm"], "cannot be done in a rerun"),
        (["docker", "run", "-v", "/:/host", "alpine"], "cannot be done in a rerun"),
        (["docker-compose"], "cannot be done in a rerun"),
    ],
)
def test_what_cannot_be_done_is_said(shim: Path, words: list[str], said: str) -> None:
    done = typed(shim, *words)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_after_down_no_service_answers_until_up(shim: Path) -> None:
    assert f"Stopping kim_{KAFKA}_1" in typed(shim, "docker-compose", "down").stderr
    gone = typed(shim, "docker-compose", "exec", MIDS, "true")
    assert (gone.returncode, gone.stderr.strip()) == (1, f"ERROR: No container found for {MIDS}_1")
    assert f"Creating kim_{MIDS}_1 ... done" in typed(shim, "docker-compose", "up", "-d").stderr
    assert typed(shim, "docker-compose", "exec", MIDS, "true").returncode == 0


def test_down_ends_what_runs_in_services(shim: Path) -> None:
    words = [sys.executable, "-I", "-S", str(shim), "docker-compose", "exec", MIDS, "sleep", "60"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as going:
        while f"W205_ROOM={MIDS}".encode() not in Path(f"/proc/{going.pid}/environ").read_bytes():
            assert going.poll() is None
        typed(shim, "docker-compose", "stop", KAFKA)
        assert going.poll() is None
        typed(shim, "docker-compose", "stop", MIDS)
        assert going.wait(20) == -9


def test_services_and_logs_are_shown(shim: Path) -> None:
    shown = typed(shim, "docker-compose", "ps").stdout
    assert [line.split()[0] for line in shown.splitlines()[2:]] == [f"kim_{KAFKA}_1", f"kim_{MIDS}_1"]
    assert f"kim_{MIDS}_1" in typed(shim, "docker", "ps").stdout
    assert "started" in typed(shim, "docker-compose", "logs", KAFKA).stdout
    assert typed(shim, "docker-compose", "logs", "--tail", "1", KAFKA).stdout == "last\n"


def test_copies_go_to_and_from_services(shim: Path) -> None:
    (shim.parent / "a").write_text("a")
    assert typed(shim, "docker", "cp", str(shim.parent / "a"), f"kim_{MIDS}_1:{shim.parent}/b").returncode == 0
    assert (shim.parent / "b").read_text() == "a"
