"""The pages that are made or that show code: the reference, and the ten changes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from test_extend import nothing_stays as nothing_stays

from harness import extend, settings
from harness.cli import COMMANDS
from harness.grade.rubric import parse
from harness.grade.submission import load
from harness.normalise import Observation, normalise
from harness.outputs import derive

DOCS = Path(__file__).parents[2] / "docs"
EXTENDING = (DOCS / "extending.md").read_text()


def shown(heading: str, language: str) -> str:
    """Give the code below a heading."""
    part = EXTENDING.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", part, re.DOTALL))


def test_the_reference_is_what_the_docstrings_give() -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "api.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_ten_changes_are_listed_each_with_its_file_and_its_code() -> None:
    rows = re.findall(r"^\| \[(?:the )?(.+?)\]\(#(.+?)\) \| (.+?) \|$", EXTENDING, re.MULTILINE)
    assert len(rows) == 10
    for title, anchor, file in rows:
        assert f"\n## {title.capitalize()}\n" in EXTENDING, title
        assert anchor == title.replace(" ", "-")
        assert file
        assert "```" in EXTENDING.partition(f"\n## {title.capitalize()}\n")[2].partition("\n## ")[0]


def test_what_an_extension_shows_works_from_outside(tmp_path: Path) -> None:
    parts = ("A kind of output", "A rule", "A renderer", "A command", "A backend")
    (tmp_path / "my_harness.py").write_text("\n".join(shown(part, "python") for part in parts))
    (tmp_path / "pyproject.toml").write_text('[tool.harness]\nextensions = ["my_harness"]\n')
    assert settings.resolve(project=tmp_path, backend="cloud").backend == "cloud"
    assert derive("redis-cli info", "a\nb\n", "") == {"kind": "redis", "lines": ["a", "b"]}
    one, other = (
        normalise(Observation("redis-cli info", {"kind": "redis", "uptime": n, "keys": 2})).observation for n in (1, 2)
    )
    assert one == other
    assert list(extend.RENDERERS) == ["steps.csv"]
    assert isinstance(extend.COMMANDS["slowest"], click.Command)


def test_the_check_that_is_shown_finds_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(shown("A check", "python"))
    extend.load_file(tmp_path / "mine.py")
    (tmp_path / "README.md").write_text("# Report\n\nAuthor: nobody.\n")
    (check,) = extend.CHECKS
    assert list(check(load(tmp_path / "README.md"))) == []
    (tmp_path / "README.md").write_text("# Report\n")
    assert [finding.check for finding in check(load(tmp_path / "README.md"))] == ["author"]


def test_the_servers_and_the_criterion_that_are_shown_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(shown("A server", "toml"))
    stack = settings.resolve(project=tmp_path).stack
    assert [each.name for each in stack.added] == ["redis"]
    assert "presto" not in stack.servers
    assert set(tomllib.loads(shown("A probe", "toml"))["tool"]["harness"]["services"]) == {"redis", "search"}
    criterion = shown("A criterion", "yaml")
    assert parse(f"rubric: a\ntitle: a\npoints: 1\ncriteria:\n{criterion}", "shown").points == 1


def test_the_step_that_is_shown_is_one() -> None:
    compile(shown("A step", "python"), "shown", "exec")
    assert "@step(" in shown("A step", "python")


@pytest.fixture(params=sorted((DOCS / "ci").iterdir()), ids=lambda path: path.name)
def recipe(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_each_recipe_can_be_read_and_is_named_on_its_page(recipe: Path) -> None:
    text = recipe.read_text()
    found = json.loads(text) if recipe.suffix == ".json" else yaml.safe_load(text)
    assert isinstance(found, dict)
    assert f"(ci/{recipe.name})" in (DOCS / "ci.md").read_text()
    for name in re.findall(r"(?:^|&& |run: |\|\|\s+|entry: |')harness (\w+)", text, re.MULTILINE):
        assert name in COMMANDS, name
