"""Tables of services and their states: `harness ps`, `docker compose ps`, `docker-compose ps`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from harness.model import Fact
from harness.outputs.text import Output, label, lines

_GAP: Final = re.compile(r"\s{2,}+")
_NAMES: Final = ("service", "name")
_STATES: Final = ("state", "status")


def facts(output: Output) -> dict[str, Fact]:
    """Give each service's state, as the columns of the header place them; `{}` for other subcommands.

    Docker's states are cut to their first word (`Up`), for the rest of them is a duration.
    """
    if "ps" not in output.args:
        return {}
    name_at = state_at = -1
    name = ""
    one_word = False
    services: dict[str, Fact] = {}
    for line in lines(output.stdout):
        cells = _GAP.split(line.strip())
        if state_at < 0:
            header = [cell.lower() for cell in cells]
            name_at = _column(header, _NAMES)
            state_at = _column(header, _STATES) if name_at >= 0 else -1
            one_word = "ready" not in header
        elif len(cells) > max(name_at, state_at):
            name = label(cells[name_at])
            services[name] = label(cells[state_at].partition(" ")[0] if one_word else cells[state_at])
        elif name_at == 0 and name in services and cells[0] and not line.startswith((" ", "-")):
            # docker-compose 1 wraps a long name into the lines below it
            name, state = label(name + cells[0]), services.pop(name)
            services[name] = state
    return {"kind": "ps", "services": services}


def _column(header: Sequence[str], names: Sequence[str]) -> int:
    return next((header.index(name) for name in names if name in header), -1)
