"""Reading requests and writing answers: each part is checked against its schema, and refused with its name."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from flask import Response, request
from jsonschema import Draft202012Validator, ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from players.envelope import Asked, now
from players.refused import Refused
from players.schemas import Json, parameter_validator, request_validator
from players.store import Retry

LARGEST_BODY: Final = 16_384
"""Bytes of a request's body."""

PROBLEM: Final = "application/problem+json"
"""The form of refusals: RFC 9457, with the name of the field where there is one."""

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
SESSION: Final = "X-Session-Id"
FORGED: Final = ("Event-Type", "Timestamp", "Event-Id", "Player-Id")
"""Headers that would say what the server says itself."""

_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_CLIENT: Final = {"host": "Host", "user_agent": "User-Agent", "accept": "Accept"}
_LONGEST_HEADER: Final = 1000


def body(schema: str) -> Json:
    """Give the request's JSON body. Raises Refused for one that is not as its schema says."""
    if request.mimetype != "application/json":
        seen = request.mimetype or "no content type"
        raise Refused(415, "Not JSON", f"the body must be application/json, and is {seen[:100]!r}", "Content-Type")
    data = _data()
    try:
        found = json.loads(
            data.decode("utf-8"), parse_constant=_no_constant, parse_float=_number, object_pairs_hook=_object
        )
        _check(request_validator(schema), found, "body")
    except (ValueError, RecursionError) as problem:
        raise Refused(400, "Malformed JSON", f"the body is no JSON: {str(problem)[:200]}", "body") from None
    return dict(found)


def no_body() -> None:
    """Raise Refused for a body where none belongs."""
    if _data():
        raise Refused(400, "A body", "this request has no body", "body")


def query(definitions: Mapping[str, str]) -> dict[str, Any]:
    """Give the query's parameters by name, each of the type of its definition. Raises Refused for any other."""
    found: dict[str, Any] = {}
    for name, values in request.args.lists():
        if name not in definitions:
            wanted = ", ".join(definitions) or "none"
            raise Refused(400, "Unknown parameter", f"{name[:100]!r} is no parameter; there is {wanted}", name[:100])
        if len(values) > 1:
            raise Refused(400, "A parameter twice", f"{name} is given {len(values)} times", name)
        found[name] = parameter(name, definitions[name], values[0])
    return found


def parameter(name: str, definition: str, text: str) -> Any:
    """Give a parameter's value. Raises Refused for one that is not as its definition says."""
    validator = parameter_validator(definition)
    value: Any = text
    if _is_number(validator) and _WHOLE.fullmatch(text):
        value = int(text)
    _check(validator, value, name)
    return value


def asked() -> Asked:
    """Give what the request's headers say for an event. Raises Refused for forged or malformed ones."""
    for name in FORGED:
        if name in request.headers:
            raise Refused(400, "A forged header", f"{name} is said by the server alone", name)
    for name in _CLIENT.values():
        if len(request.headers.get(name, "")) > _LONGEST_HEADER:
            raise Refused(400, "A header too long", f"{name} has more than {_LONGEST_HEADER} characters", name)
    client = {field: request.headers[name] for field, name in _CLIENT.items() if name in request.headers}
    return Asked(now(), client, _token(SESSION), _token(IDEMPOTENCY_KEY))


def retry(player_id: str, key: str | None, content: Json) -> Retry | None:
    """Give what tells whether a request repeats another of its idempotency key."""
    if key is None:
        return None
    said = json.dumps([request.method, request.url_rule and request.url_rule.rule, player_id, content], sort_keys=True)
    return Retry(key, hashlib.sha256(said.encode()).hexdigest())


def refusal(problem: Refused) -> Response:
    """Give the answer of a refused request."""
    shown = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
    if problem.field:
        shown["field"] = problem.field
    return Response(json.dumps(shown) + "\n", problem.status, content_type=PROBLEM)


def http_refusal(problem: HTTPException) -> Response:
    """Give the answer of a request that Flask refused: no such route or method, a body too large."""
    status = problem.code or 500
    detail = {
        404: "there is nothing at this address; /openapi.json describes what is",
        405: "this address has no such method; /openapi.json describes those it has",
        413: f"a body has at most {LARGEST_BODY} bytes",
    }.get(status, problem.description or "")
    response = refusal(Refused(status, problem.name, detail, "body" if status == 413 else None))
    if allowed := getattr(problem, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _token(header: str) -> str | None:
    text = request.headers.get(header)
    if text is not None:
        _check(parameter_validator("token"), text, header)
    return text


def _check(validator: Draft202012Validator, value: Any, where: str) -> None:
    errors = sorted(validator.iter_errors(value), key=lambda each: list(map(str, each.path)))
    if errors:
        raise Refused(400, "Invalid", *_words(errors[0], where))


def _words(error: ValidationError, where: str) -> tuple[str, str]:
    """Give what is wrong in words, without what was sent, and the field's name."""
    field = ".".join(map(str, error.path)) or where
    schema = error.schema if isinstance(error.schema, dict) else {}
    known = list(schema.get("properties", ()))
    match error.validator, error.instance:
        case "required", dict(given):
            missing = next(name for name in schema["required"] if name not in given)
            return f"{missing} is missing", missing
        case "additionalProperties", dict(given):
            extra = next(name for name in given if name not in known)
            return f"there is a field that is none of {', '.join(known)}", extra[:100]
        case "type", _ if not error.path and where == "body":
            return "the body must be a JSON object", "body"
    return f"{field} must be {schema.get('description', schema.get('type', 'of another form'))}", field


def _is_number(validator: Draft202012Validator) -> bool:
    return validator.is_valid(1)


def _data() -> bytes:
    """Read the request's body. Raises RequestEntityTooLarge for one that is too large, also when it comes in chunks."""
    request.max_content_length = LARGEST_BODY + 1  # a body in chunks is cut there, and not refused
    data = request.get_data(cache=True)
    if len(data) > LARGEST_BODY:
        raise RequestEntityTooLarge
    return data


def _number(text: str) -> int | Decimal:
    """Read a number with a point or an exponent. 2.0 is whole, as JSON Schema has it, and 2.00…01 is not."""
    found = float(text)
    return int(found) if found.is_integer() and Decimal(text) == int(found) else Decimal(text)


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
