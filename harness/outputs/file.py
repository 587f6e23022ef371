"""The contents of files, as `cat` prints them."""

from __future__ import annotations

import hashlib

from harness.model import Fact
from harness.outputs.text import Output, encoded


def facts(output: Output) -> dict[str, Fact]:
    """Give the size in UTF-8 bytes, the number of lines (a last one without its end counts) and the SHA-256."""
    text = output.stdout
    content = encoded(text)
    return {
        "kind": "file",
        "bytes": len(content),
        "lines": text.count("\n") + (text != "" and not text.endswith("\n")),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
