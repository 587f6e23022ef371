"""record.json: writing, reading and masking a `Record`.

The file is UTF-8 and follows `record.schema.json`. Equal records give equal bytes: fields stand in the order of
the dataclasses (the version first), keys of free mappings are sorted.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from harness.errors import UsageError
from harness.model import (
    SCHEMA_VERSION,
    Capture,
    Check,
    Invariant,
    Outcome,
    Record,
    ServiceRecord,
    StepRecord,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from jsonschema import Draft202012Validator, ValidationError

VERSIONS_READ = (SCHEMA_VERSION,)
"""The values of `schema_version` that `load` takes."""

_ORDINARY = re.compile(
    r"user\d*|[\d.]+|admin|bash|cloudera|datanode|debian|default|docker|guest|hadoop|hdfs|hive|home|host|hostname|jovyan|"
    r"kafka|kafkacat|localdomain|localhost|metastore|mids|namenode|nobody|presto|python|root|runner|science|spark|"
    r"student|test|ubuntu|username|users|vagrant|zookeeper",
    re.IGNORECASE,
)
_SHORTEST_MASKED = 4
_SURROGATE = re.compile("[\ud800-\udfff]")


class RecordError(UsageError, ValueError):
    """A record that cannot be read: which file, where in it, what was wanted and what was seen."""


def to_json(record: Record) -> str:
    r"""Give the text of record.json, with a line end at its end.

    Bytes that were not UTF-8 (surrogates in Python's strings) become `\udcxx` escapes, which JSON can carry.
    Raises ValueError when a fact is not a JSON value, such as NaN.
    """
    plain = {"schema_version": record.schema_version} | _plain_fields(record)
    if not record.names:
        del plain["names"]  # the names are the original's
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def from_json(text: str) -> Record:
    """Read the text of a record.json. Raises RecordError when it does not follow the schema."""
    return _read(text, "The record")


def save(record: Record, path: Path) -> None:
    """Write record.json so that `path` holds either the old record or the whole new one."""
    write_text(path, to_json(record))


def load(path: Path) -> Record:
    """Read a record.json, or the one in a report's folder.

    Raises RecordError when it is missing, cut short, of another version or not valid.
    """
    path = path / "record.json" if path.is_dir() else path
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read.",
            wanted="a record.json",
            seen=error.strerror,
            remedy="./run report, which writes one",
        ) from error
    except UnicodeDecodeError as error:
        raise RecordError(f"{path} is not UTF-8.", wanted="a record.json", seen=str(error)) from error
    return _read(text, str(path))


def write_text(path: Path, text: str) -> None:
    """Replace a file as one act: write beside it, flush to disk, rename. A failure leaves the old file alone."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def mask(
    record: Record, *, user: str, hostname: str, home: str, folders: Mapping[str, str] = MappingProxyType({})
) -> Record:
    """Give the record as it may be committed: `<user>`, `<host>` and `~` for the names of person and machine.

    `folders` maps further folders, such as the cache's, to what stands in their place.

    Commands, their outputs and the steps' messages are masked, whole words only. Facts, checks and invariants
    stay as they are, and so do names that are short, ordinary or those of a service of this record.
    """
    services = {service.name for service in record.services}
    services |= {capture.service for step in record.steps for capture in step.commands}
    masks = {
        name: sign
        for name, sign in ((hostname, "<host>"), (hostname.partition(".")[0], "<host>"), (user, "<user>"))
        if len(name) >= _SHORTEST_MASKED and name not in services and not _ORDINARY.fullmatch(name)
    }
    home = home.rstrip("/")
    patterns = [rf"(?<![\w.-]){re.escape(home)}(?![\w-]|\.\w)"] if home.count("/") > 1 else []
    patterns += [rf"(?<!\w){re.escape(name)}(?!\w)" for name in masks]
    patterns = [rf"(?<![\w.-]){re.escape(folder)}(?![\w-])" for folder in folders] + patterns
    masks |= folders
    if not patterns:
        return record
    pattern = re.compile("|".join(patterns))

    def masked(text: str) -> str:
        return pattern.sub(lambda found: masks.get(found[0], "~"), text)

    def masked_step(step: StepRecord) -> StepRecord:
        commands = tuple(
            replace(
                capture,
                command=masked(capture.command),
                stdout=masked(capture.stdout),
                stderr=masked(capture.stderr),
                typed=None if capture.typed is None else masked(capture.typed),
            )
            for capture in step.commands
        )
        return replace(step, commands=commands, message=None if step.message is None else masked(step.message))

    return replace(record, steps=tuple(masked_step(step) for step in record.steps))


def _plain(value: object) -> object:
    """Give a value as `json` knows it, the keys of mappings sorted."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_fields(value)
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _plain_fields(value: DataclassInstance) -> dict[str, object]:
    return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}


def _read(text: str, where: str) -> Record:
    try:
        data = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"{where} is cut short or is not JSON.",
            wanted="the whole of a record.json",
            seen=f"{error}; {len(text)} characters in all",
            remedy="./run report, or the file from its source again",
        ) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if isinstance(version, int) and version not in VERSIONS_READ:
        line = text[: max(text.find('"schema_version"'), 0)].count("\n") + 1
        raise RecordError(
            f"{where}, line {line}: another schema version.",
            wanted=f"$.schema_version among {', '.join(map(str, VERSIONS_READ))}, the versions read here",
            seen=str(version),
            remedy="the newer harness that wrote it"
            if version > max(VERSIONS_READ)
            else "harness report, for a new one",
        )
    from jsonschema.exceptions import best_match  # what only writes need not wait for it

    fault = best_match(_validator().iter_errors(data))
    if fault is not None:
        raise RecordError(f"{where} is not valid at {fault.json_path}.", wanted=_wanted(fault), seen=_seen(fault))
    steps = (
        StepRecord(
            **step
            | {
                "outcome": Outcome(step["outcome"]),
                "commands": tuple(Capture(**capture) for capture in step["commands"]),
                "checks": tuple(Check(**check) for check in step.get("checks", ())),
            }
        )
        for step in data["steps"]
    )
    return Record(
        **data
        | {
            "services": tuple(ServiceRecord(**service) for service in data["services"]),
            "steps": tuple(steps),
            "invariants": tuple(Invariant(**invariant) for invariant in data["invariants"]),
        }
    )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    schema = resources.files("harness").joinpath("record.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(schema))


def _wanted(fault: ValidationError) -> str:
    schema = cast("Mapping[str, Any]", fault.schema)
    match fault.validator:
        case "type":
            return " or ".join([schema["type"]] if isinstance(schema["type"], str) else schema["type"])
        case "enum":
            return "one of " + ", ".join(schema["enum"])
        case "required":
            return "the fields " + ", ".join(
                sorted({*schema["required"]} - {*cast("Mapping[str, Any]", fault.instance)})
            )
        case "additionalProperties":
            return "only the fields " + ", ".join(schema["properties"])
        case rule:
            return f"{rule} {schema[str(rule)]}"


def _seen(fault: ValidationError) -> str:
    seen = f"the fields {', '.join(fault.instance)}" if isinstance(fault.instance, dict) else json.dumps(fault.instance)
    return seen if len(seen) <= 200 else f"{seen[:200]}…"
