"""A submission's compose file is read by Compose where there is nothing but the submission."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from test_compose_files import needs_compose

from harness.errors import UsageError
from harness.grade.rerun import compose_file, host, sandbox
from harness.grade.rerun.compose import refused
from harness.grade.rerun.host import Work
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Ending
from harness.grade.submission import load

MIDS = "services:\n  mids:\n    image: midsw205/base\n"
REPORT = "# Mine\n\n```\ndocker-compose exec mids ls\n```\n"

needs_sandbox = pytest.mark.skipif(sandbox.why_not() is not None, reason="needs a sandbox")
Read = Callable[..., Mapping[str, Any]]


def work_of(folder: Path, files: Mapping[str, str]) -> Work:
    for name, text in {"README.md": REPORT, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Work.of(folder, load(folder))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read the compose file of a submission with these files."""

    def reading(**files: str) -> Mapping[str, Any]:
        folder = tmp_path / "mine"
        folder.mkdir()
        work = work_of(folder, {name.replace("_", "."): text for name, text in files.items()})
        with host.stage() as stage:
            host.copy(work, stage / "copied")
            (stage / "reading").mkdir()
            return compose_file.read(work, stage / "copied", Limits(), stage / "reading")

    return reading


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), None),
        (("docker-compose.yml",), "docker-compose.yml"),
        (("code/docker-compose.yml",), "code/docker-compose.yml"),
        (("docker-compose.yml", "compose.yaml", "old/docker-compose.yml"), "docker-compose.yml"),
        (("b/docker-compose.yml", "a/docker-compose.yml"), "a/docker-compose.yml"),
    ],
)
def test_of_several_files_that_beside_the_commands_is_meant(
    tmp_path: Path, names: tuple[str, ...], found: str | None
) -> None:
    chosen = compose_file.find(work_of(tmp_path, dict.fromkeys(names, MIDS)))
    assert (str(chosen) if chosen else None) == found


@needs_compose
@needs_sandbox
def test_a_file_is_read_with_the_places_of_its_author(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of this machine")
    text = MIDS + "    volumes: ['~/w205:/w205', '.:/code']\n"
    text += "    environment: {A: '${SECRET}', B: '$$x', C: '${D}'}\n"
    mids = read(**{"docker-compose_yml": text, "_env": "D=of the submission\n"})["services"]["mids"]
    assert [mount["source"] for mount in mids["volumes"]] == ["/home/science/w205", "/w205/mine"]
    assert mids["environment"] == {"A": "", "B": "$x", "C": "of the submission"}


@needs_compose
@needs_sandbox
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: [", "yaml"),
        ("include: [/etc/shadow]\n" + MIDS, "/etc/shadow"),
        ("include: ['https://example.org/compose.git']\n" + MIDS, ""),
        (MIDS + "    env_file: /etc/shadow\n", "/etc/shadow"),
        (MIDS + "    env_file: ../../../etc/shadow\n", "shadow"),
        (MIDS + "    extends: {file: /root/compose.yml, service: x}\n", "/root/compose.yml"),
    ],
)
def test_what_is_outside_is_not_there(read: Read, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=r"Compose cannot read docker-compose\.yml") as caught:
        read(**{"docker-compose_yml": text})
    assert words in str(caught.value.seen)
    assert "root:" not in str(caught.value.seen)


@needs_compose
@needs_sandbox
def test_a_file_that_grows_when_it_is_read_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_file, "READ_TIME", 2.0)
    bomb = "x0: &x0 [" + ", ".join(["lol"] * 9) + "]\n"
    bomb += "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 10))
    with pytest.raises(UsageError, match="Compose cannot read"):
        read(**{"docker-compose_yml": bomb.replace("x", "x-") + MIDS})


def test_a_refused_file_is_the_result(tmp_path: Path) -> None:
    work = work_of(tmp_path, {})
    problem = UsageError("The compose file: the service a asks for too much.", seen="privileged: True")
    found = refused("compose", work, problem)
    assert found.fault is None
    assert [each.ending for each in found.commands] == [Ending.LEFT_OUT]
    assert found.commands[0].note == (
        "the compose file is refused: The compose file: the service a asks for too much (privileged: True)"
    )
