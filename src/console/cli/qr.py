"""A QR code (ISO/IEC 18004) drawn with characters, light on dark as scanners need it whatever the theme."""

from __future__ import annotations

import os
from collections.abc import Sequence

_BORDER, _PLAIN_BORDER = 2, 1
_WHITE_ON_BLACK, _RESET = "\x1b[97;40m", "\x1b[0m"
_HALVES = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}


def drawn(text: str, *, plain: bool) -> list[str]:
    """The lines: two rows of modules in each by half blocks, or one with `##` for a light module where `plain`."""
    import segno

    matrix = segno.make(text, error="l", boost_error=False, micro=False).matrix
    if plain:
        return ["".join("  " if dark else "##" for dark in row) for row in _bordered(matrix, _PLAIN_BORDER)]
    rows = _bordered(matrix, _BORDER)
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return ["".join(_HALVES[upper, lower] for upper, lower in zip(*pair, strict=True)) for pair in pairs]


def coloured(lines: Sequence[str]) -> list[str]:
    """The lines as a terminal shows them; with NO_COLOR they take its own colours."""
    if os.environ.get("NO_COLOR"):
        return list(lines)
    return [f"{_WHITE_ON_BLACK}{line}{_RESET}" for line in lines]


def _bordered(matrix: Sequence[Sequence[int]], border: int) -> list[list[int]]:
    width = len(matrix[0]) + 2 * border
    side, edge = [0] * border, [[0] * width] * border
    return [*edge, *([*side, *row, *side] for row in matrix), *edge]
