"""Plain signs for terminals that can't show others."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

SIGNS = str.maketrans(
    {
        "·": "-", "…": "~", "▌": ">", "▏": "|", "“": '"', "”": '"', "⏎": "e",
        "←": "<", "→": ">", "↑": "^", "↓": "v", "─": "-", "│": "|", "━": "-", "▄": " ", "▀": " ", "█": "#",
        "┌": "+", "┐": "+", "└": "+", "┘": "+", "▁": " ", "▂": " ", "▃": " ", "▅": " ", "▆": " ", "▇": " ",
        "▎": "|", "▍": "|", "▋": "|", "▊": "|", "▉": "|", "▕": "|", "▔": " ", "▐": "|", "░": ".", "▒": "+",
    }
)  # fmt: skip


class PlainSigns(LineFilter):
    """Each sign of the console's own becomes one of ASCII, as wide; letters of any script stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The line in plain signs."""
        return [Segment(text.translate(SIGNS), style, control) for text, style, control in segments]


PLAIN = PlainSigns()
