"""Bar charts of figures, as SVG files beside the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "performance"
COLOURS = ("#1f5f8b", "#b7c9d6", "#d9822b", "#5b8c5a")
LEFT, RIGHT, WIDTH, THICK, GAP = 190, 70, 720, 14, 12


def write(name: str, title: str, rows: Mapping[str, Sequence[float]]) -> str:
    """Draw a group of bars for each row, one for each number, from zero. Returns the line of Markdown that shows it."""
    longest = max(value for values in rows.values() for value in values) or 1
    drawn, y = [], 36
    for label, values in rows.items():
        middle = y + THICK * len(values) / 2 + 4
        drawn.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{escape(label)}</text>')
        for number, value in enumerate(values):
            length = value / longest * (WIDTH - LEFT - RIGHT)
            colour = COLOURS[number % len(COLOURS)]
            drawn.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{THICK - 2}" fill="{colour}"/>')
            shown = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
            drawn.append(f'<text x="{LEFT + length + 5:.1f}" y="{y + THICK - 4}">{shown}</text>')
            y += THICK
        y += GAP
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
        'font-family="sans-serif" font-size="12" fill="#222">\n'
        f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>\n'
        f'<text x="8" y="20" font-size="14" font-weight="bold">{escape(title)}</text>\n'
        + "\n".join(drawn)
        + "\n</svg>\n",
        encoding="utf-8",
    )
    return f"![{title}](performance/{name}.svg)"
