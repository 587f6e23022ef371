"""A hostile submission: a folder whose report types what does the harm, and what must be contained of it.

The programs print `ESCAPED: …` for each thing that they reached and must not, and `CONTAINED: …` for each that they did
not; all are bounded by themselves too. What they look for is a bait: a folder of the grader's, with a secret in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import story
from world import make_world

from harness.grade.rerun.model import Limit

ATTACKS = Path(__file__).parent / "attacks"
SECRET = "secret-of" + "-the-grader"
"""What the bait holds; no file of a submission has it in one piece."""

FORGED = "forged-by-the-submission"
ESCAPED = "ESCAPED:"


def lay_bait(folder: Path) -> Path:
    """Lay what a submission must not reach: a rubric, a record, another one's submission. Gives the folder."""
    for name in ("rubric.yaml", "record.json", "golden/record.json", "other-submission/README.md"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {SECRET}\n")
    return folder


@dataclass(frozen=True)
class Containment:
    """What must hold after a rerun, beside that nothing printed `ESCAPED`, and that the bait is as it was laid.

    `limits`: of these at least one breach is reported. `stopped`: words of commands that the rerun itself must end.
    `never`: what no result may hold as it is (shown escaped it may be). `unseen`: what none of its commands may print;
    the bait's secret is never printed by any. `forged`: files of its own are no results.
    `gone`: what the next submission must not find. `ends`: words of commands that must end with 0 all the same.
    """

    limits: frozenset[Limit] = frozenset()
    stopped: Sequence[str] = ()
    never: Sequence[str] = ()
    unseen: Sequence[str] = ()
    forged: bool = False
    gone: Sequence[str] = ()
    ends: Sequence[str] = ()
    cluster_may_fail: bool = False


@dataclass(frozen=True)
class Hostile:
    """A hostile submission: the commands of its report in their order, its files, and what must be contained."""

    name: str
    commands: Sequence[str]
    attacks: Sequence[str]
    expected: Containment
    files: Mapping[str, str]
    more: Callable[[Path, Path], None] | None = None

    def write(self, parent: Path, bait: Path) -> Path:
        """Write the folder below `parent`; its programs look for `bait`. Gives its path."""
        folder = parent / f"hostile-{self.name}"
        folder.mkdir(parents=True)
        (folder / "docker-compose.yml").write_text(story.compose_file(make_world(1)))
        for name in ("verdict.py", *self.attacks):
            text = (ATTACKS / name).read_text()
            (folder / name).write_text(text.replace("@BAIT@", str(bait)))
        for name, text in {"README.md": self.report(), **self.files}.items():
            (folder / name).write_text(text.replace("@BAIT@", str(bait)))
        if self.more:
            self.more(folder, bait)
        return folder

    def report(self) -> str:
        """Give the report."""
        fences = [f"I run:\n\n```\n$ {command}\n```\n" for command in self.commands]
        return "\n".join([f"# The report of {self.name}\n", "It starts as usual.\n", *fences])


HERE = "/w205/hostile-"


def python(name: str, program: str, service: str = "mids") -> str:
    """Type a program of the submission."""
    return f"docker-compose exec {service} bash -c 'cd {HERE}{name} && python {program}'"


def within(service: str, line: str) -> str:
    """Type a line at a shell of a service."""
    return f"docker-compose exec {service} bash -c '{line}'"


def hostile(
    name: str,
    commands: Sequence[str],
    attacks: Sequence[str],
    expected: Containment,
    files: Mapping[str, str] | None = None,
    more: Callable[[Path, Path], None] | None = None,
) -> Hostile:
    """Make a hostile submission of what is typed between the start and the end of the cluster."""
    whole = ["docker-compose up -d", *commands, "docker-compose down"]
    return Hostile(name, whole, attacks, expected, files or {}, more)
