"""The routes of a Flask app: path, verbs, and the body that a route returns where it is constant."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

from harness.grade.code.sources import Source
from harness.grade.code.values import FUNCTIONS, QUERY, Names, bindings, constant, dotted, keyword, text, within

_VERBS: Final = frozenset({"delete", "get", "patch", "post", "put"})
_ROUTE_LIMIT: Final = 200
"""Routes of an API at most: one with more is read as open."""

_OPENING: Final = frozenset({"MethodView", "Resource", "Api", "View"})
"""Classes whose use means that there are routes which decorators do not show."""

_REWRITING: Final = frozenset({"after_request", "before_request", "wsgi_app"})
"""What may change the answer of a route that goes well. A handler of errors does not."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Route:
    """One rule of an app; `parts` are what its slashes divide.

    `known` are the constants that its function sees. `bare` says that nothing but rules decorates the function.
    """

    path: str
    parts: Sequence[str]
    methods: frozenset[str]
    function: Function
    source: Source
    known: Names
    bare: bool

    def arguments(self, path: str) -> dict[str, str] | None:
        """Match a URL's path. Gives the values of the rule's parameters, or None where the rule is another."""
        return _match(self.parts, _parts(path))

    def bodies(self, path: str, query: str) -> set[str] | None:
        """Give all texts that the route may return for a request; None where one is not certain."""
        if not self.bare:
            return None
        asked = {QUERY: "", **{f"{QUERY}{name}": value for name, value in parse_qsl(query, keep_blank_values=True)}}
        names = {**self.known, **(self.arguments(path) or {}), **asked}
        returned = [node for node in within(self.function.body) if isinstance(node, ast.Return)]
        local = bindings(self.function.body, names)
        texts = {text(node.value, local) for node in returned}
        return {each for each in texts if each is not None} if texts and None not in texts else None


@dataclass(frozen=True, slots=True)
class Api:
    """The routes of one or more modules. `closed` says that there are no others, `plain` that nothing rewrites."""

    routes: Sequence[Route]
    closed: bool
    plain: bool

    def at(self, path: str) -> list[Route]:
        """Give the routes whose rule matches a path."""
        parts = _parts(path)
        return [route for route in self.routes if _match(route.parts, parts) is not None]


def read_api(sources: Sequence[Source]) -> Api:
    """Read all routes of these modules. What cannot be told makes the API open."""
    routes: list[Route] = []
    closed = plain = True
    for source in sources:
        if source.tree is None:
            closed = plain = False
            continue
        found, complete = _routes(source, source.tree)
        routes += found
        closed = closed and complete
        plain = plain and not any(
            isinstance(node, ast.Attribute) and node.attr in _REWRITING for node in ast.walk(source.tree)
        )
    return Api(routes[:_ROUTE_LIMIT], closed and len(routes) <= _ROUTE_LIMIT, plain)


def is_app(source: Source) -> bool:
    """Whether a module looks like a Flask app or a part of one."""
    return "route(" in source.text or "add_url_rule" in source.text or "Flask(" in source.text


def _routes(source: Source, tree: ast.Module) -> tuple[list[Route], bool]:
    known = bindings(tree.body)
    prefixes, closed = _prefixes(tree, known)
    closed = closed and not any(isinstance(node, ast.Name) and node.id in _OPENING for node in ast.walk(tree))
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    views = {function.name: function for function in functions}
    found: list[Route] = []
    for function in functions:
        rules = [rule for rule in map(_rule, function.decorator_list) if rule is not None]
        for owner, call, verb in rules:
            route = _route(source, function, call, verb, known, prefixes.get(owner, ""))
            closed = closed and route is not None
            if route is not None:
                found.append(route)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_url_rule":
            view = keyword(node, "view_func") or (node.args[2] if len(node.args) > 2 else None)
            named = views.get(view.id) if isinstance(view, ast.Name) else None
            route = _route(source, named, node, "", known, prefixes.get(dotted(node.func.value), "")) if named else None
            closed = closed and route is not None
            if route is not None:
                found.append(route)
    return found, closed


def _rule(decorator: ast.expr) -> tuple[str, ast.Call, str] | None:
    """Give the app's or the blueprint's name, the call, and the verb of `@app.post`; empty for `@app.route`."""
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
        return None
    name = decorator.func.attr
    if name != "route" and name not in _VERBS:
        return None
    return dotted(decorator.func.value), decorator, "" if name == "route" else name.upper()


def _route(
    source: Source, function: Function, call: ast.Call, verb: str, known: Names, prefix: str | None
) -> Route | None:
    rule = text(call.args[0] if call.args else keyword(call, "rule"), known)
    if rule is None or prefix is None:
        return None
    asked = keyword(call, "methods")
    methods = constant(asked, known) if asked is not None else [verb or "GET"]
    if isinstance(asked, ast.Set):
        methods = constant(ast.List(elts=asked.elts, ctx=ast.Load()), known)
    if methods is None or isinstance(methods, str | int):
        return None
    verbs = {str(method).upper() for method in methods}
    verbs |= {"OPTIONS"} | ({"HEAD"} if "GET" in verbs else set())
    arguments = function.args
    everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    outside = {name: value for name, value in known.items() if name not in {each.arg for each in everything}}
    bare = all(_rule(decorator) is not None for decorator in function.decorator_list)
    path = prefix.rstrip("/") + rule
    return Route(path, _parts(path), frozenset(verbs), function, source, outside, bare)


def _prefixes(tree: ast.Module, known: Names) -> tuple[dict[str, str | None], bool]:
    """Give each blueprint's prefix (None where it cannot be told), and whether all of them are here."""
    prefixes: dict[str, str | None] = {}
    closed = True
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func) as call) if dotted(func).endswith(
                "Blueprint"
            ):
                prefixes[name] = _prefix(call, known)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "register_blueprint"
        ):
            name = dotted(node.args[0]) if node.args else ""
            if name not in prefixes:
                closed = False
            elif keyword(node, "url_prefix") is not None:
                prefixes[name] = _prefix(node, known)
    if prefixes and "register_blueprint" not in ast.dump(tree):
        prefixes = dict.fromkeys(prefixes)
        closed = False
    return prefixes, closed


def _prefix(call: ast.Call, known: Names) -> str | None:
    asked = keyword(call, "url_prefix")
    return text(asked, known) if asked is not None else ""


def _parts(path: str) -> list[str]:
    return [unquote(part) for part in path.split("/")]


def _match(rule: Sequence[str], path: Sequence[str]) -> dict[str, str] | None:
    if len(rule) == len(path) + 1 and rule[-1] == "":
        rule = rule[:-1]  # Flask answers with a redirect to the rule's own slash
    values: dict[str, str] = {}
    for at, part in enumerate(rule):
        if part.startswith("<path:"):
            return values if len(path) > at else None
        if at >= len(path):
            return None
        if not _match_part(part, path[at], values):
            return None
    return values if len(rule) == len(path) else None


def _match_part(rule: str, part: str, values: dict[str, str]) -> bool:
    head, opened, rest = rule.partition("<")
    name, closed, tail = rest.partition(">")
    if not (opened and closed):
        return rule == part
    converter, colon, variable = name.rpartition(":")
    if not part.startswith(head) or not part.endswith(tail) or len(part) <= len(head) + len(tail) - 1:
        return False
    value = part[len(head) : len(part) - len(tail)]
    if colon and converter == "int" and not value.isdigit():
        return False
    if "<" in tail or (colon and converter not in ("int", "string", "default")):
        return True
    values[variable] = value
    return bool(value)
