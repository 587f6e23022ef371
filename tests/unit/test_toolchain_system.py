"""The system's programs: found where they are, installed as the machine allows, else the command to type."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness.cluster.toolchain import system
from harness.cluster.toolchain.system import Program, Tool
from harness.errors import EnvironmentFault

ONE = Tool("pipeline-one", "one-package", "one-formula")
TWO = Tool("pipeline-two", "two-package", None, needed=False)


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linux with an empty PATH, and tools that no machine has."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(system, "TOOLS", (ONE, TWO))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


def program(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", "PATH=/usr/bin:/bin", *lines, "")))
    path.chmod(0o755)
    return path


def ignore(_: str) -> None:
    """Listen to nothing."""


def test_a_program_on_path_is_found(tmp_path: Path) -> None:
    on_path = program(tmp_path / "bin" / ONE.program)
    assert system.find(ONE.program, tmp_path / "cache") == Program(on_path)


def test_an_unpacked_program_is_found_with_its_libraries(tmp_path: Path) -> None:
    unpacked = program(tmp_path / "cache" / "tools" / "usr" / "bin" / ONE.program)
    libraries = tmp_path / "cache" / "tools" / "usr" / "lib" / "x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    assert system.find(ONE.program, tmp_path / "cache") == Program(unpacked, libraries)


def test_the_machines_own_comes_before_the_unpacked_one(tmp_path: Path) -> None:
    program(tmp_path / "cache" / "tools" / "usr" / "bin" / ONE.program)
    on_path = program(tmp_path / "bin" / ONE.program)
    assert system.find(ONE.program, tmp_path / "cache") == Program(on_path)


def test_a_program_that_is_nowhere_is_none(tmp_path: Path) -> None:
    assert system.find(ONE.program, tmp_path / "cache") is None


def test_by_hand_is_one_command_for_all_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    assert system.by_hand([ONE, TWO]) == "sudo apt-get install -y one-package two-package"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert system.by_hand([ONE, TWO]) == "brew install one-formula"


def test_where_nothing_can_install_the_error_has_the_command_to_type(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        system.ensure(tmp_path / "cache", ignore)
    assert str(caught.value).splitlines() == [
        "Missing: pipeline-one.",
        "  wanted: pipeline-one on PATH",
        "  seen:   neither apt-get nor brew",
        "  try:    sudo apt-get install -y one-package",
    ]


def test_a_tool_that_is_not_needed_may_be_missing(tmp_path: Path) -> None:
    on_path = program(tmp_path / "bin" / ONE.program)
    assert system.ensure(tmp_path / "cache", ignore) == {ONE.program: Program(on_path)}


def test_nothing_is_installed_when_all_are_there(tmp_path: Path) -> None:
    for tool in (ONE, TWO):
        program(tmp_path / "bin" / tool.program)
    program(tmp_path / "bin" / "apt-get", f"touch {tmp_path}/asked")
    said: list[str] = []
    assert set(system.ensure(tmp_path / "cache", said.append)) == {ONE.program, TWO.program}
    assert said == []
    assert not (tmp_path / "asked").exists()


@pytest.mark.usefixtures("root")
def test_root_installs_with_apt_after_an_update_where_the_lists_are_old(tmp_path: Path) -> None:
    program(tmp_path / "ready", "exit 0")
    program(
        tmp_path / "bin" / "apt-get",
        f'echo "$1" >>{tmp_path}/asked',
        f"if [ $1 = update ]; then touch {tmp_path}/updated; exit; fi",
        f"[ -e {tmp_path}/updated ] || exit 100",
        f"cp {tmp_path}/ready {tmp_path}/bin/{ONE.program}",
    )
    said: list[str] = []
    found = system.ensure(tmp_path / "cache", said.append)
    assert found == {ONE.program: Program(tmp_path / "bin" / ONE.program)}
    assert (tmp_path / "asked").read_text().split() == ["install", "update", "install"]
    assert said == ["installing one-package, two-package with apt-get"]


@pytest.mark.usefixtures("root")
def test_what_the_package_manager_said_last_is_in_the_error(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "apt-get", "echo working >&2", "echo 'E: no network' >&2", "exit 100")
    with pytest.raises(EnvironmentFault) as caught:
        system.ensure(tmp_path / "cache", ignore)
    assert caught.value.seen == "E: no network"


@pytest.mark.usefixtures("ordinary_user")
def test_an_ordinary_user_gets_the_packages_and_what_they_need_unpacked_into_the_cache(tmp_path: Path) -> None:
    program(
        tmp_path / "bin" / "apt-get",
        'for word in "$@"; do case $word in',
        "  --simulate) echo 'Inst one-package (1.0)'; echo 'Inst libone (2.0)'; echo 'Conf libone'; exit ;;",
        f'  download) echo "$@" >{tmp_path}/asked; touch one-package_1.0.deb libone_2.0.deb; exit ;;',
        "esac; done",
    )
    program(
        tmp_path / "bin" / "dpkg-deb",
        'mkdir -p "$3/usr/bin" "$3/usr/lib/aarch64-linux-gnu"',
        f'case $2 in *one-package*) touch "$3/usr/bin/{ONE.program}" ;; *) touch "$3/usr/lib/libone" ;; esac',
    )
    tools = tmp_path / "cache" / "tools" / "usr"
    found = system.ensure(tmp_path / "cache", ignore)
    assert found == {ONE.program: Program(tools / "bin" / ONE.program, tools / "lib" / "aarch64-linux-gnu")}
    assert (tools / "lib" / "libone").exists()
    assert (tmp_path / "asked").read_text().split()[-2:] == ["one-package", "libone"]
    assert not (tmp_path / "cache" / "apt").exists()


@pytest.mark.usefixtures("ordinary_user")
def test_a_package_that_is_not_known_is_said(tmp_path: Path) -> None:
    program(
        tmp_path / "bin" / "apt-get",
        'case "$*" in *--simulate*) echo "E: Unable to locate package" >&2; exit 100 ;; esac',
    )
    with pytest.raises(EnvironmentFault) as caught:
        system.ensure(tmp_path / "cache", ignore)
    assert caught.value.seen == "E: Unable to locate package"
    assert caught.value.remedy == "sudo apt-get install -y one-package"


def test_on_macos_brew_installs_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    program(tmp_path / "ready", "exit 0")
    program(
        tmp_path / "bin" / "brew", f'echo "$@" >{tmp_path}/asked', f"cp {tmp_path}/ready {tmp_path}/bin/{ONE.program}"
    )
    said: list[str] = []
    assert set(system.ensure(tmp_path / "cache", said.append)) == {ONE.program}
    assert (tmp_path / "asked").read_text().split() == ["install", "--quiet", "one-formula"]
    assert said == ["installing one-formula with brew"]
