"""The JSON Schemas of the options: their validators, and the catalogue of items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

Json = dict[str, Any]

FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "options"
DEFINITIONS = "definitions.json"


@dataclass(frozen=True, slots=True)
class Item:
    """An item that is sold; the prices are of one piece, in whole gold pieces."""

    item_id: str
    item_type: str
    unit_price: int
    resale_price: int


def load(name: str) -> Json:
    """Read a schema by its path in the folder of schemas."""
    schema: Json = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return schema


@cache
def catalogue() -> Mapping[str, Item]:
    """Give the items by id, in the order in which they are shown."""
    items = json.loads((FOLDER / "items.json").read_text(encoding="utf-8"))
    return {item["item_id"]: Item(**item) for item in items}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the rules count with: amounts in gold pieces, the others in pieces of one item."""

    currency: str
    start_balance: int
    most_balance: int
    most_held: int
    most_in_cart: int


LIMITS = Limits(**load("rules.json"))


@cache
def request_validator(name: str) -> Draft202012Validator:
    """Give the validator of a request's body."""
    return _validator(load(f"requests/{name}.json"), f"{FOLDER.as_uri()}/requests/{name}.json")


@cache
def parameter_validator(name: str) -> Draft202012Validator:
    """Give the validator of a parameter, by the name of its definition."""
    return _validator({"$ref": f"{DEFINITIONS}#/$defs/{name}"}, f"{FOLDER.as_uri()}/parameter.json")


@cache
def event_validator(event_type: str) -> Draft202012Validator:
    """Give the validator of an event: the envelope, with the data of its type."""
    envelope = load("envelope.json")
    properties = {
        **envelope["properties"],
        "event_type": {"const": event_type},
        "data": {"$ref": f"{event_type}.json"},
    }
    return _validator({**envelope, "properties": properties}, f"{FOLDER.as_uri()}/event.json")


def _validator(schema: Json, uri: str) -> Draft202012Validator:
    return Draft202012Validator({**schema, "$id": uri}, registry=_registry())


@cache
def _registry() -> Registry[bool | Mapping[str, Any]]:
    files = {path.as_uri(): json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}
    return Registry().with_resources(
        (uri, Resource.from_contents(schema)) for uri, schema in files.items() if "$schema" in schema
    )
