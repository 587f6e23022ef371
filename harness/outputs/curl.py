"""An HTTP response, as `curl` prints it with or without `-i`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.model import Fact
from harness.outputs.text import Output, clean, encoded, integer, label

BODY_LIMIT: Final = 2000
"""Characters of the body that the facts keep."""

_HEADER_OPTIONS: Final = frozenset({"--head", "--include", "--show-headers"})
_TAKES_VALUE: Final = frozenset("AbcCdDeEFhHKmoPQrtTuUwxXyYz")


def facts(output: Output) -> dict[str, Fact]:
    """Give the body and its length in UTF-8 bytes; with `-i` also the status and content type (None if absent)."""
    if not _shows_headers(output.args):
        return {"kind": "curl", **_body(output.stdout)}
    status, content_type, start = _head(output.stdout)
    return {"kind": "curl", "status": status, "content_type": content_type, **_body(output.stdout[start:])}


def _body(text: str) -> dict[str, Fact]:
    return {"body": clean(text)[:BODY_LIMIT], "body_bytes": len(encoded(text))}


def _shows_headers(args: Sequence[str]) -> bool:
    """Find `-i` and `-I`, also in a cluster such as `-si`; what follows `-d` or `-H` is a value."""
    value = False
    for arg in args:
        if value:
            value = False
        elif arg in _HEADER_OPTIONS:
            return True
        elif arg.startswith("-") and not arg.startswith("--"):
            for at, option in enumerate(arg[1:], 2):
                if option in "iI":
                    return True
                if option in _TAKES_VALUE:
                    value = at == len(arg)
                    break
    return False


def _head(text: str) -> tuple[int | None, str | None, int]:
    """Give the last response's status and content type, and where the body starts.

    A head that only leads to another one (`100 Continue`, a redirect followed with `-L`) is skipped.
    """
    status: int | None = None
    content_type: str | None = None
    at = 0
    while text.startswith("HTTP/", at) and (status is None or status < 200 or 300 <= status < 400):
        line, at = _line(text, at)
        status, content_type = integer(line.partition(" ")[2][:3]), None
        while line:
            line, at = _line(text, at)
            name, _, value = line.partition(":")
            if name.strip().lower() == "content-type":
                content_type = label(value)
    return status, content_type, at


def _line(text: str, at: int) -> tuple[str, int]:
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return clean(text[at:end]).strip(), end + 1
