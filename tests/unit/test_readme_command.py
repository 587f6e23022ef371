"""`harness readme` answers for any file: what is in it, what was changed, or why it cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from samples import capture, record_of
from work import calls

from harness import cli
from harness.errors import ExitCode
from harness.readme import ReportError, read, read_file
from harness.render.readme import render_readme

REPORT = render_readme(
    record_of(
        capture("load-1", "mids", "cat app.py", "x = 1\n"),
        capture("load-2", "spark", "run", "12 rows\n"),
        capture("load-3", "mids", "flask run", "", "\x1b[31mWARNING\x1b[0m\n"),
    )
)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text(REPORT)
    return path


def run(*words: str | Path) -> tuple[Result, int]:
    result = CliRunner().invoke(cli.cli, ["readme", *map(str, words)], standalone_mode=False)
    if isinstance(result.exception, ReportError):
        return result, result.exception.exit_code
    assert result.exception is None
    return result, result.return_value


def test_a_good_report_is_shown_as_a_table_and_gives_0(report: Path) -> None:
    result, code = run(report)
    assert code == ExitCode.OK
    lines = result.output.splitlines()
    assert re.fullmatch(r"line +kind +service +sure +begins with", lines[0])
    line = REPORT.split("\n").index("cat app.py")
    assert f"{line} command mids 1.00 cat app.py".split() in [each.split() for each in lines]
    assert f"{line + 5} listing mids 1.00 x = 1".split() in [each.split() for each in lines]
    assert lines[-1].endswith("none of them uncertain, 3 digests checked, 1 output checked only as shown.")


def test_a_changed_output_is_named_and_gives_1(report: Path) -> None:
    report.write_text(REPORT.replace("12 rows", "13 rows"))
    result, code = run(report)
    assert code == ExitCode.DISAGREES
    assert re.search(r"line \d+: load, load-2, stdout: sha256 expected \w{64}, got \w{64}\n", result.output)
    assert "3 digests checked, 1 differs, 1 output checked only as shown." in result.output


def test_a_changed_output_of_which_only_the_shown_text_is_known_counts_once(report: Path) -> None:
    report.write_text(REPORT.replace("WARNING", "warning"))
    result, code = run(report)
    assert code == ExitCode.DISAGREES
    assert result.output.endswith("3 digests checked, 1 differs.\n")


def test_an_uncertain_block_is_explained_and_gives_1(report: Path) -> None:
    report.write_text(REPORT.replace("**spark**\n", "**spark**\n\nI ran:\n"))
    result, code = run(report)
    assert code == ExitCode.DISAGREES
    assert re.search(r"line \d+: prose at 0.50: a paragraph; no part of a command's output stands here", result.output)


def test_a_missing_part_is_named_and_gives_1(report: Path) -> None:
    report.write_text(REPORT.partition("## Run it again")[0])
    result, code = run(report)
    assert code == ExitCode.DISAGREES
    assert "The report lacks the heading of the last words.\n" in result.output


def test_a_report_without_comments_is_certain_and_says_that_nothing_was_checked(report: Path) -> None:
    report.write_text(re.sub("<!--.*-->\n", "", REPORT))
    result, code = run(report)
    assert code == ExitCode.OK
    assert "no digest to check an output by" in result.output


def test_json_has_the_whole_reading(report: Path) -> None:
    report.write_text(REPORT.replace("12 rows", "13 rows"))
    result, code = run(report, "--json")
    assert code == ExitCode.DISAGREES
    given = json.loads(result.output)
    assert given["certain"] is False
    assert [each["command"] for each in given["findings"]] == ["load-2"]
    outputs = [each for each in given["blocks"] if each["stream"]]
    assert [(each["kind"], each["text"], each["original"]) for each in outputs] == [
        ("listing", "x = 1", "x = 1\n"),
        ("output", "13 rows", None),
        ("output", "WARNING", None),
    ]


def test_json_carries_bytes_that_were_not_utf_8(report: Path) -> None:
    ran = capture("a", "mids", "run", b"\xff\n".decode(errors="surrogateescape"))
    report.write_text(render_readme(record_of(ran)))
    result, code = run(report, "--json")
    assert code == ExitCode.OK
    assert [each["original"] for each in json.loads(result.output)["blocks"] if each["stream"]] == ["\udcff\n"]


def test_what_a_report_holds_cannot_drive_the_terminal(report: Path) -> None:
    report.write_text("# A \x1b[31m\x1b]0;title\x07 report\n\n\x9b2J text\n")
    result, code = run(report)
    assert code == ExitCode.DISAGREES
    assert "A \\x1b[31m\\x1b]0;title\\x07 report" in result.output
    assert not set(result.output) & set("\x1b\x07\x9b")


def binary(path: Path) -> None:
    path.write_bytes(b"\x7fELF\x00\x01")


def latin_1(path: Path) -> None:
    path.write_bytes("# Title\n\ncaf\xe9\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, ["cannot be read", "No such file or directory", "./run report"]),
        (Path.mkdir, ["cannot be read", "Is a directory"]),
        (binary, ["is binary", "a NUL at byte 4 of 6"]),
        (latin_1, ["is not UTF-8", "byte 0xe9 in line 3", "saving it as UTF-8"]),
    ],
)
def test_what_cannot_be_read_gives_2_and_says_why(
    tmp_path: Path, make: Callable[[Path], None], words: list[str]
) -> None:
    path = tmp_path / "other.md"
    make(path)
    with pytest.raises(ReportError) as caught:
        read_file(path)
    assert [word for word in [str(path), *words] if word not in str(caught.value)] == []
    assert run(path)[1] == ExitCode.USAGE


def test_the_help_has_examples_and_stands_after_diff() -> None:
    result = CliRunner().invoke(cli.cli, ["readme", "--help"])
    assert "harness readme README.md" in result.output
    names = list(cli.COMMANDS)
    assert names.index("readme") == names.index("diff") + 1


STEP = '<a id="step-a"></a>\n\n## 1. A\n\n'
COMMENT = f"<!-- sha256:{'0' * 64} step=a command=b stream=stdout -->"
LONG = {
    "one output": lambda n: "```text\n" + "1234567 line of output\n" * (n // 23) + "```\n",
    "one line": lambda n: "*" * n,
    "commands": lambda n: STEP + "**a**\n\n```sh\na\n```\n\n" * (n // 22),
    "words for stderr": lambda n: STEP + "**a**\n\n```sh\na\n```\n\n" + "stderr:\n\n" * (n // 9),
    "escapes": lambda n: f"{COMMENT}\n```\n" + "\\xff" * (n // 4) + "\n```\n",
    "services": lambda n: STEP + "**a** (b" * (n // 8),
    "links": lambda n: "| 1 | " + "](#step-a) | " * (n // 12),
}


@pytest.mark.parametrize("name", LONG)
def test_the_work_is_linear_in_the_length(name: str) -> None:
    def work(length: int) -> int:
        text = LONG[name](length)
        return calls(lambda: read(text))

    work(1_000)
    assert work(80_000) < 6 * work(20_000)
