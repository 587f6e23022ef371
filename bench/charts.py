"""Bar charts of figures, as SVG files beside the page."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pygal  # type: ignore[import-untyped]
from pygal.style import CleanStyle  # type: ignore[import-untyped]

# pygal looks for plugins by an import hook that today's Python warns of at each import that follows.
sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != pygal.__name__]

FOLDER = Path(__file__).parents[1] / "docs" / "performance"


def write(name: str, title: str, bars: Sequence[str], rows: Mapping[str, Sequence[float]]) -> str:
    """Draw a group of bars for each row, one for each of `bars`. Returns the line of Markdown that shows it."""
    chart = pygal.HorizontalBar(
        title=title,
        width=760,
        height=120 + len(rows) * (14 + 16 * len(bars)),
        style=CleanStyle(
            font_family="sans-serif", value_font_size=10, guide_stroke_color="#ddd", major_guide_stroke_color="#ddd"
        ),
        print_values=True,
        print_values_position="top",
        value_formatter=lambda value: f"{value:,.0f}" if value >= 100 else f"{value:.1f}",
        legend_at_bottom=True,
        js=[],
        no_prefix=True,
        show_x_guides=False,
        show_y_guides=False,
    )
    chart.x_labels = [*rows][::-1]  # pygal draws from the bottom
    for number, bar in enumerate(bars):
        chart.add(bar, [values[number] for values in [*rows.values()][::-1]])
    FOLDER.mkdir(exist_ok=True)
    text = chart.render(is_unicode=True, pretty_print=True, disable_xml_declaration=True)
    (FOLDER / f"{name}.svg").write_text(text + "\n", encoding="utf-8")
    return f"![{title}](performance/{name}.svg)"
