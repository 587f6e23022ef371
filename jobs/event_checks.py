"""What is wrong with a message, by the same JSON Schemas that the API checks: as expressions of Spark, without Python.

A message is looked at in three ways, each fast: whether it is one JSON text; whether its shape (the names and types of
all members) is one that its schema allows, by one regular expression made of the schema; and whether the values, read
by their types, keep the schema's other rules. Only the keywords that our schemas use are known: another one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as f

Schema = Mapping[str, Any]
Resolve = Callable[[str], Schema]
"""Gives the schema that a `$ref` names."""

LARGEST = 64 * 1024
"""Bytes of a message: the API's own events stay below a tenth of it."""

_TYPES = {"string": "STRING", "integer": "BIGINT"}
_KNOWN = {
    *("$schema", "$comment", "title", "description", "type", "enum", "const", "pattern", "not", "format"),
    *("minimum", "maximum", "maxLength", "minItems", "items", "properties", "required", "additionalProperties"),
}


def no_json(value: Column) -> Column:
    """Say why bytes are not one JSON text, or give NULL."""
    text = value.cast("string")
    texts = f.coalesce(f.json_array_length(f.concat(f.lit("["), text, f.lit("]"))), f.lit(0))
    return (
        f.when(value.isNull(), "no value")
        .when(f.octet_length(value) > LARGEST, f"more than {LARGEST} bytes")
        .when(~f.is_valid_utf8(text), "not UTF-8")
        .when(texts != 1, "not one JSON text")
    )


def shape(schema: Schema, resolve: Resolve) -> str:
    """Give the regular expression of what `schema_of_variant` says of a value that a schema allows.

    Objects are closed, and their members stand in alphabetical order there. Raises ValueError for a keyword, or an open
    object, that cannot be checked.
    """
    if "$ref" in schema:
        return shape(resolve(schema["$ref"]), resolve)
    if unknown := set(schema) - _KNOWN:
        raise ValueError(f"Spark cannot check a schema with {', '.join(sorted(unknown))}")
    if schema["type"] == "array":
        return f"ARRAY<(?:{shape(schema['items'], resolve)}|VOID)>"
    if schema["type"] != "object":
        return _TYPES[schema["type"]]
    if schema.get("additionalProperties") is not False:
        raise ValueError("Spark cannot check an object that may have any members")
    # Each member brings the comma behind it, as what follows does at the end: members may be left out.
    members = ""
    for name, each in sorted(schema["properties"].items()):
        optional = "" if name in schema.get("required", ()) else "?"
        members += f"(?:{re.escape(name)}: {shape(each, resolve)}(?:, |(?=>))){optional}"
    return f"OBJECT<{members}>"


def broken(value: Column, schema: Schema, resolve: Resolve, at: str) -> Iterator[Column]:
    """Give, for each rule that a value of the right shape, read by its type, can break, that in words or NULL."""
    if "$ref" in schema:
        yield from broken(value, resolve(schema["$ref"]), resolve, at)
    elif schema["type"] == "object":
        for name, each in schema["properties"].items():
            yield from broken(value[name], each, resolve, f"{at}.{name}" if at else name)
    elif schema["type"] == "array":
        if "minItems" in schema:
            yield f.when(f.size(value) < schema["minItems"], f"{at} has too few elements")
        words = f.transform(value, lambda item: _of_element(item, schema["items"], resolve, at))
        yield f.get(f.filter(words, lambda each: each.isNotNull()), f.lit(0))
    else:
        yield from (f.when(condition, f"{at} {words}") for condition, words in _rules(value, schema))


def _of_element(item: Column, schema: Schema, resolve: Resolve, at: str) -> Column:
    # The shape is that of all elements together: that each has all members is seen here.
    missing = (f.when(item[name].isNull(), f"an element of {at} has no {name}") for name in schema["required"])
    return f.coalesce(*missing, *broken(item, schema, resolve, at))


def _rules(value: Column, schema: Schema) -> Iterator[tuple[Column, str]]:
    if "const" in schema:
        yield value != f.lit(schema["const"]), f"is not {schema['const']}"
    if "enum" in schema:
        yield ~value.isin(*schema["enum"]), f"is none of {', '.join(schema['enum'])}"
    if "pattern" in schema:
        yield ~value.rlike(schema["pattern"]), "is not as its pattern"
    if "not" in schema:
        yield value.rlike(schema["not"]["pattern"]), "is not as its pattern"
    if "maxLength" in schema:
        yield f.char_length(value) > schema["maxLength"], "is too long"
    if schema.get("format") == "date-time":
        yield f.try_to_timestamp(value).isNull(), "is no time"
    if "minimum" in schema:
        yield value < schema["minimum"], f"is less than {schema['minimum']}"
    if "maximum" in schema:
        yield value > schema["maximum"], f"is more than {schema['maximum']}"
