"""Settings resolve once: flag, environment, pyproject, default; what cannot be taken is refused by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.settings import Settings, cache_dir, find_project, resolve


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("out", "backend", "mode", "boot_timeout", "command_timeout", "step_timeout", "cache"):
        monkeypatch.delenv(f"HARNESS_{name.upper()}", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return configure(tmp_path / "project", "")


def configure(folder: Path, table: str) -> Path:
    """Make a project whose [tool.harness] has these lines."""
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(f"[tool.harness]\n{table}\n")
    return folder


def test_without_any_settings_the_defaults_hold(project: Path) -> None:
    assert resolve(project=project) == Settings(
        project=project,
        out=project / "reports" / "latest",
        title="project",
        assignment="assignment",
        app="app/game_api.py",
        backend="local",
        mode=None,
        keep=False,
        ports={},
        boot_timeout=180.0,
        command_timeout=180.0,
        step_timeout=420.0,
    )


def test_the_flag_comes_before_the_environment_then_pyproject_then_the_default(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve(project=project).step_timeout == 420.0
    configure(project, "step_timeout = 10")
    assert resolve(project=project).step_timeout == 10.0
    monkeypatch.setenv("HARNESS_STEP_TIMEOUT", "20.5")
    assert resolve(project=project).step_timeout == 20.5
    assert resolve(project=project, step_timeout=30).step_timeout == 30.0


def test_the_mode_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(project, 'mode = "private"')
    assert resolve(project=project).mode == "private"
    monkeypatch.setenv("HARNESS_MODE", "open")
    assert resolve(project=project).mode == "open"
    assert resolve(project=project, mode="private").mode == "private"


def test_and_the_reports_folder(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_OUT", "from-environment")
    assert resolve(project=project).out == tmp_path / "from-environment"
    assert resolve(project=project, out=Path("from-flag")).out == tmp_path / "from-flag"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert resolve(project=project, out=Path("~/report")).out == tmp_path / "home" / "report"


def test_a_reports_folder_in_pyproject_lies_in_the_project_wherever_the_run_starts(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project, 'out = "my-report"')
    monkeypatch.chdir(tmp_path)
    assert resolve(project=project).out == project / "my-report"
    configure(project, f'out = "{tmp_path}/elsewhere"')
    assert resolve(project=project).out == tmp_path / "elsewhere"


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\nharness = 3", "[other]"])
def test_a_pyproject_without_the_table_leaves_the_defaults(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text)
    assert resolve(project=project).title == "project"


def test_every_setting_of_pyproject_is_taken(project: Path) -> None:
    configure(
        project,
        'title = "T"\nassignment = "A"\napp = "a.py"\nbackend = "local"\nboot_timeout = 1\ncommand_timeout = 2.5\n',
    )
    found = resolve(project=project)
    assert (found.title, found.assignment, found.app) == ("T", "A", "a.py")
    assert (found.backend, found.boot_timeout, found.command_timeout) == ("local", 1.0, 2.5)


def test_ports_and_keep_are_those_of_the_flags(project: Path) -> None:
    found = resolve(project=project, keep=True, ports={"kafka": 29092})
    assert (found.keep, found.ports) == (True, {"kafka": 29092})


@pytest.mark.parametrize("where", ["flag", "environment", "pyproject"])
def test_ports_are_for_open_mode(project: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "environment":
        monkeypatch.setenv("HARNESS_MODE", "private")
    if where == "pyproject":
        configure(project, 'mode = "private"')
    with pytest.raises(UsageError, match="--port is for open mode") as caught:
        resolve(project=project, mode="private" if where == "flag" else None, ports={"kafka": 29092})
    assert caught.value.remedy == "add --mode open"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [("backend", "docker", "local or compose or running"), ("mode", "closed", "private or open")],
)
def test_an_unknown_word_is_refused_with_those_that_there_are(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: str
) -> None:
    monkeypatch.setenv(f"HARNESS_{name.upper()}", value)
    with pytest.raises(UsageError) as caught:
        resolve(project=project)
    assert caught.value.headline == f"Unknown {name}: {value!r}."
    assert caught.value.wanted == wanted


@pytest.mark.parametrize("value", ["soon", "", "0", "-1", "nan", "inf", "86400", "1e9", "10 s", "True"])
@pytest.mark.parametrize("name", ["boot_timeout", "command_timeout", "step_timeout"])
def test_a_time_limit_that_is_none_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"HARNESS_{name.upper()}", value)
    with pytest.raises(UsageError) as caught:
        resolve(project=project)
    assert caught.value.headline == f"{name} is {value!r}."
    assert "less than a day" in str(caught.value.wanted)


def test_a_time_limit_in_pyproject_is_checked_too(project: Path) -> None:
    configure(project, "boot_timeout = true")
    with pytest.raises(UsageError, match="boot_timeout is True"):
        resolve(project=project)


def test_a_broken_pyproject_is_refused_with_the_place(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.harness\n")
    with pytest.raises(UsageError, match="cannot be read") as caught:
        resolve(project=project)
    assert str(project / "pyproject.toml") in caught.value.headline
    assert "line 1" in str(caught.value.seen)


def test_a_pyproject_that_is_not_utf8_is_refused(project: Path) -> None:
    (project / "pyproject.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        resolve(project=project)


def test_the_project_is_the_nearest_folder_with_a_table_of_its_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = project / "packages" / "other" / "deep"
    inner.mkdir(parents=True)
    (inner.parent / "pyproject.toml").write_text("[tool.other]\n")
    assert find_project(inner) == project
    monkeypatch.chdir(inner)
    assert resolve().project == project


def test_outside_of_any_project_the_option_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No project here") as caught:
        find_project(tmp_path)
    assert str(tmp_path) in str(caught.value.seen)
    assert "--project" in str(caught.value.remedy)


def test_the_cache_is_where_harness_cache_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HARNESS_CACHE", "~/parts")
    assert cache_dir() == tmp_path / "parts"


@pytest.mark.parametrize(
    ("platform", "base", "folder"),
    [
        ("linux", None, ".cache/pipeline-harness"),
        ("linux", "", ".cache/pipeline-harness"),
        ("linux", "elsewhere", "elsewhere/pipeline-harness"),
        ("darwin", None, "Library/Caches/pipeline-harness"),
    ],
)
def test_else_the_cache_is_in_the_users_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, base: str | None, folder: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if base is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / base) if base else "")
    assert cache_dir() == tmp_path / folder
