"""Projects of others: with the wheel alone, outside this repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import engine
import original
import pytest
from machine import Ended, nothing_left, run

PROJECT = Path(__file__).parents[2]
EXAMPLES = PROJECT / "examples"
TUTORIAL = PROJECT / "docs" / "tutorial.md"


@dataclass(frozen=True)
class Installed:
    """A virtual environment that has the harness by its wheel, and the packages that it needs."""

    folder: Path
    wheel: Path

    def run(self, command: str, cwd: Path, **env: str) -> Ended:
        without = [f"--unset={name}" for name in os.environ if name.startswith(("PYTHON", "PYTEST"))]
        given = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "COLUMNS": "120", **env}
        return run("bash", "-c", command, cwd=cwd, env=given, timeout=900, prefix=("env", *without))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made of the source distribution, as a release is."""
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(PROJECT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    assert len(list(folder.glob("*.tar.gz"))) == 1
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The harness of the wheel. What it needs is linked from this environment, but for the harness itself."""
    folder = tmp_path_factory.mktemp("venv")
    folder.chmod(0o755)  # as a user makes one: a sandbox of root's has another user
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    own = shutil.ignore_patterns("*pipeline_harness*", "*.pth", "__pycache__")
    shutil.copytree(sysconfig.get_path("purelib"), site, copy_function=_linked, ignore=own, dirs_exist_ok=True)
    words = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "-q", "--no-deps"]
    subprocess.run([*words, str(wheel)], check=True)
    for program in ("flask", "pytest"):
        script = folder / "bin" / program
        script.write_text(f'#!{folder}/bin/python\nimport runpy\nrunpy.run_module("{program}", run_name="__main__")\n')
        script.chmod(0o755)
    return Installed(folder, wheel)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    nothing_left(within=15)


def test_the_harness_is_the_wheels(installed: Installed, tmp_path: Path) -> None:
    said = installed.run("python -c 'import harness; print(harness.__file__)'", tmp_path).output
    assert said.startswith(str(installed.folder))
    names = "\n".join(zipfile.ZipFile(installed.wheel).namelist())
    assert "harness/init/starter/dot-github/workflows/pipeline.yml" in names
    assert "harness/grade/gradescope/run_autograder" in names
    assert "harness/compose/Dockerfile.added" in names
    assert not re.search(r"^(tests|bench|examples|app|jobs)/", names, re.MULTILINE)


# The tutorial


def commands() -> list[tuple[str, str]]:
    """Give the tutorial's commands, each with what it prints; `...` stands for what varies."""
    blocks = re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(), re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part.strip()]
    return [(command.strip(), printed) for command, _, printed in (part.partition("\n") for part in parts)]


def as_pattern(printed: str) -> re.Pattern[str]:
    """Give the pattern of a printed text: a line `...` stands for any lines, a `...` in a line for any characters."""
    lines = []
    for line in printed.splitlines():
        if line.strip() == "...":
            lines.append("(?:.*\n)*?")
        else:
            lines.append(r"[^\n]*?".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ \t]*\n")
    return re.compile("".join(lines))


def test_the_tutorials_ten_commands_print_what_it_says(installed: Installed, tmp_path: Path) -> None:
    found = commands()
    assert len(found) == 10
    here, there = tmp_path, tmp_path / "there"
    try:
        for command, printed in found:
            done = installed.run(f"{command}; code=$?; pwd >{there}; exit $code", here, CI="")
            here = Path(there.read_text().strip())
            assert as_pattern(printed).fullmatch(done.output), f"$ {command}\n{done.output}\n--- expected\n{printed}"
            assert done.code == 0, command
    finally:
        installed.run("harness down", here)


# Servers of their own


def copied(name: str, tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("reports", "__pycache__"))
    )


def reported(installed: Installed, project: Path, options: str = "") -> dict[str, str]:
    """Run a project, and give the state of each of its servers."""
    done = installed.run(f"harness report {options}", project)
    assert done.code == 0, done.output
    record = json.loads((project / "reports" / "latest" / "record.json").read_text())
    assert {step["outcome"] for step in record["steps"]} == {"passed"}
    return {service["name"]: record["versions"].get(service["name"], "") for service in record["services"]}


@pytest.mark.parametrize("backend", ["local", "compose"])
def test_a_redis_is_added_and_presto_left_out(installed: Installed, tmp_path: Path, backend: str) -> None:
    if backend == "compose":
        engine.needed()
    servers = reported(installed, copied("redis", tmp_path), f"--backend {backend}")
    assert "redis" in servers
    assert "presto" not in servers


def test_the_redis_example_takes_less_than_sixty_lines() -> None:
    files = [path for path in (EXAMPLES / "redis").rglob("*") if path.suffix in (".py", ".toml")]
    files = [path for path in files if "reports" not in path.parts]
    assert sum(len([line for line in path.read_text().splitlines() if line.strip()]) for path in files) < 60


def test_another_version_of_kafka(installed: Installed, tmp_path: Path) -> None:
    servers = reported(installed, copied("kafka-version", tmp_path))
    assert servers == {"zookeeper": "3.8.4", "kafka": "3.8.1"}


# A stranger's report


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The original's folder, with its report."""
    return original.submission(tmp_path_factory.mktemp("author"))


def test_the_steps_of_the_originals_report_pass_as_they_are_written(
    installed: Installed, author: Path, tmp_path: Path
) -> None:
    made = installed.run(f"harness init mine --from {author}", tmp_path)
    assert made.code == 0, made.output
    reported(installed, tmp_path / "mine")


def test_the_autograder_grades_the_original(installed: Installed, author: Path, tmp_path: Path) -> None:
    """Its scripts as Gradescope runs them; the harness that `setup.sh` would install is there already."""
    options = f"--rubric 2018 --static --wheel {installed.wheel} --out a.zip"
    made = installed.run(f"harness gradescope {options} && python -m zipfile -e a.zip source", tmp_path)
    assert made.code == 0, made.output
    (tmp_path / "harness").symlink_to(installed.folder)
    shutil.copytree(author, tmp_path / "submission")
    done = installed.run("bash source/run_autograder", tmp_path, AUTOGRADER=str(tmp_path))
    assert done.code == 0, done.output
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert 0 < results["score"] <= sum(test["max_score"] for test in results["tests"])
    assert all({"name", "score", "max_score", "output"} <= test.keys() for test in results["tests"])
