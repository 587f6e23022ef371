"""What a Spark job does: where it reads, what it writes where, which tables it makes."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.grade.code.frames import Frame, Schemas, Steps, chain, frame, options, schemas
from harness.grade.code.sources import Source
from harness.grade.code.sql import Table, created
from harness.grade.code.values import FUNCTIONS, Names, bindings, constant, dotted, keyword, text, within

_FILE_FORMATS: Final = frozenset({"csv", "json", "orc", "parquet", "text"})
_MOVERS: Final = frozenset({"bucketBy", "foreachBatch", "partitionBy"})
"""What makes the columns of the files others than the frame's."""

_STARTERS: Final = _FILE_FORMATS | {"insertInto", "save", "saveAsTable", "start", "table", "toTable"}


@dataclass(frozen=True, slots=True)
class Sink:
    """Something that is written. `path` and `table` are None where the job does not say or it cannot be told.

    `certain` says whether a path that is None is really none (`console`, `memory`, `kafka`, a table).
    """

    stream: bool
    format: str | None
    path: str | None
    certain: bool
    table: str | None
    mode: str | None
    checkpoint: str | None
    trigger: str | None
    frame: Frame | None
    name: str
    source: Source
    line: int


@dataclass(frozen=True, slots=True)
class Job:
    """The facts of one module. `tables_open` says that it makes tables whose name cannot be told.

    `shows` are the names of the frames that it prints.
    """

    source: Source
    inputs: Sequence[Frame] = ()
    sinks: Sequence[Sink] = ()
    tables: Sequence[Table] = ()
    tables_open: bool = False
    shows: frozenset[str] = frozenset()


def is_job(source: Source) -> bool:
    """Whether a module has to do with Spark."""
    text = source.text
    return any(word in text for word in ("spark", "writeStream", "readStream", ".write", "create external"))


def read_job(source: Source) -> Job:
    """Read one module; nothing of what it does is certain where it cannot be parsed."""
    tree = source.tree
    if tree is None:
        return Job(source, tables_open="create" in source.text)
    outside = bindings(tree.body)
    known = schemas(tree)
    inputs: list[Frame] = []
    sinks: list[Sink] = []
    tables: list[Table] = []
    shows: set[str] = set()
    unsure = False
    for body, names in _scopes(tree, outside):
        nodes = list(within(body))
        sinks += _sinks(nodes, body, names, known, source, inputs)
        found, complete = _tables(nodes, names, source)
        tables += found
        unsure = unsure or not complete
        shows.update(_shown(nodes))
    tables += [
        Table(sink.table.lower(), (), None, True, False, source.evidence(sink.line)) for sink in sinks if sink.table
    ]
    return Job(source, inputs, sinks, tables, unsure, frozenset(shows))


def _scopes(tree: ast.Module, outside: Names) -> Iterator[tuple[Sequence[ast.stmt], Names]]:
    yield tree.body, outside
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            arguments = {each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
            yield (
                node.body,
                bindings(node.body, {name: value for name, value in outside.items() if name not in arguments}),
            )


def _shown(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "show":
            yield dotted(node.func.value)


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _sinks(
    nodes: Sequence[ast.AST], top: Sequence[ast.stmt], names: Names, known: Schemas, source: Source, inputs: list[Frame]
) -> Iterator[Sink]:
    frames: dict[str, Frame] = {}
    unsure = _branching(nodes, top)
    writers: dict[str, tuple[ast.expr, Steps]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            made = frame(node.value, frames, names, known)
            frames.pop(name, None)
            writers.pop(name, None)
            base, steps = chain(node.value)
            if any(step in ("write", "writeStream") and call is None for step, call in steps):
                writers[name] = (base, steps)
            elif made is not None and name not in unsure:
                frames[name] = made
                if made.topic is not None:
                    inputs.append(made)
        elif isinstance(node, ast.Call) and _method(node) in _STARTERS:
            base, steps = chain(node)
            stored = writers.get(base.id) if isinstance(base, ast.Name) else None
            if stored is not None:
                base, steps = stored[0], [*stored[1], *steps]
            writes = [at for at, (step, call) in enumerate(steps) if step in ("write", "writeStream") and call is None]
            if writes:
                moved = stored is not None or any(step in _MOVERS for step, _ in steps)
                written = None if moved else frame(_expression(base, node, writes[0]), frames, names, known)
                plain = base.id if isinstance(base, ast.Name) and writes[0] == 0 else ""
                yield _sink(steps[writes[0] :], (plain, written), names, source, node)


def _branching(nodes: Sequence[ast.AST], top: Sequence[ast.stmt]) -> set[str]:
    """Give the names that are assigned more than once, and not one after another."""
    straight = {id(statement) for statement in top}
    counts: Counter[str] = Counter()
    nested: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            counts[node.targets[0].id] += 1
            if id(node) not in straight:
                nested.add(node.targets[0].id)
    return {name for name in nested if counts[name] > 1}


def _expression(base: ast.expr, call: ast.Call, steps: int) -> ast.expr:
    """Give the part of a chain before `.write`."""
    node: ast.expr = call
    before: list[ast.expr] = []
    while node is not base:
        if isinstance(node, ast.Attribute):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            return base
        before.append(node)
    return before[len(before) - 1 - steps] if 0 <= len(before) - 1 - steps < len(before) else base


def _sink(steps: Steps, written: tuple[str, Frame | None], names: Names, source: Source, node: ast.Call) -> Sink:
    given = options(steps, names)
    method, call = steps[-1]
    stream = steps[0][0] == "writeStream"
    kind = method if method in _FILE_FORMATS else given.get("format", "" if "format" in given else "parquet")
    where: ast.expr | None = None
    if call is not None and method in _FILE_FORMATS | {"save", "start"}:
        where = call.args[0] if call.args else keyword(call, "path")
    if call is not None and keyword(call, "format") is not None:
        kind = text(keyword(call, "format"), names)
    path = text(where, names) if where is not None else given.get("path")
    table = (
        text(call.args[0], names) if call and call.args and method in ("saveAsTable", "insertInto", "toTable") else None
    )
    custom = any(step in ("foreach", "foreachBatch") for step, _ in steps)
    certain = not custom and (path is not None or (kind is not None and kind not in _FILE_FORMATS) or table is not None)
    triggers = [each for step, each in steps if step == "trigger" and each is not None]
    trigger = text(keyword(triggers[0], "processingTime"), names) if triggers else None
    mode = given.get("mode", given.get("outputmode"))
    if call is not None and mode is None:
        mode = text(keyword(call, "mode"), names)
    return Sink(
        stream,
        kind,
        path,
        certain,
        table,
        mode,
        given.get("checkpointlocation"),
        trigger,
        written[1],
        written[0],
        source,
        node.lineno,
    )


def _tables(nodes: Sequence[ast.AST], names: Names, source: Source) -> tuple[list[Table], bool]:
    """Give the tables that strings of SQL in one scope create, and whether each has a name and a certain text."""
    found: list[Table] = []
    complete = True
    inner = {
        id(each) for node in nodes if isinstance(node, ast.JoinedStr) for each in ast.walk(node) if each is not node
    }
    for node in nodes:
        if id(node) in inner:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            statement = node.value
        elif isinstance(node, ast.JoinedStr):
            statement = "".join(_rendered(part, names) for part in node.values)
        elif isinstance(node, ast.Call) and _method(node) == "sql" and node.args:
            complete = complete and not isinstance(node.args[0], ast.BinOp)
            continue
        else:
            continue
        lowered = statement.lower()
        if not lowered.lstrip().startswith("create") or "table" not in lowered:
            continue
        made = list(created(statement, source.evidence(node.lineno)))
        found += made
        complete = complete and bool(made)
    return found, complete


def _rendered(part: ast.expr, names: Names) -> str:
    value = constant(part, names) if isinstance(part, ast.Constant) else constant(ast.JoinedStr(values=[part]), names)
    return str(value) if isinstance(value, str | int) else "{}"
