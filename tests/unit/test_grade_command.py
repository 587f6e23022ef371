"""`harness grade` answers any folder with its exit code and clear words; nothing in it is executed or followed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness import cli
from harness.errors import HarnessError

RIGHT = """# The load

I send 10 requests with this command:

```
docker-compose exec mids ab -n 10 http://localhost:5000/
```

```
Document Path:          /
Document Length:        30 bytes
Concurrency Level:      1
Time taken for tests:   0.050 seconds
Complete requests:      10
Failed requests:        0
Total transferred:      1850 bytes
HTML transferred:       300 bytes
Requests per second:    200.00 [#/sec] (mean)
```
"""
STRANGE = "\x1b[2J\u202e"
WRONG = RIGHT.replace("Complete requests:      10", "Complete requests:      9")


def grade(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.cli, ["grade", *map(str, words)], standalone_mode=False)


def refused(result: Result) -> HarnessError:
    assert isinstance(result.exception, HarnessError), result.output
    return result.exception


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "kim"
    folder.mkdir()
    (folder / "README.md").write_text(WRONG)
    return folder


def test_errors_are_exit_code_1_and_none_is_0(folder: Path) -> None:
    wrong = grade("--static", folder)
    assert wrong.return_value == 1
    assert "README.md: 1 command, 1 output, 0 listings" in wrong.output
    assert "expected 10, got 9" in wrong.output
    (folder / "README.md").write_text(RIGHT)
    assert grade("--static", folder).return_value == 0


def test_each_form_is_printed_and_all_are_written(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    data = json.loads(grade("--static", folder, "--format", "json", "--out", out).output)
    assert data["exit_code"] == 1
    assert json.loads((out / "findings.json").read_text()) == data
    assert (out / "findings.md").read_text() == grade("--static", folder, "--format", "markdown").output
    assert "<!DOCTYPE html>" in (out / "findings.html").read_text()
    assert grade("--static", folder, "--format", "github").output.startswith("::error file=")


def test_the_plan_shows_what_would_be_run_where(folder: Path) -> None:
    shown = grade("--plan", folder)
    assert shown.return_value == 0
    assert "mids" in shown.output
    assert "ab -n 10 http://localhost:5000/" in shown.output


def test_what_excludes_each_other_is_refused(folder: Path) -> None:
    for words in (("--static", "--plan"), ("--plan", folder)):
        assert "--plan shows how one report is read" in str(refused(grade(folder, *words)))
    for words in ((), ("--report", "README.md", "--out", folder / "out")):
        result = refused(grade("--static", folder, folder / "README.md", *words))
        assert "submission" in str(result) or "folder" in str(result)


def test_points_are_made_without_a_cluster(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = grade("--static", folder, "--rubric", "2018", "--out", out)
    assert result.return_value == 1
    assert f"{folder.name}: " in result.output
    assert json.loads((out / "result.json").read_text())["rerun"] is None
    assert "'1999' cannot be read" in str(refused(grade("--static", folder, "--rubric", "1999")))


def test_a_correction_changes_what_is_read_and_a_wrong_one_is_refused(folder: Path) -> None:
    sidecar = folder / "reading.toml"
    sidecar.write_text('[[block]]\nline = 9\nkind = "prose"\n')
    assert grade("--static", folder, "--reading", sidecar).return_value != 1
    sidecar.write_text('[[block]]\nline = 9000\nkind = "prose"\n')
    assert "9000" in str(refused(grade("--static", folder, "--reading", sidecar)))
    assert "cannot be read" in str(refused(grade("--static", folder, "--reading", folder / "none.toml")))


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("README.md", b"", 4),
        ("README.md", bytes(range(256)) * 256, None),
        ("README.md", b"```\n" * 20_001, 4),
        ("README.md", b">" * 20_000 + b"- " * 20_000 + b"`" * 50_000, 4),
        ("README.md", b"[a]: b\n" * 20_000 + b"<div>" * 10_000, 4),
        ("README.md", "```\n\x1b[2J</code><script>\u202e\n```\n".encode(), 4),
        ("README.md", b"```\n\xff\xfe\n```\n", 4),
        ("report.ipynb", b'{"cells": []}', 4),
    ],
)
def test_any_report_is_answered(tmp_path: Path, name: str, data: bytes, code: int | None) -> None:
    folder = tmp_path / "kim"
    folder.mkdir()
    (folder / name).write_bytes(data)
    ended = grade("--static", folder, "--out", tmp_path / "out")
    assert ended.exception is None
    assert code is None or ended.return_value == code
    assert "\x1b" not in ended.output


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"cells": 1}' * 2, b"[" * 100_000])
def test_a_notebook_that_is_none_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "report.ipynb").write_bytes(data)
    assert refused(grade("--static", tmp_path)).exit_code == 2


def test_a_report_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "report.ipynb").open("wb") as file:
        file.truncate(200_000_000)
    assert "too large" in str(refused(grade("--static", tmp_path)))


def test_a_report_of_a_hundred_thousand_lines_is_answered(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(RIGHT * 5_000)
    assert grade("--static", tmp_path).exception is None


def test_nothing_of_a_submission_is_executed(tmp_path: Path) -> None:
    code = f"open('{tmp_path}/ran', 'w')\n"
    (tmp_path / "README.md").write_text(f"```\ntouch {tmp_path}/ran\n```\n\n```python\n{code}```\n")
    (tmp_path / "conftest.py").write_text(code)
    (tmp_path / "game_api.py").write_text(code)
    grade("--static", tmp_path)
    grade("--plan", tmp_path)
    assert not (tmp_path / "ran").exists()


def test_what_says_nothing_without_a_rerun_is_refused(folder: Path) -> None:
    for words in (("--backend", "local"), ("--package", "x"), ("--again", "--out", folder / "out")):
        for way in ("--static", "--plan"):
            assert f"{words[0]}: without a rerun" in str(refused(grade(way, folder, *words)))
    assert "--again is for the reruns in a folder" in str(refused(grade(folder, "--again")))


@pytest.mark.parametrize("inside", [".", "out", "a/b"])
def test_results_may_not_lie_in_the_submission_whose_work_they_would_become(folder: Path, inside: str) -> None:
    before = sorted(folder.rglob("*"))
    for words in ((folder,), ("--static", folder)):
        assert f"is in {folder}" in str(refused(grade(*words, "--out", folder / inside)))
    assert sorted(folder.rglob("*")) == before


def test_a_class_has_one_form_and_needs_a_folder(tmp_path: Path) -> None:
    for name in ("amy", "bob"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "README.md").write_text(RIGHT)
    for form in ("json", "markdown", "github"):
        result = refused(grade("--static", tmp_path / "class", "--format", form, "--out", tmp_path / "out"))
        assert f"--format {form} is for one submission" in str(result)
    assert "need a folder" in str(refused(grade("--static", tmp_path / "class")))
    assert grade("--static", tmp_path / "class", "--out", tmp_path / "out").return_value == 0
    assert (tmp_path / "out" / "class.html").exists()


def test_why_there_is_nothing_is_said_whatever_the_form(tmp_path: Path) -> None:
    for form in ("text", "json"):
        ended = grade("--static", tmp_path, "--rubric", "2018", "--format", form)
        assert (ended.return_value, "has no report" in ended.stderr) == (4, True)


@pytest.mark.parametrize("words", [("--report", STRANGE), ("--rubric", STRANGE), ("--backend", STRANGE), (STRANGE,)])
def test_an_error_shows_a_strangers_characters_as_escapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    (tmp_path / STRANGE).mkdir()
    monkeypatch.setattr("sys.argv", ["harness", "grade", "--static", str(tmp_path / STRANGE), *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code in (2, 4)
    assert "\\x1b[2J\\u202e" in said
    assert not set(said) & {"\x1b", "\u202e"}


def test_a_fault_of_ours_shows_a_strangers_characters_as_escapes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise ValueError("\x1b[2J")

    monkeypatch.setattr(cli.cli, "main", fails)
    with pytest.raises(SystemExit):
        cli.main()
    assert "\x1b" not in capsys.readouterr().err
