"""Settings, resolved once: flag, then environment, then `[tool.harness]` in pyproject.toml, then default."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from harness import extend
from harness.cluster import elsewhere as addresses
from harness.cluster import stack as stacks
from harness.cluster.addresses import ORIGINAL
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.names import new_prefix
from harness.cluster.stack import Stack
from harness.errors import UsageError

BACKENDS = ("local", "compose", "running")
MODES = ("private", "open")

GOLDEN = Path("reports", "golden", "record.json")
"""Where a project keeps the record that was approved."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run uses. Times are seconds; `ports` maps a service name to the port asked for.

    `mode` is None where the machine decides: private where a sandbox can be had, else open. `guests` is true for a
    cluster in which commands run that strangers wrote for the course's versions of 2018.
    """

    project: Path
    out: Path
    title: str
    assignment: str = "assignment"
    app: str = "app/game_api.py"
    backend: str = "local"
    mode: str | None = None
    keep: bool = False
    ports: Mapping[str, int] = field(default_factory=dict)
    boot_timeout: float = 180.0
    command_timeout: float = 180.0
    step_timeout: float = 420.0
    compose_file: Path | None = None
    golden: Path | None = None
    guests: bool = False
    elsewhere: Elsewhere | None = None
    """Where the servers are, for the running backend."""
    stack: Stack = field(default_factory=Stack)
    """What the cluster is made of."""

    @property
    def golden_record(self) -> Path:
        """The approved record: the one that was named, else the project's own."""
        return self.golden or self.project / GOLDEN


def cache_dir() -> Path:
    """Give the folder for downloads and run data: `HARNESS_CACHE`, else the user's cache folder."""
    if given := os.environ.get("HARNESS_CACHE"):
        return Path(given).expanduser().resolve()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "pipeline-harness"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pipeline-harness"


def find_project(start: Path | None = None) -> Path:
    """Give the nearest folder, from `start` upwards, whose pyproject.toml has `[tool.harness]`.

    Raises UsageError when there is none.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if _table(folder) is not None:
            return folder
    raise UsageError(
        "No project here.",
        wanted="a pyproject.toml with a [tool.harness] table in this folder or above it",
        seen=f"none from {start} upwards",
        remedy="cd to the project, or give --project FOLDER",
    )


def stack_here() -> Stack:
    """Give what the cluster of the project here is made of; outside a project the assignment's own."""
    try:
        project = find_project()
    except UsageError:
        return Stack()
    return resolve(project=project).stack


def resolve(
    *,
    project: Path | None = None,
    out: Path | None = None,
    backend: str | None = None,
    mode: str | None = None,
    keep: bool = False,
    ports: Mapping[str, int] | None = None,
    step_timeout: float | None = None,
    command_timeout: float | None = None,
    compose_file: Path | None = None,
    golden: Path | None = None,
    running: Mapping[str, object] = MappingProxyType({}),
) -> Settings:
    """Resolve every setting. Flags are the arguments; None means that the flag was not given.

    `running` are the flags of the running backend, by the names of `Elsewhere`.

    Raises UsageError for an unknown backend or mode and for a number that is none.
    """
    root = project.resolve() if project else find_project()
    table = table_of(root)

    def pick(flag: object, name: str, default: object) -> object:
        if flag is not None:
            return flag
        if (text := os.environ.get(f"HARNESS_{name.upper()}")) is not None:
            return text
        return table.get(name, default)

    chosen_mode = pick(mode, "mode", None)
    extend.load(root, table)
    known = (*BACKENDS, *extend.BACKENDS)
    chosen_backend = _one_of("backend", pick(backend, "backend", "local"), known)
    if chosen_backend != "local":
        if mode is not None:
            raise UsageError("--mode is for the local backend.", remedy=f"leave it out with --backend {chosen_backend}")
        chosen_mode = None  # a default that the project has for the local backend
    if compose_file and chosen_backend != "compose":
        raise UsageError("--compose-file is for the compose backend.", remedy="add --backend compose")
    given = {name: value for name, value in running.items() if value is not None}
    if given and chosen_backend != "running":
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"{flags}: for the running backend.", remedy="add --backend running")
    written = table.get("out")
    default_out = root / (Path(str(written)).expanduser() if written else Path("reports", "latest"))
    written_golden = table.get("golden")
    golden_here = root / Path(str(written_golden)).expanduser() if written_golden else None
    chosen_golden = golden or os.environ.get("HARNESS_GOLDEN") or golden_here
    stack = stacks.read(table, root / "pyproject.toml")
    listeners = (*ORIGINAL, *stack.listeners)
    if unknown := sorted(set(ports or {}) - set(listeners)):
        raise UsageError(f"Unknown service for --port: {unknown[0]}.", wanted=", ".join(listeners))
    if chosen_mode == "private" and ports:
        raise UsageError("--port is for open mode: a private cluster has the original's.", remedy="add --mode open")
    return Settings(
        project=root,
        out=Path(str(out or os.environ.get("HARNESS_OUT") or default_out)).expanduser().absolute(),
        title=str(table.get("title", root.name)),
        assignment=str(table.get("assignment", "assignment")),
        app=str(table.get("app", "app/game_api.py")),
        backend=chosen_backend,
        mode=None if chosen_mode is None else _one_of("mode", chosen_mode, MODES),
        keep=keep,
        ports=dict(ports or {}),
        boot_timeout=_seconds("boot_timeout", pick(None, "boot_timeout", 180.0)),
        command_timeout=_seconds("command_timeout", pick(command_timeout, "command_timeout", 180.0)),
        step_timeout=_seconds("step_timeout", pick(step_timeout, "step_timeout", 420.0)),
        compose_file=compose_file.expanduser().absolute() if compose_file else None,
        golden=Path(chosen_golden).expanduser().absolute() if chosen_golden else None,
        elsewhere=_elsewhere(given, table, root) if chosen_backend == "running" else None,
        stack=stack,
    )


def _elsewhere(flags: Mapping[str, object], table: Mapping[str, object], root: Path) -> Elsewhere:
    """Give the addresses of a cluster that exists: each from its flag, else the environment, else pyproject.toml."""
    written = table.get("running", {})
    place = f"[tool.harness.running] of {root / 'pyproject.toml'}"
    if not isinstance(written, dict):
        raise UsageError(f"{place} is no table.", wanted='lines such as kafka = "broker:9092"')
    values = dict(written)
    sources = {name: f"{name} in {place}" for name in written}
    for name in (*addresses.TEXTS, *addresses.NUMBERS):
        variable = f"HARNESS_{name.upper()}"
        if (text := os.environ.get(variable)) is not None:
            values[name], sources[name] = text, variable
    values |= flags
    sources |= {name: f"--{name.replace('_', '-')}" for name in flags}
    return addresses.elsewhere(values, sources, new_prefix())


def table_of(root: Path) -> Mapping[str, object]:
    """Give `[tool.harness]` of a project. Raises UsageError for a pyproject.toml that cannot be read."""
    return _table(root) or {}


def _table(folder: Path) -> dict[str, object] | None:
    """Read `[tool.harness]` of a folder's pyproject.toml; None when there is none."""
    path = folder / "pyproject.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UsageError(f"{path} cannot be read.", seen=str(problem), remedy="mend the file") from problem
    tools = data.get("tool")
    table = tools.get("harness") if isinstance(tools, dict) else None
    return table if isinstance(table, dict) else None


def _one_of(name: str, value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"Unknown {name}: {value!r}.", wanted=" or ".join(known))
    return str(value)


def _seconds(name: str, value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 86_400:
        raise UsageError(f"{name} is {value!r}.", wanted="seconds, more than 0 and less than a day")
    return seconds
