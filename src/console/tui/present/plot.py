"""A plot in block characters: a period beside the one before, and a part of each value shaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content

from console.tui.present.tone import toned

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_PART, _BEFORE = "▒", "░"
_AXIS = 7
"""What the axis takes at least."""


@dataclass(frozen=True, slots=True)
class Step:
    """One day or hour: its value, the part of it that is shaded, the same step of the period before (None: no such)."""

    label: str
    value: float
    part: float
    before: float | None


def plot(steps: Sequence[Step], width: int, height: int, number: Callable[[float], str]) -> list[Content]:
    """`height` lines of columns over a line of labels. `number` writes the values of the axis."""
    most = _top(steps)
    marks = [_mark(row, height, most, number) for row in range(height)]
    axis = max(_AXIS, *(len(mark) + 2 for mark in marks))
    room = max(0, width - axis)
    each = max(1, min(4, room // max(1, len(steps))))
    shown = steps[-(room // each) :] if room // each else []
    lines = [
        Content.assemble(
            toned(f"{marks[row]:>{axis - 2}} ▏", "faint"), *(_cells(step, row, height, most, each) for step in shown)
        )
        for row in range(height - 1, -1, -1)
    ]
    return [*lines, toned(" " * axis + _labels(shown, each), "quiet")]


def sparkline(values: Sequence[float], cells: int) -> str:
    """The values in one line, several of them in a cell where there is no room for all."""
    if not values or cells <= 0:
        return ""
    size = -(-len(values) // cells)
    sums = [sum(values[start : start + size]) for start in range(0, len(values), size)]
    most = max(sums)
    return "".join(_EIGHTHS[max(1, round(value / most * 8))] if value else _EIGHTHS[0] for value in sums)


def _top(steps: Sequence[Step]) -> float:
    """A round number that no value exceeds."""
    most = max((max(step.value, step.before or 0) for step in steps), default=0)
    if most <= 0:
        return 1
    unit = 1e-6
    while unit * 10 <= most:
        unit *= 10
    return next(unit * factor for factor in (1, 2, 3, 4, 5, 6, 8, 10, 100) if unit * factor >= most * 0.999999)


def _mark(row: int, height: int, most: float, number: Callable[[float], str]) -> str:
    """What stands on the axis beside a row."""
    if row == height - 1:
        return number(most)
    if row == 0:
        return "0"
    return number(most * (row + 1) / height) if height >= 7 and row == (height - 1) // 2 else ""


def _cells(step: Step, row: int, height: int, most: float, each: int) -> Content:
    now = _cell(step, row, height, most)
    if each == 1:
        return now
    filled = step.before is not None and step.before / most * height >= row + 0.5
    before = toned(_BEFORE, "faint") if filled else Content(" ")
    wide = Content.assemble(now, now) if each == 4 else now
    return Content.assemble(wide, before, " " * (each >= 3))


def _cell(step: Step, row: int, height: int, most: float) -> Content:
    if step.part and step.part / most * height >= row + 0.5:
        return toned(_PART, "soon")
    eighths = max(0, min(8, round((step.value / most * height - row) * 8)))
    if row == 0 and step.value > 0:
        eighths = max(1, eighths)
    return toned(_EIGHTHS[eighths], "mine") if eighths else Content(" ")


def _labels(steps: Sequence[Step], each: int) -> str:
    """A label at every few steps, none over the next one."""
    line = ""
    for place, step in enumerate(steps):
        if place * each >= len(line) + 2 * bool(line) and place * each + len(step.label) <= len(steps) * each + 1:
            line = f"{line:{place * each}}{step.label}"
    return line
