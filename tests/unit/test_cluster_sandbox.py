"""What the sandbox of a cluster shows of this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from harness.cluster import sandbox
from harness.cluster.toolchain import system
from harness.settings import cache_dir

BWRAP = system.find("bwrap", cache_dir())
WHY_NOT = sandbox.why_not(BWRAP.path if BWRAP else None)


def test_links_that_lead_to_a_program_are_made_where_nothing_shows_them(tmp_path: Path) -> None:
    for name in ("venv", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "venv" / "python").symlink_to("python3")
    (tmp_path / "venv" / "python3").symlink_to(tmp_path / "home" / "python3.11")
    (tmp_path / "home" / "python3.11").symlink_to("../../../usr/bin/python3")
    link = ["--symlink", "../../../usr/bin/python3", str(tmp_path / "home" / "python3.11")]
    assert sandbox.links(tmp_path / "venv" / "python", [tmp_path / "venv"]) == link
    assert sandbox.links(tmp_path / "venv" / "python", [tmp_path]) == []
    assert sandbox.links(tmp_path / "venv" / "python", []) == []


@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
def test_a_cluster_with_guests_sees_no_more_than_its_servers_need(tmp_path: Path) -> None:
    assert BWRAP is not None
    for name in ("project", "run", "parts", "home"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "here").touch()
    looks = f"cat /etc/passwd; ls -d {tmp_path}/*/here /etc/shadow /etc/ssh /boot 2>/dev/null; touch {{}}/made"
    words = sandbox.wrap(
        ["sh", "-c", looks.replace("{}", str(tmp_path / "run"))],
        bwrap=BWRAP.path,
        project=tmp_path / "project",
        folder=tmp_path / "run",
        readable=[tmp_path / "parts"],
        writable=[tmp_path / "run"],
        guests=True,
    )
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    shown = [f"{tmp_path}/{name}/here" for name in ("parts", "project", "run")]
    assert done.stdout.splitlines() == [f"w205:x:{os.getuid()}:{os.getgid()}::/:/bin/sh", *shown], done.stdout
    assert not (tmp_path / "run").exists()
