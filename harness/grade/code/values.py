"""Constants by the syntax tree: what an expression is for sure, without running it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

Value: TypeAlias = "str | int | Sequence[Value]"
Names: TypeAlias = "Mapping[str, Value]"

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
QUERY: Final = "?"
"""With this name known, `request.args` is: each parameter is a name after this mark."""

_DEPTH_LIMIT: Final = 24
_LENGTH_LIMIT: Final = 65_536
_METHODS: Final = frozenset({"capitalize", "encode", "lower", "lstrip", "rstrip", "strip", "title", "upper"})


def constant(node: ast.AST | None, names: Names, depth: int = _DEPTH_LIMIT) -> Value | None:
    """Give the string, number or list that `node` is whatever happens, or None. `names` are known to be constant."""
    if depth == 0 or node is None:
        return None
    match node:
        case ast.Constant(value=str() | int() as value) if not isinstance(value, bool):
            return value
        case ast.Constant(value=bytes() as data):
            return data.decode("utf-8", "replace")
        case ast.Name(id=name):
            return names.get(name)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            values = [constant(item, names, depth - 1) for item in items]
            return [value for value in values if value is not None] if None not in values else None
        case ast.JoinedStr(values=parts):
            return _joined(_part(part, names, depth - 1) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _sum(constant(left, names, depth - 1), constant(right, names, depth - 1))
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            return _percent(constant(left, names, depth - 1), constant(right, names, depth - 1))
        case ast.Call():
            return _call(node, names, depth - 1)
    return None


def text(node: ast.AST | None, names: Names) -> str | None:
    """Give the string that `node` is, or None."""
    value = constant(node, names)
    return value if isinstance(value, str) else None


def bindings(body: Sequence[ast.stmt], known: Names | None = None) -> dict[str, Value]:
    """Give the names that these statements bind once in one scope, and to a constant. `known` are those outside."""
    nodes = list(within(body))
    stores = Counter(node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))
    shared = {name for each in body for node in ast.walk(each) if isinstance(node, ast.Global) for name in node.names}
    names = {name: value for name, value in (known or {}).items() if name not in stores}
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=expression)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as expression)
            ):
                value = constant(expression, names) if stores[name] == 1 and name not in shared else None
                if value is not None:
                    names[name] = value
    return names


def within(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Give all nodes of one scope in their order, without what stands in functions, lambdas and classes in it."""
    stack = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            stack += reversed(list(ast.iter_child_nodes(node)))


def dotted(node: ast.AST) -> str:
    """Give `a.b.c` for such a chain of names, else an empty text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Give the value of a call's keyword argument."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def _joined(parts: Iterable[str | None]) -> str | None:
    found: list[str] = []
    size = 0
    for part in parts:
        if part is None:
            return None
        found.append(part)
        size += len(part)
        if size > _LENGTH_LIMIT:
            return None
    return "".join(found)


def _part(part: ast.expr, names: Names, depth: int) -> str | None:
    if isinstance(part, ast.FormattedValue):
        if part.format_spec is not None or part.conversion not in (-1, 115):
            return None
        part = part.value
    value = constant(part, names, depth)
    return str(value) if isinstance(value, str | int) else None


def _sum(left: Value | None, right: Value | None) -> Value | None:
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= _LENGTH_LIMIT else None
    return None


def _percent(pattern: Value | None, value: Value | None) -> str | None:
    if not isinstance(pattern, str) or value is None or isinstance(value, int):
        return None
    values = [value] if isinstance(value, str) else list(value)
    pieces = pattern.split("%s")
    if "%" in "".join(pieces) or len(pieces) != len(values) + 1:
        return None
    return _filled(pieces, values)


def _filled(pieces: Sequence[str], values: Sequence[Value]) -> str | None:
    filled = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        if not isinstance(value, str | int):
            return None
        filled += [str(value), piece]
    return _joined(filled)


def _call(node: ast.Call, names: Names, depth: int) -> Value | None:
    if QUERY in names and dotted(node.func) == "request.args.get":
        return _parameter(node, names, depth)
    match node.func:
        case ast.Name(id="str") if len(node.args) == 1 and not node.keywords:
            value = constant(node.args[0], names, depth)
            return str(value) if isinstance(value, str | int) else None
        case ast.Attribute(value=owner, attr="format") if not node.keywords:
            return _format(constant(owner, names, depth), [constant(each, names, depth) for each in node.args])
        case ast.Attribute(value=owner, attr=method) if method in _METHODS and not node.keywords:
            value = constant(owner, names, depth)
            if not isinstance(value, str):
                return None
            if method == "encode":
                return value
            return str(getattr(value, method)()) if not node.args else None
    return None


def _parameter(node: ast.Call, names: Names, depth: int) -> Value | None:
    """Give what `request.args.get(KEY, DEFAULT)` gives for a known query."""
    key = constant(node.args[0], names, depth) if node.args else None
    if not isinstance(key, str) or keyword(node, "type") is not None or len(node.args) > 2:
        return None
    default = node.args[1] if len(node.args) == 2 else keyword(node, "default")
    return names.get(f"{QUERY}{key}", constant(default, names, depth))


def _format(pattern: Value | None, values: Sequence[Value | None]) -> str | None:
    if not isinstance(pattern, str) or None in values:
        return None
    pieces = pattern.split("{}")
    if any(mark in piece for mark in "{}" for piece in pieces) or len(pieces) != len(values) + 1:
        return None
    return _filled(pieces, [value for value in values if value is not None])
