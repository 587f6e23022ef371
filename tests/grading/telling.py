"""How an author tells: the parts of a report, one after another, with the files that are handed in."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Sequence
from datetime import datetime

import wording as say
from document import Part, Role
from world import Event, World


class Story:
    """Collects the parts. What is random here is the telling; what happened is the world's."""

    def __init__(self, world: World, dress: dict[str, object]) -> None:
        self.world = world
        self.dress = dress
        self.rng = random.Random(f"story {world.me} {world.session} {world.folder}")
        self.parts: list[Part] = []
        self.files: dict[str, str] = {}
        self.facts: dict[str, object] = {}
        self.refused: list[datetime] = []
        """When a path was asked for that does not exist."""
        self.width = self.rng.choice([None, None, 80, 100])
        self.place = self.rng.choice(["", "", "code/", "src/"])

    # what a part is made of

    def heading(self, text: str) -> None:
        self.parts.append(Part(Role.HEADING, [text]))

    def prose(self, *sentences: str, tags: Sequence[str] = ()) -> None:
        if self.rng.random() < 0.25:
            sentences = (*sentences, self.rng.choice(say.TRAPS))
        if any(sentences):
            self.parts.append(say.paragraph(self.rng, sentences, *tags, width=self.width))

    def command(self, lines: str | Sequence[str], form: str = "shell", *tags: str) -> None:
        self.parts.append(Part(Role.COMMAND, [lines] if isinstance(lines, str) else list(lines), form, tags))

    def output(self, lines: Sequence[str], form: str, *tags: str) -> None:
        self.parts.append(Part(Role.OUTPUT, list(lines), form, tags))

    def listing(self, path: str, text: str, *tags: str, form: str = "python") -> None:
        """Hand a file in, and show it where the author does that."""
        self.files[path] = text
        if self.dress["listings"]:
            name = path if self.rng.random() < 0.5 else path.rsplit("/", 1)[-1]
            if self.dress["cat"]:
                self.command(f"cat {path}", "shell", *tags)
            else:
                self.prose(f"here is `{name}`:", tags=tags)
            self.parts.append(Part(Role.LISTING, text.rstrip("\n").split("\n"), form, tags, file=path))

    def run(self, service: str, command: str, *tags: str) -> None:
        """Type a command for a service, on one line or several."""
        line = f"docker-compose exec {service} {command}"
        if self.dress["backslashes"] and " -" in command:
            words = textwrap.wrap(line, 60, break_long_words=False, break_on_hyphens=False)
            if line.count('"') == 0:
                self.command([*(w + " \\" for w in words[:-1]), words[-1]], "shell", *tags)
                return
            program, rest = command.split(" ", 1)
            self.command([f"docker-compose exec {service} \\", f"  {program} \\", f"    {rest}"], "shell", *tags)
            return
        self.command(line, "shell", *tags)

    def inside(self, path: str) -> str:
        return f"/w205/{self.world.folder}/{path}"


def field_of(event: Event, name: str) -> object:
    return {"timestamp": event.timestamp, "raw_event": event.json}.get(name, event.body.get(name, None))


def part_name(rng: random.Random) -> str:
    digits = "".join(rng.choices("0123456789abcdef", k=32))
    uuid = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{digits[16:20]}-{digits[20:]}"
    return f"part-00000-{uuid}-c000.snappy.parquet"
