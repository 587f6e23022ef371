"""What a project adds to the harness: kinds of output, rules, renderers, checks, backends and commands.

A project names its modules in pyproject.toml, and each registers what it has when it is imported:

    [tool.harness]
    extensions = ["my_harness"]        # my_harness.py beside pyproject.toml, or an installed package

    # my_harness.py
    from harness import extend
    from harness.outputs.text import Output

    @extend.output("mytool")
    def facts(output: Output) -> dict[str, object]:
        return {"kind": "mytool", "lines": output.stdout.count("\\n")}

They are imported for a project's own runs, checks and reports. What reads the work of strangers (`grade`, `init`,
`readme`) imports none; a grader's own checks come by `harness grade --extend FILE`.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from harness.errors import UsageError

if TYPE_CHECKING:
    import click

    from harness.cluster.protocol import Cluster, Tell
    from harness.grade.model import Finding, Submission
    from harness.model import Fact, Record
    from harness.normalise.rule import Rule
    from harness.outputs.text import Output
    from harness.settings import Settings

__all__ = ["backend", "check", "command", "load", "output", "renderer", "rule"]


class Backend(Protocol):
    """Starts and joins clusters of one kind. `logs` is the folder of the servers' logs."""

    def start(self, settings: Settings, logs: Path, tell: Tell) -> Cluster:
        """Start a new cluster without servers. Raises EnvironmentFault when it cannot be had."""

    def join(self, folder: Path, settings: Settings) -> Cluster:
        """Join a cluster that somebody keeps, by its run folder. Raises EnvironmentFault when it is gone."""


Parser = Callable[["Output"], "dict[str, Fact]"]
Render = Callable[["Record"], str]
StaticCheck = Callable[["Submission"], "Iterable[Finding]"]

OUTPUTS: Final[dict[str, Parser]] = {}
RULES: Final[list[Rule]] = []
RENDERERS: Final[dict[str, Render]] = {}
CHECKS: Final[list[StaticCheck]] = []
COMMANDS: Final[dict[str, click.Command]] = {}
BACKENDS: Final[dict[str, Backend]] = {}

_ParserT = TypeVar("_ParserT", bound=Parser)
_RenderT = TypeVar("_RenderT", bound=Render)
_CheckT = TypeVar("_CheckT", bound=StaticCheck)
_CommandT = TypeVar("_CommandT", bound="click.Command")
_BackendT = TypeVar("_BackendT", bound=Backend)
_FILE: Final = re.compile(r"[\w][\w.-]{0,80}")


def output(*programs: str) -> Callable[[_ParserT], _ParserT]:
    """Register a parser of what programs print: a function from `Output` to facts, with the name of its `kind`.

    It gets hostile text too: it takes time linear in its length, and gives fewer facts where that makes no sense.
    """

    def register(parser: _ParserT) -> _ParserT:
        from harness.outputs import PROGRAMS

        _put(OUTPUTS, dict.fromkeys(programs, parser), "program", PROGRAMS)
        return parser

    return register


def rule(made: Rule) -> Rule:
    """Register a rule: what differs between two honest runs, in a form that does not. See `harness.normalise.rule`.

    It is applied after the harness' own. Raises UsageError when its own example or counter-example speaks against it.
    """
    from harness.normalise import RULES as OWN

    if made.name in {each.name for each in (*OWN, *RULES)}:
        raise UsageError(f"There is a rule {made.name} already.", remedy="give it another name")
    one, other = (made.apply(each).observation for each in made.example)
    if one != other:
        raise UsageError(f"The rule {made.name} does not make its own example equal.", seen=f"{one} and {other}")
    one, other = (made.apply(each).observation for each in made.counter_example)
    if one == other:
        raise UsageError(f"The rule {made.name} hides its own counter-example.", seen=str(one))
    RULES.append(made)
    return made


def renderer(file: str) -> Callable[[_RenderT], _RenderT]:
    """Register a renderer: a pure function from a record to the text of a file of this name in the report's folder."""

    def register(render: _RenderT) -> _RenderT:
        from harness.render.renderers import RECORD
        from harness.render.renderers import RENDERERS as OWN

        if not _FILE.fullmatch(file):
            raise UsageError(f"{file!r} cannot be the name of a report's file.", wanted="a name without a folder")
        _put(RENDERERS, {file: render}, "file", (RECORD, *OWN))
        return render

    return register


def check(made: _CheckT) -> _CheckT:
    """Register a static check: a pure function from a submission to findings. See `harness.grade.checks`."""
    CHECKS.append(made)
    return made


def command(made: _CommandT) -> _CommandT:
    """Register a command of `harness`, made with click. What it returns is the exit code."""
    from harness.cli import COMMANDS as OWN

    _put(COMMANDS, {str(made.name): made}, "command", OWN)
    return made


def backend(name: str) -> Callable[[_BackendT], _BackendT]:
    """Register a backend, for `--backend NAME`: an object, or a class, with `start` and `join`."""

    def register(made: _BackendT) -> _BackendT:
        from harness.settings import BACKENDS as OWN

        _put(BACKENDS, {name: made}, "backend", OWN)
        return made

    return register


def _put(registry: dict[str, Any], added: Mapping[str, Any], kind: str, own: Iterable[str]) -> None:
    if taken := sorted(set(added) & {*own, *registry}):
        raise UsageError(f"There is a {kind} {taken[0]} already.", remedy="an extension adds, and replaces nothing")
    registry.update(added)


# Loading

_LOADED: Final[set[str]] = set()


def load(root: Path, table: Mapping[str, object]) -> None:
    """Import the extensions that a project's `[tool.harness]` table names, each once.

    Raises UsageError naming the one that cannot be imported, and where it failed.
    """
    names = table.get("extensions", [])
    place = f"extensions in [tool.harness] of {root / 'pyproject.toml'}"
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise UsageError(f"{place} cannot be taken.", wanted='a list of modules, such as ["my_harness"]')
    for name in names:
        if name not in _LOADED:
            if str(root) not in sys.path:
                sys.path.insert(0, str(root))
            _import(lambda name=name: importlib.import_module(name), f"{name} ({place})")  # type: ignore[misc]
            _LOADED.add(name)


def load_here() -> None:
    """Import the extensions of the project here; outside a project there are none."""
    from harness import settings

    try:
        root = settings.find_project()
    except UsageError:
        return
    load(root, settings.table_of(root))


def load_file(file: Path) -> None:
    """Import a grader's own extension from a file. Raises UsageError when it cannot be imported."""
    found = importlib.util.spec_from_file_location(f"harness_extension_{file.stem}", file)
    if not file.is_file() or found is None or found.loader is None:
        raise UsageError(f"{file} is no extension.", wanted="a file of Python", remedy="--extend FILE.py")
    module = importlib.util.module_from_spec(found)
    loader = found.loader
    _import(lambda: loader.exec_module(module), str(file))


def _import(importing: Callable[[], object], name: str) -> None:
    try:
        importing()
    except UsageError:
        raise
    except Exception as problem:
        frame = problem.__traceback__
        while frame and frame.tb_next:
            frame = frame.tb_next
        where = f" ({frame.tb_frame.f_code.co_filename}:{frame.tb_lineno})" if frame else ""
        raise UsageError(
            f"The extension {name} cannot be imported.",
            seen=f"{type(problem).__name__}: {problem}{where}",
            remedy="mend that line, or take the extension out",
        ) from problem
