"""The events that a route logs: their type and their keys, as far as the syntax tree is certain."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.grade.code.routes import Function
from harness.grade.code.sources import Source
from harness.grade.code.values import FUNCTIONS, Names, bindings, dotted, text, within

_SILENT = ("print", "producer.flush", "app.logger", "logging", "logger", "log.")
"""Calls in a helper that do not change the event."""


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
    """What a helper does to the event it is given."""

    keys: frozenset[str] = frozenset()
    headers: bool = False
    closed: bool = True


def event_types(source: Source) -> Iterator[EventType]:
    """Give each dictionary of a module that has a constant `event_type`, with what is added before it is sent."""
    if source.tree is None:
        return
    known = bindings(source.tree.body)
    functions = {node.name: node for node in ast.walk(source.tree) if isinstance(node, FUNCTIONS)}
    helpers = {name: _adds(function) for name, function in functions.items()}
    for function in functions.values():
        yield from _in_function(function, known, helpers, source)


def _in_function(function: Function, known: Names, helpers: dict[str, _Adds], source: Source) -> Iterator[EventType]:
    names = bindings(function.body, known)
    nodes = list(within(function.body))
    used = [(node, _helper(node, helpers)) for node in nodes if isinstance(node, ast.Call)]
    for node in nodes:
        if not isinstance(node, ast.Dict):
            continue
        keys = [text(key, names) for key in node.keys]
        kind = next(
            (text(value, names) for key, value in zip(keys, node.values, strict=True) if key == "event_type"), None
        )
        if kind is None:
            continue
        variable = _variable(node, nodes)
        sent = [adds for call, adds in used if adds and any(_is_it(each, node, variable) for each in call.args)]
        touched = variable is not None and _touched(variable, nodes, helpers)
        adds = sent[0] if len(sent) == 1 else _Adds(closed=False)
        fixed = frozenset(key for key in keys if key is not None) | adds.keys
        yield EventType(
            kind, fixed, adds.headers, adds.closed and None not in keys and not touched, source, node.lineno
        )


def _helper(call: ast.Call, helpers: dict[str, _Adds]) -> _Adds | None:
    return helpers.get(call.func.id) if isinstance(call.func, ast.Name) else None


def _variable(literal: ast.Dict, nodes: Sequence[ast.AST]) -> str | None:
    for node in nodes:
        if isinstance(node, ast.Assign) and node.value is literal and isinstance(node.targets[0], ast.Name):
            return node.targets[0].id
    return None


def _is_it(argument: ast.expr, literal: ast.Dict, variable: str | None) -> bool:
    return argument is literal or (isinstance(argument, ast.Name) and argument.id == variable)


def _touched(variable: str, nodes: Sequence[ast.AST], helpers: dict[str, _Adds]) -> bool:
    """Whether an event's variable is used for anything but being given to a helper once."""
    given = {
        id(each)
        for node in nodes
        if isinstance(node, ast.Call) and _helper(node, helpers) is not None
        for each in node.args
    }
    uses = [node for node in nodes if isinstance(node, ast.Name) and node.id == variable]
    stores = [node for node in uses if not isinstance(node.ctx, ast.Load)]
    return len(stores) != 1 or any(id(node) not in given for node in uses if node not in stores)


def _adds(function: Function) -> _Adds:
    """Read a helper such as `log_to_kafka(topic, event)`: only `update`, and sending the event as JSON, are known."""
    arguments = [each.arg for each in function.args.args]
    if not arguments or function.args.vararg or function.args.kwarg or function.decorator_list:
        return _Adds(closed=False)
    event = arguments[-1]
    keys: set[str] = set()
    headers = sends = False
    for statement in function.body:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Return(value=None):
                continue
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="update"), args=[given])) if (
                name == event
            ):
                if dotted(given) == "request.headers":
                    headers = True
                    continue
                fixed = _literal_keys(given)
                if fixed is not None:
                    keys |= fixed
                    continue
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key))]
            ) if name == event:
                keys.add(key)
                continue
            case ast.Expr(value=ast.Call(func=func) as call):
                if dotted(func).endswith(".send") and _dumps(call, event):
                    sends = True
                    continue
                if dotted(func).startswith(_SILENT):
                    continue
        return _Adds(closed=False)
    return _Adds(frozenset(keys), headers, closed=sends)


def _literal_keys(node: ast.expr) -> set[str] | None:
    if not isinstance(node, ast.Dict):
        return None
    keys = [text(key, {}) for key in node.keys]
    return {key for key in keys if key is not None} if None not in keys else None


def _dumps(call: ast.Call, event: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and dotted(node.func) in ("json.dumps", "dumps")
        and isinstance(node.args[0] if node.args else None, ast.Name)
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id == event
        for node in ast.walk(call)
    )
