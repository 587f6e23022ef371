"""Names that a module uses and never binds, where that is certain."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Final

_OLD: Final = frozenset(
    {"basestring", "cmp", "execfile", "file", "long", "raw_input", "reduce", "reload", "unichr", "unicode", "xrange"}
)
_GIVEN: Final = frozenset({"__annotations__", "__file__", "__path__", "get_ipython", "sc", "spark", "sqlContext"})
"""What Python 2, a module or PySpark's shell has."""

_DYNAMIC: Final = frozenset({"exec", "eval", "execfile", "globals", "locals", "setattr", "vars"})
_KNOWN: Final = frozenset(dir(builtins)) | _OLD | _GIVEN


def undefined(tree: ast.Module) -> list[tuple[str, int]]:
    """Give each such name with the line of its first use; none where names may come in by another way."""
    bound: set[str] = set()
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used[name] = min(node.lineno, used.get(name, node.lineno))
            case ast.ImportFrom(module="__future__") | ast.ImportFrom(names=[ast.alias(name="*")]):
                return []
            case ast.ExceptHandler(type=ast.Name(id="NameError")):
                return []
            case _:
                bound.update(_bound(node))
    if used.keys() & _DYNAMIC:
        return []
    return sorted(((name, line) for name, line in used.items() if name not in bound | _KNOWN), key=lambda each: each[1])


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case (
            ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name)
        ):
            yield name
        case ast.MatchMapping(rest=str() as name):
            yield name
