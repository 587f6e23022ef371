"""Spark's data frames by the syntax tree: batch or stream, and their columns where they are certain."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from harness.grade.code.values import FUNCTIONS, Names, dotted, text, within

Steps: TypeAlias = "Sequence[tuple[str, ast.Call | None]]"
Schemas: TypeAlias = "Mapping[str, tuple[str, ...]]"

_KAFKA: Final = ("key", "value", "topic", "partition", "offset", "timestamp", "timestampType")
_SAME: Final = frozenset(
    {
        "alias",
        "cache",
        "checkpoint",
        "coalesce",
        "distinct",
        "dropDuplicates",
        "dropna",
        "filter",
        "limit",
        "orderBy",
        "persist",
        "repartition",
        "sort",
        "where",
        "withWatermark",
    }
)
_CHAIN_LIMIT: Final = 200
_FUNCTIONS: Final = frozenset({"col", "column", "lit"})


@dataclass(frozen=True, slots=True)
class Frame:
    """A data frame. `stream` is None where it is not certain, `columns` too; `structs` are the fields of a column."""

    stream: bool | None = None
    columns: tuple[str, ...] | None = None
    structs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    topic: str | None = None
    offsets: str | None = None


def chain(node: ast.expr) -> tuple[ast.expr, Steps]:
    """Take `base.a.b(x).c()` apart: the base, then each name with its call."""
    steps: list[tuple[str, ast.Call | None]] = []
    while len(steps) < _CHAIN_LIMIT:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            steps.append((node.func.attr, node))
            node = node.func.value
        elif isinstance(node, ast.Attribute):
            steps.append((node.attr, None))
            node = node.value
        else:
            break
    return node, steps[::-1]


def options(steps: Steps, names: Names) -> dict[str, str | None]:
    """Give what `format`, `option`, `options` and `mode` set; None for a value that is not constant."""
    found: dict[str, str | None] = {}
    for name, call in steps:
        if call is None:
            continue
        if name == "option" and len(call.args) == 2:
            key = text(call.args[0], names)
            found[(key or "?").lower()] = text(call.args[1], names)
        elif name == "options":
            found |= {(each.arg or "?").lower(): text(each.value, names) for each in call.keywords}
        elif name in ("format", "mode", "outputMode", "queryName") and call.args:
            found[name.lower()] = text(call.args[0], names)
    return found


def frame(node: ast.expr, frames: Mapping[str, Frame], names: Names, schemas: Schemas) -> Frame | None:
    """Give the frame that an expression is, or None where it is none that can be told."""
    base, steps = chain(node)
    reads = [at for at, (name, call) in enumerate(steps) if name in ("read", "readStream") and call is None]
    if reads:
        at = reads[0]
        given = options(steps[at:], names)
        loads = [index for index, (name, _) in enumerate(steps) if name in ("load", "parquet", "json", "csv", "table")]
        if not loads:
            return None
        kafka = given.get("format") == "kafka"
        start = Frame(
            steps[at][0] == "readStream",
            _KAFKA if kafka else None,
            topic=given.get("subscribe") if kafka else None,
            offsets=given.get("startingoffsets") if kafka else None,
        )
        return _applied(start, steps[loads[0] + 1 :], names, schemas)
    if isinstance(base, ast.Name) and base.id in frames:
        return _applied(frames[base.id], steps, names, schemas)
    return None


def schemas(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """Give the fields of each `StructType` that a name is bound to or a function returns."""
    found: dict[str, tuple[str, ...]] = {}
    repeated: set[str] = set()
    for node in ast.walk(tree):
        name, value = "", None
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
        elif isinstance(node, FUNCTIONS):
            returned = [each.value for each in within(node.body) if isinstance(each, ast.Return)]
            name, value = node.name, returned[0] if len(returned) == 1 else None
        fields = _struct(value) if value is not None else None
        if fields is None:
            continue
        if name in found:
            repeated.add(name)
        found[name] = fields
    return {name: fields for name, fields in found.items() if name not in repeated}


def _struct(node: ast.expr) -> tuple[str, ...] | None:
    base, steps = chain(node)
    if not isinstance(base, ast.Call):
        return None
    if dotted(base.func).rpartition(".")[2] != "StructType":
        return None
    fields = base.args[0].elts if base.args and isinstance(base.args[0], ast.List) else []
    if base.args and not isinstance(base.args[0], ast.List):
        return None
    names: list[str | None] = []
    for each in fields:
        named = isinstance(each, ast.Call) and dotted(each.func).endswith("StructField") and each.args
        names.append(text(each.args[0], {}) if isinstance(each, ast.Call) and named else None)
    for name, call in steps:
        names.append(text(call.args[0], {}) if name == "add" and call is not None and call.args else None)
    return tuple(name for name in names if name is not None) if names and None not in names else None


def _applied(start: Frame, steps: Steps, names: Names, known: Schemas) -> Frame:
    now = start
    for name, call in steps:
        columns, structs = now.columns, dict(now.structs)
        stream = now.stream
        if name in _SAME:
            continue
        if call is None or columns is None:
            columns, stream = None, stream if name in ("select", "withColumn", "drop") else None
        elif name == "select":
            columns, structs = _selected(call.args, now, names, known)
        elif name == "withColumn" and len(call.args) == 2:
            added = text(call.args[0], names)
            columns = (
                None
                if added is None or len(columns) > _CHAIN_LIMIT
                else columns
                if added in columns
                else (*columns, added)
            )
            fields = _fields(call.args[1], known)
            if added is not None and fields is not None:
                structs[added] = fields
        elif name == "withColumnRenamed" and len(call.args) == 2:
            old, new = text(call.args[0], names), text(call.args[1], names)
            columns = tuple(new if each == old else each for each in columns) if old and new else None
        elif name == "drop":
            gone = [text(each, names) for each in call.args]
            columns = tuple(each for each in columns if each not in gone) if None not in gone else None
        else:
            columns, structs, stream = None, {}, None
        now = Frame(stream, columns, structs, now.topic, now.offsets)
    return now


def _selected(
    arguments: Sequence[ast.expr], before: Frame, names: Names, known: Schemas
) -> tuple[tuple[str, ...] | None, dict[str, tuple[str, ...]]]:
    columns: list[str] = []
    structs: dict[str, tuple[str, ...]] = {}
    if len(arguments) == 1 and isinstance(arguments[0], ast.List):
        arguments = arguments[0].elts
    for argument in arguments:
        name = _column(argument, names)
        if name is None:
            return None, {}
        if name.endswith(".*"):
            fields = before.structs.get(name[:-2])
            if fields is None:
                return None, {}
            columns += fields
            continue
        if name == "*":
            columns += before.columns or ()
            continue
        short = name.rpartition(".")[2]
        columns.append(short)
        fields = _fields(argument, known)
        if fields is not None:
            structs[short] = fields
        elif name in before.structs:
            structs[short] = before.structs[name]
    return tuple(columns), structs


def _column(node: ast.expr, names: Names) -> str | None:
    """Give the name that a column of a selection gets."""
    given = text(node, names)
    if given is not None:
        return given
    base, steps = chain(node)
    aliases = [call for name, call in steps if name in ("alias", "name") and call is not None and call.args]
    if aliases:
        return text(aliases[-1].args[0], names)
    if any(name != "cast" for name, call in steps if call is not None):
        return None
    plain = [name for name, call in steps if call is None]
    if plain:
        return plain[-1]
    if isinstance(base, ast.Subscript):
        return text(base.slice, names)
    if isinstance(base, ast.Call) and dotted(base.func).rpartition(".")[2] in _FUNCTIONS - {"lit"} and base.args:
        return text(base.args[0], names)
    return None


def _fields(node: ast.expr, known: Schemas) -> tuple[str, ...] | None:
    """Give the fields of `from_json(…, SCHEMA)`, with an alias or without."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and dotted(each.func).endswith("from_json") and len(each.args) >= 2:
            schema = each.args[1]
            if isinstance(schema, ast.Call) and isinstance(schema.func, ast.Name) and not schema.args:
                return known.get(schema.func.id)
            if isinstance(schema, ast.Name):
                return known.get(schema.id)
            return _struct(schema)
    return None
