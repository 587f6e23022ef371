"""What stands around a block of prose: the outputs and commands next to it, and the sums of what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from harness.grade.claims.model import Group, Load, Piece, Shown, Unit
from harness.grade.claims.names import label_words
from harness.readme.blocks import Kind

ANYWHERE = frozenset({Unit.SERVICE, Unit.ROUTE, Unit.TABLE, Unit.TYPE, Unit.KEY})
"""What is the same all over a report."""

_RUN_LIMIT = 30
"""How many fences without prose between belong together."""

_BETWEEN = 3
"""Paragraphs that may stand between prose and what it is about."""

_TABLES = 4
"""How many tables before and after one may be further batches of the same stream."""

_BACK, _AHEAD = 60, 8
"""How many commands before and after prose its totals may include."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The groups that a claim's words name: their sum, the count of each, and whether the words could be checked."""

    total: int
    single: frozenset[int]
    informed: bool


def counted(groups: Sequence[Group], kinds: frozenset[str], host: str | None) -> Counted:
    """Count the groups of some kinds and a host. Where nothing tells the kind or the host, all are counted."""
    informed = True
    chosen = groups
    if kinds:
        labelled = [group for group in groups if group.label is not None]
        informed = bool(labelled)
        chosen = [group for group in labelled if matches(kinds, group.label)] if labelled else groups
    if host:
        hosted = any(group.host is not None for group in groups)
        informed = informed and hosted
        chosen = [group for group in chosen if group.host == host] if hosted else chosen
    by_host: dict[str | None, int] = {}
    by_label: dict[str | None, int] = {}
    for group in chosen:
        by_host[group.host] = by_host.get(group.host, 0) + group.count
        by_label[group.label] = by_label.get(group.label, 0) + group.count
    single = frozenset({*(group.count for group in chosen), *by_host.values(), *by_label.values()})
    return Counted(sum(group.count for group in chosen), single, informed)


def matches(kinds: frozenset[str], label: str | None) -> bool:
    """Whether the words of a claim can name a type or a path: all of them are in it, or all of its are among them."""
    words = label_words(label or "")
    return bool(words) and (kinds <= words or words <= kinds)


@dataclass(slots=True)
class Report:
    """The pieces of a report, what the submission's code defines by its path, and the loads in their order."""

    pieces: Sequence[Piece]
    code: Sequence[tuple[str, Shown]] = ()
    loads: list[Load] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    anywhere: dict[Unit, list[tuple[Piece, Shown]]] = field(default_factory=dict)
    _tables: list[Shown] = field(default_factory=list)
    _opaque: int = 0
    _commands: dict[int, str] = field(default_factory=dict)
    _sums: dict[tuple[frozenset[str], str | None], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for piece in self.pieces:
            self.before.append(len(self.loads))
            if piece.load and (piece.load.groups or piece.load.opaque):
                self.loads.append(piece.load)
            for one in piece.shown:
                self._tables += [one] if one.what == "table" else []
                for unit in ANYWHERE.intersection(one.counts):
                    listed = self.anywhere.setdefault(unit, [])
                    listed += [(piece, one)] if len(listed) < _RUN_LIMIT else []
        self._opaque = next((at for at, load in enumerate(self.loads) if load.opaque), len(self.loads))

    @property
    def options(self) -> bool:
        """Whether any command says how many requests it makes."""
        return any(load.options for load in self.loads)

    def run(self, at: int, step: int) -> list[Piece]:
        """Give the fences that follow a block (step 1) or precede it (step -1) without prose between."""
        found: list[Piece] = []
        at += step
        while (
            0 <= at < len(self.pieces)
            and len(found) < _RUN_LIMIT
            and self.pieces[at].block.kind not in (Kind.PROSE, Kind.HEADING)
        ):
            found.append(self.pieces[at])
            at += step
        return found

    def near(self, at: int, step: int) -> Iterator[Piece]:
        """Give the fences of the next two runs in a direction, over a few paragraphs but no heading."""
        runs = paragraphs = given = 0
        at += step
        in_run = False
        while 0 <= at < len(self.pieces) and paragraphs <= _BETWEEN:
            kind = self.pieces[at].block.kind
            if kind is Kind.HEADING:
                return
            if kind is Kind.PROSE:
                paragraphs += 1
                runs += in_run
                in_run = False
                if runs == 2:
                    return
            else:
                in_run = True
                given += 1
                if given > 2 * _RUN_LIMIT:
                    return
                yield self.pieces[at]
            at += step

    def totals(self, at: int, kinds: frozenset[str], host: str | None) -> set[int]:
        """Give what the commands around a place send together: any that follow one another up to it or from it on."""
        key = (kinds, host)
        if key not in self._sums:
            each = (counted(load.groups, kinds, host).total for load in self.loads)
            self._sums[key] = [0, *accumulate(each)]
        sums, here = self._sums[key], self.before[at]
        starts = sums[max(0, here - _BACK) : here + 1]
        ends = sums[here : here + _AHEAD + 1]
        return {end - start for start in starts for end in ends}

    def opaque_before(self, at: int) -> bool:
        """Whether something was run before a place, or next to it, of which nobody can say what it sends."""
        return not self.loads or self._opaque <= min(self.before[at], len(self.loads) - 1)

    def asked(self, piece: Piece) -> str:
        """Give the command that an output answers; empty where none is known."""
        line = piece.block.answers
        if line is None:
            return ""
        if not self._commands:
            blocks = (each.block for each in self.pieces)
            self._commands |= {block.first_line: block.text for block in blocks if block.kind is Kind.COMMAND}
        return self._commands.get(line, "")

    def tables_around(self, wanted: Shown) -> tuple[list[Shown], list[Shown]]:
        """Give the few tables before one and those after it, the nearest first."""
        tables = self._tables
        at = next((at for at, one in enumerate(tables) if one is wanted), 0)
        return tables[max(0, at - _TABLES) : at][::-1], tables[at + 1 : at + 1 + _TABLES]
