"""Holds a rubric's data against `rubric.schema.json`, and says what is wrong in words that a grader understands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from harness.errors import UsageError
from harness.grade.rubric_yaml import Path, Tree

KINDS: Final = ("any", "code", "file", "finding", "report", "rerun", "shown", "state", "step")
"""The kinds of proof, one module of `harness.grade.proofs` for each."""

_TYPES: Final = {"object": "keys with values", "array": "a list", "string": "a text", "boolean": "true or false"}
_LONGEST: Final = 120


def check(tree: Tree, name: str) -> None:
    """Raise UsageError for the first place, by lines, that the schema does not allow."""
    data: Any = tree.data
    found = sorted(_validator().iter_errors(data), key=lambda error: (tree.line(_path(error)), str(error.message)))
    if found:
        wanted, seen = _words(found[0])
        raise fault(tree, name, _path(found[0]), wanted, seen)


def fault(tree: Tree, name: str, path: Path, wanted: str, seen: str) -> UsageError:
    """Make the error for a place of a rubric: its line, and its criterion by name."""
    where = ""
    if path[:1] == ("criteria",) and len(path) > 1 and isinstance(path[1], int):
        criteria = tree.data.get("criteria") if isinstance(tree.data, Mapping) else None
        each = criteria[path[1]] if isinstance(criteria, list) else None
        label = each.get("id") if isinstance(each, Mapping) else None
        where = f" criterion {label or f'no. {path[1] + 1}'}:"
        path_words = [str(part + 1 if isinstance(part, int) else part) for part in path[2:]]
    else:
        path_words = [str(part) for part in path]
    key = f" {' '.join(path_words)}" if path_words else ""
    headline = f"{name}, line {tree.line(path)}:{where}{key} cannot be taken."
    return UsageError(headline, wanted=wanted, seen=seen, remedy="docs/rubrics.md describes every key")


@cache
def _validator() -> Validator:
    text = resources.files("harness.grade").joinpath("rubric.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _path(error: ValidationError) -> tuple[str | int, ...]:
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        return (*path, next(iter(_unknown(error)), ""))
    return path


def _words(error: ValidationError) -> tuple[str, str]:
    """Give what was wanted and what was seen."""
    instance: Any = error.instance
    asked: Any = error.validator_value
    match error.validator:
        case "additionalProperties":
            return f"one of {', '.join(sorted(_known(error)))}", ", ".join(_unknown(error))
        case "required":
            missing = next(key for key in asked if key not in instance)
            return f"the key {missing}", f"only {', '.join(instance) or 'nothing'}"
        case "oneOf" if isinstance(instance, dict):
            return f"exactly one of {', '.join(KINDS)}", ", ".join(instance) or "nothing"
        case "enum":
            return f"one of {', '.join(map(_shown, asked))}", _shown(instance)
        case "type":
            return _TYPES.get(str(asked), str(asked)), _shown(instance)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    return str(schema.get("description") or f"{error.validator} {asked}"), _shown(instance)


def _known(error: ValidationError) -> list[str]:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    return list(schema.get("properties", {}))


def _unknown(error: ValidationError) -> list[str]:
    instance: Any = error.instance
    known = _known(error)
    return [key for key in instance if key not in known]


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = str(value) if isinstance(value, str | int | Decimal | Fraction) else type(value).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
