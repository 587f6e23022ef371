"""What the cells of a notebook showed, as `harness notebook` prints it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from harness.model import Fact
from harness.outputs.presto import aligned
from harness.outputs.text import Output, label, lines

_CELL: Final = re.compile(r"cell \d+:")
_PICTURE: Final = re.compile(r"picture: ([\w/+.-]+)")


def facts(output: Output) -> dict[str, Fact]:
    """Give the tables that were printed as Presto's command line prints them, and the pictures by their media type."""
    printed = lines(output.stdout)
    found = [
        {"columns": list(table.columns or ()), "rows": table.rows, "values": table.values} for table in aligned(printed)
    ]
    pictures = Counter(label(match[1]) for line in printed if (match := _PICTURE.fullmatch(line)))
    return {
        "kind": "notebook",
        "cells": sum(1 for line in printed if _CELL.fullmatch(line)),
        "tables": found,
        "pictures": dict(pictures),
    }
