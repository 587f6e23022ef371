"""The web API of a made-up game: its routes, and the events that they log."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

ITEMS = {
    "sword": ["rusty", "golden", "katana", "rapier"],
    "shield": ["oak", "mirror", "bronze"],
    "potion": ["red", "blue", "bitter"],
    "horse": ["mare", "pony", "stallion"],
    "helmet": ["iron", "horned"],
    "bow": ["short", "elven", "long"],
}
GROUPS = {"guild": ["knights", "wizards", "rangers"], "clan": ["wolves", "ravens"], "party": ["dawn", "dusk"]}


@dataclass(frozen=True)
class Extra:
    """One field that the code adds to an event: a constant, or the parameter that the path or the query brings."""

    name: str
    source: str
    values: Sequence[str | int]

    @property
    def spark_type(self) -> str:
        return "integer" if isinstance(self.values[0], int) else "string"


@dataclass(frozen=True)
class Route:
    """One route of the web API. `rule` is Flask's; `parameter` the extra that varies from call to call, if any."""

    rule: str
    name: str
    event_type: str
    body: str
    extras: Sequence[Extra] = ()
    verb: str = "GET"
    thing: str = ""
    plural: str = ""

    @property
    def parameter(self) -> Extra | None:
        return next((extra for extra in self.extras if extra.source in ("path", "query")), None)

    def path(self, value: str | int | None) -> str:
        if self.parameter is None:
            return self.rule
        if self.parameter.source == "path":
            return self.rule[: self.rule.index("<")] + str(value)
        return f"{self.rule}?{self.parameter.name}={value}"

    def answer(self, value: str | int | None) -> str:
        return self.body.replace("{}", str(value))


def make_routes(rng: random.Random) -> list[Route]:
    routes = []
    if rng.random() < 0.8:
        body = rng.choice(["This is the default response!\n", "Welcome to the game.\n", "Hello, player!\n", "ok"])
        routes.append(Route("/", "default_response", "default", body, thing="default", plural="visits"))
    items = rng.sample(sorted(ITEMS), rng.randint(1, 2))
    for item in items:
        routes.append(_purchase(rng, item))
    if rng.random() < 0.6:
        routes.append(_joining(rng, rng.choice(sorted(GROUPS))))
    return routes


def _purchase(rng: random.Random, item: str) -> Route:
    verb = rng.choice(["purchase", "buy"])
    name = rng.choice([f"{verb}_a_{item}", f"{verb}_{item}", f"{item}_{verb}"])
    rule = rng.choice([f"/{name}", f"/{name}", f"/{name}/", f"/shop/{item}"])
    extras: list[Extra] = []
    body = rng.choice([f"{item.title()} Purchased!\n", f"You bought a {item}\n", f"{item} bought", "Done.\n"])
    style = rng.choice(["plain", "constant", "path", "query", "price"])
    if style == "constant":
        extras = [Extra(f"{item}_type", "constant", [rng.choice(ITEMS[item])])]
    elif style == "price":
        extras = [
            Extra(f"{item}_type", "constant", [rng.choice(ITEMS[item])]),
            Extra("price", "constant", [rng.choice([5, 12, 40])]),
        ]
    elif style == "path":
        rule = f"/{name}/<kind>"
        extras = [Extra("kind", "path", ITEMS[item])]
        body = rng.choice(["You bought {}!\n", "{} " + item + " purchased\n", "Thanks.\n"])
    elif style == "query":
        rule = f"/{name}"
        extras = [Extra("colour", "query", ["black", "white", "green"])]
        body = rng.choice([f"{item.title()} Purchased\n", "A {} " + item + "\n"])
    method = "POST" if rng.random() < 0.15 else "GET"
    return Route(rule, name, f"{verb}_{item}", body, tuple(extras), method, item, f"{item}_{verb}s")


def _joining(rng: random.Random, group: str) -> Route:
    if rng.random() < 0.5:
        extra = Extra(f"{group}_name", "path", GROUPS[group])
        rule = f"/join_{group}/<{group}_name>"
        body = rng.choice(["Joined {}.\n", f"You are in the {group} now\n"])
        return Route(rule, f"join_{group}", f"join_{group}", body, (extra,), "GET", group, f"{group}_joins")
    body = f"{group.title()} joined!\n"
    return Route(f"/join_a_{group}", f"join_a_{group}", f"join_{group}", body, (), "GET", group, f"{group}_joins")
