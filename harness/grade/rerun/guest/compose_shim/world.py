"""The services that a sandbox reaches: what the harness says of them, and what the submission has done to them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_TOLD = Path(__file__).resolve().parents[1] / "rooms.json"


class World:
    """What the harness says about the services, and what this submission has done to them."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = json.loads(_TOLD.read_text(encoding="utf-8"))
        self.rooms: dict[str, dict[str, Any]] = self._told["rooms"]
        self.lacking: dict[str, str] = self._told["lacking"]
        self.project: str = self._told["project"]
        self.broker: str = self._told.get("broker", "")
        self._ended = Path(self._told["ended"])

    @property
    def ended(self) -> set[str]:
        """The services that the submission has ended."""
        try:
            return set(self._ended.read_text(encoding="utf-8").split())
        except OSError:
            return set()

    def end(self, names: Sequence[str], ended: bool = True) -> None:
        """Note that services have ended, or that they are up again."""
        left = self.ended | set(names) if ended else self.ended - set(names)
        with suppress(OSError):
            self._ended.write_text("\n".join(sorted(left)), encoding="utf-8")

    def service(self, name: str) -> str:
        """Give the service of a container's name, such as project_kafka_1. Ends this program for one that is none."""
        for room in self.rooms:
            if name == room or re.fullmatch(rf".*[_-]{re.escape(room)}[_-]\d+", name) or name in self._names(room):
                if room in self.ended:
                    fail(f"ERROR: No container found for {room}_1")
                return room
        raise SystemExit(
            f"ERROR: {name}: {self.lacking[name]}" if name in self.lacking else f"ERROR: No such service: {name}"
        )

    def container(self, room: str) -> str:
        """Give the name that Compose gives a service's container."""
        return f"{self.project}_{room}_1"

    def _names(self, room: str) -> Sequence[str]:
        names: Sequence[str] = self.rooms[room].get("names", ())
        return names


def fail(text: str, code: int = 1) -> NoReturn:
    """End with a message."""
    print(text, file=sys.stderr)
    sys.exit(code)
