"""What a project adds from outside the package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from samples import sample_record

from harness import extend, settings
from harness.check.upgrade import upgraded
from harness.cli import cli
from harness.cluster import backends
from harness.cluster.toolchain import fetch
from harness.errors import UsageError
from harness.grade.checks import run
from harness.grade.model import Finding, Submission, Verdict
from harness.grade.submission import load
from harness.model import Fact, Record
from harness.normalise import Masked, Observation, normalise
from harness.normalise.rule import Pair, with_facts
from harness.outputs import derive
from harness.outputs.text import Output
from harness.render.renderers import write_all

REGISTRIES = (extend.OUTPUTS, extend.RULES, extend.RENDERERS, extend.CHECKS, extend.COMMANDS, extend.BACKENDS)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    path = list(sys.path)
    yield
    for registry in REGISTRIES:
        registry.clear()
    extend._LOADED.clear()
    sys.path[:] = path
    for name in ("mine", "my_harness"):
        sys.modules.pop(name, None)


def test_a_kind_of_output(tmp_path: Path) -> None:
    @extend.output("wc")
    def words(output: Output) -> dict[str, Fact]:
        return {"kind": "wc", "lines": int(output.stdout.split()[0])}

    assert derive("wc -l events.json", "40 events.json\n", "") == {"kind": "wc", "lines": 40}
    assert derive("cat events.json | wc -l", "40\n", "")["lines"] == 40
    with pytest.raises(UsageError, match="There is a program presto already"):
        extend.output("presto")(words)
    with pytest.raises(UsageError, match="There is a program wc already"):
        extend.output("wc")(words)


class Rounded:
    """Seconds differ from run to run."""

    name = "seconds"
    why = "a run takes as long as it takes"

    def __init__(self, counter: str = "4 rows") -> None:
        self.example: Pair = (self._seen("1.5 s"), self._seen("2.5 s"))
        self.counter_example: Pair = (self._seen("3 rows"), self._seen(counter))

    @staticmethod
    def _seen(text: str) -> Observation:
        return Observation("mytool", {"kind": "mytool", "said": text})

    def apply(self, seen: Observation) -> Masked:
        if str(seen.facts.get("said")).endswith(" s"):
            return with_facts(seen, {"said": "<seconds>"}, 1)
        return Masked(seen)


def test_a_rule() -> None:
    extend.rule(Rounded())
    one, other = (normalise(Rounded._seen(text)) for text in ("1.5 s", "9 s"))
    assert one.observation == other.observation
    assert one.masks == {"seconds": 1}
    with pytest.raises(UsageError, match="There is a rule seconds already"):
        extend.rule(Rounded())


def test_a_rule_that_hides_too_much_is_refused() -> None:
    with pytest.raises(UsageError, match="hides its own counter-example"):
        extend.rule(Rounded(counter="3 rows"))
    assert extend.RULES == []


def test_a_renderer(tmp_path: Path) -> None:
    @extend.renderer("steps.csv")
    def steps(record: Record) -> str:
        return "".join(f"{step.id},{step.outcome}\n" for step in record.steps)

    paths = write_all(sample_record(), tmp_path)
    assert paths[-1] == tmp_path / "steps.csv"
    assert paths[-1].read_text() == steps(sample_record())
    for taken in ("README.md", "record.json", "steps.csv"):
        with pytest.raises(UsageError, match=f"There is a file {taken} already"):
            extend.renderer(taken)(steps)
    with pytest.raises(UsageError, match="without a folder"):
        extend.renderer("../evil.csv")(steps)


def test_a_check_of_a_grader(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Report\n\n```\nab -n 10 http://localhost:5000/\n```\n")
    (tmp_path / "mine.py").write_text(
        "from harness import extend\n"
        "from harness.grade.model import Finding, Verdict\n"
        "@extend.check\n"
        "def named(submission):\n"
        "    yield Finding('author', Verdict.DISAGREES, 1, 'The report names no author.')\n"
    )
    words = ["grade", "--static", "--extend", str(tmp_path / "mine.py"), str(tmp_path / "README.md")]
    assert "names no author" in CliRunner().invoke(cli, words, standalone_mode=False).output

    @extend.check
    def other(submission: Submission) -> Iterator[Finding]:
        yield Finding("length", Verdict.AGREES, 1, "It is long enough.")

    assert {"author", "length"} <= {finding.check for finding in run(load(tmp_path / "README.md"))}


def test_a_command() -> None:
    @extend.command
    @click.command("hello")
    def hello() -> int:
        click.echo("hello")
        return 4

    found = CliRunner().invoke(cli, ["hello"], standalone_mode=False)
    assert (found.output, found.return_value) == ("hello\n", 4)
    assert "hello" in CliRunner().invoke(cli, ["--help"]).output
    with pytest.raises(UsageError, match="There is a command report already"):
        extend.command(click.Command("report"))


def test_a_backend(tmp_path: Path) -> None:
    started = object()

    @extend.backend("cloud")
    class Cloud:
        @staticmethod
        def start(found: settings.Settings, logs: Path, tell: object) -> object:
            assert (found.backend, logs) == ("cloud", tmp_path / "logs")
            return started

        @staticmethod
        def join(folder: Path, found: settings.Settings) -> object:
            return started

    (tmp_path / "pyproject.toml").write_text("[tool.harness]\n")
    found = settings.resolve(project=tmp_path, backend="cloud")
    quiet = fetch.Progress
    assert backends.start(found, lambda: tmp_path / "logs", quiet, lambda _: None) is started  # type: ignore[arg-type,comparison-overlap]
    with pytest.raises(UsageError, match="Unknown backend: 'clowd'"):
        settings.resolve(project=tmp_path, backend="clowd")


# Loading


def project(folder: Path, text: str, extensions: str = '["mine"]') -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.harness]\nextensions = {extensions}\n")
    (folder / "mine.py").write_text(text)
    return folder


def test_a_projects_extensions_are_imported_once(tmp_path: Path) -> None:
    text = "from harness import extend\n@extend.renderer('mine.txt')\ndef render(record):\n    return ''\n"
    folder = project(tmp_path, text)
    settings.resolve(project=folder)
    settings.resolve(project=folder)
    assert list(extend.RENDERERS) == ["mine.txt"]


@pytest.mark.parametrize(
    ("text", "extensions", "words"),
    [
        ("1 / 0\n", '["mine"]', ["ZeroDivisionError", "mine.py:1", "mend that line"]),
        ("", '["other"]', ["The extension other", "ModuleNotFoundError", "pyproject.toml"]),
        ("", '"mine"', ["a list of modules"]),
        ("x = (\n", '["mine"]', ["SyntaxError", "mine.py"]),
    ],
)
def test_one_that_cannot_be_imported_is_named_with_its_place(
    tmp_path: Path, text: str, extensions: str, words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        settings.resolve(project=project(tmp_path, text, extensions))
    for word in words:
        assert word in str(caught.value)


def test_nothing_of_a_stranger_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(tmp_path, "raise SystemExit('it ran')\n")
    (folder / "README.md").write_text(
        "# Report\n\n```\n$ docker-compose exec mids ab -n 10 http://localhost:5000/\n```\n"
    )
    monkeypatch.chdir(folder)
    for words in (
        ["grade", "--static", "."],
        ["grade", "--plan", "."],
        ["readme", "README.md"],
        ["init", str(tmp_path / "new"), "--from", "."],
    ):
        assert "it ran" not in str(CliRunner().invoke(cli, words, standalone_mode=False).exception), words
    assert set() == extend._LOADED


# Older records


def test_the_facts_of_an_older_record_are_derived_again() -> None:
    record = sample_record()
    step = next(each for each in record.steps if any(capture.facts for capture in each.commands))
    stale = tuple(replace(capture, facts={}) if capture.facts else capture for capture in step.commands)
    old = replace(record, steps=tuple(replace(each, commands=stale) if each is step else each for each in record.steps))
    found = upgraded(old)
    assert found.changed
    assert upgraded(found.record).changed == ()
    assert [c.stdout for s in found.record.steps for c in s.commands] == [
        c.stdout for s in record.steps for c in s.commands
    ]
