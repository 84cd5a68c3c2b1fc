"""A pupil's drawing as an SVG picture.

Rule: it is made from whole numbers that were checked (`shapes`) and from the axes of the lesson;
no text of a browser gets into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from coteach.classroom.shapes import GRID

COLOURS = ("#1d2724", "#1257b0", "#b3261e", "#1b7a33")
LEFT, RIGHT, TOP, BOTTOM = 110, 980, 30, 520
"""The frame of a drawing with axes, as the page paints it."""


def svg(strokes: Sequence[Sequence[int]], axes: Mapping[str, Any] | None = None) -> str:
    """Return a drawing as an SVG element.

    Parameters
    ----------
    strokes
        ``[colour, x, y, x, y, …]`` each, as `shapes.value_of` returns them.
    axes
        ``{"x": [from, to, unit], "y": …}`` of the question.
    """
    lines = "".join(_stroke(stroke) for stroke in strokes)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="0 0 {GRID[0]} '
            f'{GRID[1]}" fill="none" stroke-width="7" stroke-linecap="round" '
            f'stroke-linejoin="round"><rect width="{GRID[0]}" height="{GRID[1]}" fill="#fff"/>'
            f'{_frame(axes) if axes else ""}{lines}</svg>')


def _stroke(stroke: Sequence[int]) -> str:
    colour = COLOURS[stroke[0] % len(COLOURS)]
    points = [int(number) for number in stroke[1:]]
    pairs = [f"{x} {y}" for x, y in zip(points[::2], points[1::2], strict=True)]
    # A single point is a dot: a line of no length with round ends.
    return f'<path stroke="{colour}" d="M{"L".join(pairs if len(pairs) > 1 else pairs * 2)}"/>'


def _frame(axes: Mapping[str, Any]) -> str:
    try:
        ends = {name: (float(axes[name][0]), float(axes[name][1]), str(axes[name][2]))
                for name in ("x", "y")}
    except (KeyError, TypeError, ValueError, IndexError):
        return ""
    wide, high = RIGHT - LEFT, BOTTOM - TOP
    grid = "".join(
        f'<path opacity=".45" d="M{LEFT + wide * part / 4:g} {TOP}v{high}'
        f'M{LEFT} {TOP + high * part / 4:g}h{wide}"/>' for part in (1, 2, 3))
    words = []
    for part in range(5):
        (x0, x1, x_unit), (y0, y1, y_unit) = ends["x"], ends["y"]
        last = part == 4
        place = GRID[0] - 12 if last else LEFT + wide * part / 4
        words.append(
            f'<text x="{place:g}" y="{GRID[1] - 28}" text-anchor="{"end" if last else "middle"}">'
            f'{round(x0 + (x1 - x0) * part / 4, 2):g}{" " + escape(x_unit) if last else ""}</text>'
            f'<text x="{LEFT - 12}" y="{BOTTOM - high * part / 4 + 13:g}" text-anchor="end">'
            f'{round(y0 + (y1 - y0) * part / 4, 2):g}{" " + escape(y_unit) if last else ""}</text>')
    return (f'<g stroke="#8a9691" stroke-width="2"><rect x="{LEFT}" y="{TOP}" width="{wide}" '
            f'height="{high}"/>{grid}</g><g fill="#55635e" font-family="sans-serif" '
            f'font-size="38">{"".join(words)}</g>')
