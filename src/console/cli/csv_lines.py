"""Rows as CSV (RFC 4180) that a spreadsheet takes for text, never for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """The rows, each ended by a line feed but for the last; a cell that would begin a formula begins with `'`."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_text(cell) for cell in row] for row in rows)
    return out.getvalue().removesuffix("\n")


def _text(cell: str) -> str:
    cell = cell.replace("\r\n", "\n").replace("\r", "\n")  # a bare one would not be quoted, and split the row
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
