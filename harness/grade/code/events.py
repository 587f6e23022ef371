"""The events that a route logs: their type and their keys, as far as the syntax tree is certain."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.grade.code.routes import Function
from harness.grade.code.sources import Source
from harness.grade.code.values import FUNCTIONS, Names, bindings, dotted, text, within

_SILENT = ("print", "producer.flush", "app.logger", "logging", "logger", "log.")
"""Calls that do not change the event."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One event literal: its type, the keys that are always there, and whether the request's headers are added.

    `closed` says that no other keys can come in.
    """

    name: str
    keys: frozenset[str]
    headers: bool
    closed: bool
    source: Source
    line: int


@dataclass(frozen=True, slots=True)
class _Adds:
    """What happens to an event before it is sent; not closed where anything may."""

    keys: frozenset[str] = frozenset()
    headers: bool = False
    closed: bool = False


def event_types(source: Source) -> Iterator[EventType]:
    """Give each dictionary of a module that has a constant `event_type`, with what is added before it is sent."""
    if source.tree is None:
        return
    known = bindings(source.tree.body)
    functions = {node.name: node for node in ast.walk(source.tree) if isinstance(node, FUNCTIONS)}
    helpers = {name: _helper(function) for name, function in functions.items()}
    for function in functions.values():
        yield from _in_function(function, known, helpers, source)


def _in_function(function: Function, known: Names, helpers: Mapping[str, _Adds], source: Source) -> Iterator[EventType]:
    names = bindings(function.body, known)
    nodes = list(within(function.body))
    for node in nodes:
        if not isinstance(node, ast.Dict):
            continue
        keys = [text(key, names) for key in node.keys]
        pairs = zip(keys, node.values, strict=True)
        kind = next((text(value, names) for key, value in pairs if key == "event_type"), None)
        if kind is None:
            continue
        variable = _variable(node, nodes)
        if variable is not None:
            adds = _read(function.body, variable, helpers)
        else:
            given = [each for each in nodes if isinstance(each, ast.Call) and node in each.args]
            adds = _helped(given[0], helpers) if len(given) == 1 else _Adds()
        fixed = frozenset(key for key in keys if key is not None) | adds.keys
        yield EventType(kind, fixed, adds.headers, adds.closed and None not in keys, source, node.lineno)


def _helper(function: Function) -> _Adds:
    """Read a helper such as `log_to_kafka(topic, event)`, whose last parameter is the event."""
    arguments = [each.arg for each in function.args.args]
    if not arguments or function.args.vararg or function.args.kwarg or function.decorator_list:
        return _Adds()
    return _read(function.body, arguments[-1], {})


def _helped(call: ast.Call, helpers: Mapping[str, _Adds]) -> _Adds:
    return helpers.get(call.func.id, _Adds()) if isinstance(call.func, ast.Name) else _Adds()


def _variable(literal: ast.Dict, nodes: Sequence[ast.AST]) -> str | None:
    for node in nodes:
        if isinstance(node, ast.Assign) and node.value is literal and isinstance(node.targets[0], ast.Name):
            return node.targets[0].id
    return None


def _read(body: Sequence[ast.stmt], event: str, helpers: Mapping[str, _Adds]) -> _Adds:
    """Follow an event through the statements of a function: only `update`, keys, and being sent as JSON are known."""
    adds = _Adds(closed=True)
    sends = False
    for statement in body:
        if not any(isinstance(node, ast.Name) and node.id == event for node in ast.walk(statement)):
            continue
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict()) if name == event and not sends:
                continue
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="update"), args=[given])) if (
                name == event
            ):
                keys = _literal_keys(given)
                if dotted(given) == "request.headers":
                    adds = replace(adds, headers=True)
                    continue
                if keys is not None:
                    adds = replace(adds, keys=adds.keys | keys)
                    continue
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key))]
            ) if name == event:
                adds = replace(adds, keys=adds.keys | {key})
                continue
            case ast.Expr(value=ast.Call(func=func) as call):
                if dotted(func).endswith(".send") and _dumps(call, event):
                    sends = True
                    continue
                if dotted(func).startswith(_SILENT):
                    continue
                more = _helped(call, helpers)
                if more.closed and isinstance(call.args[-1] if call.args else None, ast.Name):
                    sends = True
                    adds = _Adds(adds.keys | more.keys, adds.headers or more.headers, closed=True)
                    continue
        return _Adds()
    return adds if sends else _Adds()


def _literal_keys(node: ast.expr) -> set[str] | None:
    if not isinstance(node, ast.Dict):
        return None
    keys = [text(key, {}) for key in node.keys]
    return {key for key in keys if key is not None} if None not in keys else None


def _dumps(call: ast.Call, event: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and dotted(node.func) in ("json.dumps", "dumps")
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id == event
        for node in ast.walk(call)
    )
