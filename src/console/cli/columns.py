"""Plain aligned columns, by the width that a terminal gives each character."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = "  "
_NARROWEST = 8


def aligned(rows: Sequence[Sequence[str]], right: Sequence[bool], room: int | None) -> list[str]:
    """The rows as lines; columns marked `right` lean right; the widest are cut until all fit in `room` cells."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    while room and sum(widths) + len(_GAP) * (len(widths) - 1) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return [_line(row, widths, right) for row in rows]


def width(text: str) -> int:
    """How many cells a terminal gives to one line of text."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for text, limit, leans_right in zip(row, widths, right, strict=True):
        cut = _cut(text, limit)
        blank = " " * (limit - width(cut))
        parts.append(blank + cut if leans_right else cut + blank)
    return _GAP.join(parts).rstrip()


def _cut(text: str, limit: int) -> str:
    if width(text) <= limit:
        return text
    mark = "~" if text.isascii() else "\u2026"
    while width(text) > limit - 1:
        text = text[: min(limit, len(text)) - 1] if len(text) > limit else text[:-1]
    return text + mark
