"""The doctor looks at everything, installs nothing, and gives the remedy for what is missing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from harness.cluster import sandbox
from harness.cluster.compose import engine
from harness.cluster.toolchain import fetch, java, system
from harness.cluster.toolchain.java import Java
from harness.cluster.toolchain.lock import Artifact
from harness.cluster.toolchain.system import Program
from harness.doctor import Finding, examine

ARTIFACTS = [Artifact(f"g:{name}:1", 50_000_000, "0" * 64) for name in ("a", "b", "c")]

Seen = Callable[[], dict[str, Finding]]


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """A machine that has everything, but what a test takes away."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "find", lambda _: (Java(Path("/jvm"), "17.0.15"), []))
    monkeypatch.setattr(system, "find", lambda name, _: Program(Path(f"/usr/bin/{name}")))
    monkeypatch.setattr(sandbox, "why_not", lambda _: None)
    monkeypatch.setattr(engine, "why_not", lambda: None)
    monkeypatch.setattr(engine, "versions", lambda: {"docker-engine": "28.1", "docker-compose": "2.40.0"})
    monkeypatch.setattr(fetch, "all_artifacts", lambda _: ARTIFACTS)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8e9, total=16e9))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50e9))
    for artifact in ARTIFACTS:
        file = fetch.maven_dir(tmp_path) / artifact.path
        file.parent.mkdir(parents=True)
        file.touch()
    return lambda: {finding.what: finding for finding in examine(tmp_path)}


def test_a_machine_that_has_everything_needs_nothing(seen: Seen) -> None:
    assert {finding.state for finding in seen().values()} == {"ok"}
    assert [finding.remedy for finding in seen().values() if finding.remedy] == []
    assert set(seen()) == {
        "system",
        "python",
        "java",
        "ab",
        "kcat",
        "jq",
        "bwrap",
        "sandbox",
        "docker",
        "servers",
        "memory",
        "disk",
    }


def test_a_line_has_a_mark_a_name_and_the_remedy_below() -> None:
    assert Finding("java", "ok", "17.0.15 at /jvm").line() == "✓ java       17.0.15 at /jvm"
    assert Finding("ab", "note", "not installed").line() == "· ab         not installed"
    assert Finding("disk", "missing", "0.1 GB free", "free some space").line().splitlines() == [
        "✗ disk       0.1 GB free",
        "             → free some space",
    ]


def test_another_java_is_named_and_a_run_mends_it(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "find", lambda _: (None, ["Java 11.0.2 at /usr/bin/java"]))
    assert seen()["java"].state == "note"
    assert seen()["java"].seen == "no Java 17 (Java 11.0.2 at /usr/bin/java)"
    monkeypatch.setattr(java, "find", lambda _: (None, []))
    assert seen()["java"].seen == "no Java 17 (no java at all)"


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    monkeypatch.setattr(system, "find", lambda name, _: None if name in missing else Program(Path(f"/usr/bin/{name}")))


def test_a_tool_is_installed_by_a_run_where_there_is_a_package_manager(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "kcat")
    (tmp_path / "apt-get").touch(mode=0o755)
    assert seen()["kcat"].state == "note"
    assert seen()["kcat"].remedy == "a run installs it; or: sudo apt-get install -y kcat"


def test_a_tool_that_nothing_can_install_is_missing(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "ab", "bwrap")
    assert seen()["ab"] == Finding("ab", "missing", "not installed", "sudo apt-get install -y apache2-utils")
    assert seen()["bwrap"].state == "note"  # the harness does without


def test_a_tool_that_is_of_no_use_on_a_system_is_not_looked_for(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "bwrap" not in seen()
    assert set(seen()) > {"ab", "kcat", "jq"}


def test_without_a_sandbox_the_reason_is_said(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "why_not", lambda _: "user namespaces are forbidden")
    assert seen()["sandbox"] == Finding("sandbox", "note", "open mode only: user namespaces are forbidden")


def test_without_an_engine_the_reason_and_the_remedy_are_said(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen()["docker"].seen == "engine 28.1, compose 2.40.0: --backend compose can be had"
    monkeypatch.setattr(engine, "why_not", lambda: ("no docker on PATH", "install Docker"))
    assert seen()["docker"] == Finding("docker", "note", "no --backend compose: no docker on PATH", "install Docker")


def test_files_that_are_not_fetched_yet_are_counted(seen: Seen, tmp_path: Path) -> None:
    for artifact in ARTIFACTS[:2]:
        (fetch.maven_dir(tmp_path) / artifact.path).unlink()
    assert seen()["servers"].state == "note"
    assert seen()["servers"].seen == f"2 of 3 files are not in {tmp_path}"
    assert "a run fetches them (100 MB)" in seen()["servers"].remedy


def test_little_memory_is_a_note(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=3.9e9, total=8e9))
    assert seen()["memory"].state == "note"
    assert seen()["memory"].seen == "3.9 of 8.0 GB free"
    assert "up to 4 GB" in seen()["memory"].remedy


def test_a_full_disk_is_missing_space(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0.4e9))
    assert seen()["disk"].state == "missing"
    assert "HARNESS_CACHE" in seen()["disk"].remedy


def test_the_disk_is_that_of_a_cache_that_is_not_there_yet(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: asked.append(path) or SimpleNamespace(free=50e9))
    examine(tmp_path / "not" / "yet")
    assert asked == [tmp_path]
    assert not (tmp_path / "not").exists()


def test_nothing_is_installed_or_changed(seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "ab", "kcat", "jq", "bwrap")
    (tmp_path / "apt-get").write_text(f"#!/bin/sh\necho >{tmp_path}/asked\n")
    (tmp_path / "apt-get").chmod(0o755)
    before = sorted(os.walk(tmp_path))
    seen()
    assert sorted(os.walk(tmp_path)) == before
