"""The lock file: the one place where versions of the servers' parts stand.

`toolchain.lock` holds, for each component, what was asked for (`roots`, resolved with their dependencies, and
`alone`, taken without), what is left out or replaced and why, and what that came to: a line per file with its
coordinate, size in bytes and sha256.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

from harness.errors import UsageError

_LINE = re.compile(r"(?P<coordinate>[\w.\-]+(:[\w.\-+]+){2,3}) (?P<size>[1-9]\d*) (?P<sha256>[0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a Maven repository: `coordinate` is group:artifact:version[:classifier]; `size` in bytes."""

    coordinate: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """Its path in a Maven repository, with forward slashes."""
        group, artifact, version, *classifier = self.coordinate.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}/{'-'.join([artifact, version, *classifier])}.jar"

    @property
    def name(self) -> str:
        """Its artifact name, such as `kafka-clients`."""
        return self.coordinate.split(":")[1]


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the stack and the files that it takes.

    `exclude` holds `group:artifact` names; `replace` maps a `group:artifact` to the version taken instead.
    """

    name: str
    roots: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    replace: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()


def lock_path() -> Path:
    """Give the path of the lock file inside the package."""
    return Path(str(resources.files("harness.cluster.toolchain") / "toolchain.lock"))


@cache
def components(own: Path | None = None) -> Mapping[str, Component]:
    """Read the packaged lock file; a component of a project's `own` file stands in its place.

    Raises UsageError for an own file that cannot be read, that has an unknown component, or one without artifacts.
    """
    packaged = parse(lock_path().read_text(encoding="utf-8"))
    return {**packaged, **of_project(own, packaged)} if own else packaged


def of_project(file: Path, packaged: Mapping[str, Component], *, renewing: bool = False) -> dict[str, Component]:
    """Read the components of a project's own lock file; when it is being renewed they need no artifacts.

    Raises UsageError naming the file, and what in it cannot be taken.
    """
    try:
        found = parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, AttributeError) as problem:
        raise UsageError(f"{file} cannot be read.", seen=str(problem), remedy="mend the file") from problem
    if unknown := [name for name in found if name not in packaged]:
        known = ", ".join(packaged)
        raise UsageError(f"{file}: unknown component [{unknown[0]}].", wanted=f"one of {known}")
    if empty := [part.name for part in found.values() if not (part.artifacts or renewing)]:
        remedy = f"harness lock {shlex.quote(str(file))}"
        raise UsageError(f"{file}: [{empty[0]}] has no artifacts.", wanted="a line for each file", remedy=remedy)
    return found


def parse(text: str) -> dict[str, Component]:
    """Read a lock file's text. Raises ValueError naming the line that cannot be read."""
    result = {}
    for name, table in tomllib.loads(text).items():
        result[name] = Component(
            name,
            tuple(table.get("roots", ())),
            tuple(table.get("alone", ())),
            tuple(table.get("exclude", ())),
            dict(table.get("replace", {})),
            tuple(_artifact(line) for line in table.get("artifacts", ())),
        )
    return result


def _artifact(line: str) -> Artifact:
    found = _LINE.fullmatch(line)
    if not found:
        raise ValueError(f"lock file: not 'coordinate size sha256': {line!r}")
    return Artifact(found["coordinate"], int(found["size"]), found["sha256"])


def dump(parts: Mapping[str, Component], header: str) -> str:
    """Write a lock file's text; `parse(dump(x))` gives x."""
    lines = [f"# {line}" for line in header.splitlines()]
    for part in parts.values():
        lines += ["", f"[{part.name}]"]
        for key in ("roots", "alone", "exclude"):
            if values := getattr(part, key):
                lines += [f"{key} = [", *(f'  "{value}",' for value in values), "]"]
        if part.replace:
            pairs = ", ".join(f'"{key}" = "{value}"' for key, value in part.replace.items())
            lines.append(f"replace = {{ {pairs} }}")
        lines.append("artifacts = [")
        lines += [f'  "{item.coordinate} {item.size} {item.sha256}",' for item in part.artifacts]
        lines.append("]")
    return "\n".join(lines) + "\n"


def version_of(component: str, artifact: str, own: Path | None = None) -> str:
    """Give the locked version of an artifact, such as `version_of("kafka", "kafka_2.13")`; "unknown" for one of none.

    `own` is a project's own lock file.
    """
    found = (each.coordinate.split(":")[2] for each in components(own)[component].artifacts if each.name == artifact)
    return next(found, "unknown")
