"""The topics that the routes of an API send their events to, as far as the syntax tree is certain."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from harness.grade.code.routes import Function, Route
from harness.grade.code.values import FUNCTIONS, Names, Value, bindings, dotted, keyword, text, within

_SENDS: Final = (".send", ".produce")
_CALL_LIMIT: Final = 100
"""Calls of own functions that are followed from one route."""


def topics_of(route: Route) -> frozenset[str] | None:
    """Give the topics that a route sends to, itself or by functions of its module; None where one is not certain."""
    if route.source.tree is None:
        return None
    functions = {node.name: node for node in route.source.tree.body if isinstance(node, FUNCTIONS)}
    steps = iter(range(_CALL_LIMIT))
    found = _sent(route.function, route.known, functions, bindings(route.source.tree.body), steps)
    return found or None


def _sent(
    function: Function, known: Names, functions: Mapping[str, Function], outside: Names, steps: Iterator[int]
) -> frozenset[str] | None:
    if next(steps, None) is None:
        return None
    names = bindings(function.body, known)
    found: set[str] = set()
    for call in (node for node in within(function.body) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and dotted(call.func).endswith(_SENDS):
            topic = text(call.args[0] if call.args else keyword(call, "topic"), names)
            if topic is None:
                return None
            found.add(topic)
        elif isinstance(call.func, ast.Name) and call.func.id in functions:
            helper = functions[call.func.id]
            inner = _sent(helper, _given(helper, call, names, outside), functions, outside, steps)
            if inner is None:
                return None
            found |= inner
    return frozenset(found)


def _given(function: Function, call: ast.Call, names: Names, outside: Names) -> dict[str, Value]:
    """Give the constants that a function sees when it is called so: those of its module, and its own parameters."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    own = {each.arg for each in every}
    seen = {name: value for name, value in outside.items() if name not in own}
    plain = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    given = dict(zip(plain, call.args, strict=False))
    given |= {each.arg: each.value for each in call.keywords if each.arg in own}
    for name, value in given.items():
        constant = text(value, names)
        if constant is not None:
            seen[name] = constant
    return seen
