"""The targets: what was measured, what it is held against, and the goal. `bench.json` has a row for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).parents[1] / "bench.json"


@dataclass(frozen=True, slots=True)
class Target:
    """One row. `goal` bounds the value: it is the most, or the least where `more_is_better`.

    `ratio` says how many times better the value is than that of what it is held `against`, measured beside it;
    `goal_ratio` is the least that it must be. Both are None where nothing stands beside the value but the goal.
    """

    id: str
    what: str
    value: float
    unit: str
    goal: float
    ratio: float | None = None
    against: str | None = None
    goal_ratio: float | None = None
    more_is_better: bool = False

    @property
    def reached(self) -> bool:
        """Say whether the value, and the ratio where it has a goal, are as good as the goals."""
        good = self.value >= self.goal if self.more_is_better else self.value <= self.goal
        return good and (self.goal_ratio is None or (self.ratio or 0) >= self.goal_ratio)

    @property
    def of_goal(self) -> float | None:
        """Say how many times better the value is than the goal."""
        better, worse = (self.value, self.goal) if self.more_is_better else (self.goal, self.value)
        return better / worse if worse else None

    @property
    def wanted(self) -> str:
        """Give the goals in words."""
        sign = "≥" if self.more_is_better else "≤"
        times = f", ≥ {self.goal_ratio:g} ×" if self.goal_ratio else ""
        return f"{sign} {self.goal:,g} {self.unit}{times}"


def write(rows: Sequence[Target]) -> None:
    """Write bench.json: where nothing was measured beside a value, its ratio is that to the goal."""
    found = []
    for row in rows:
        beside = {} if row.against else {"ratio": row.of_goal, "against": "the goal"}
        found.append({**asdict(row), **beside, "reached": row.reached})
    FILE.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def lines(rows: Iterable[Target]) -> Iterable[str]:
    """Give the rows as a table of Markdown."""
    yield "| | what | measured | ratio | against | goal | reached |"
    yield "| --- | --- | ---: | ---: | --- | ---: | --- |"
    for row in rows:
        ratio = row.ratio if row.against else row.of_goal
        measured = f"{row.value:,.0f}" if row.value >= 100 else f"{row.value:.1f}"
        times = "" if ratio is None else f"{ratio:.1f}"
        words = (row.id, row.what, f"{measured} {row.unit}", times, row.against or "the goal", row.wanted)
        yield f"| {' | '.join(words)} | {'yes' if row.reached else '**no**'} |"
