"""The tones of text: every style that a presenter may use, each a class in `theme.tcss`."""

from __future__ import annotations

from textual.content import Content

TONES = frozenset(
    {
        "t-quiet",  # metadata
        "t-faint",  # rules and what is off
        "t-strong",  # names
        "t-mine",  # the accent: the cursor, keys, and what is mine
        "t-now",  # needs a person now
        "t-soon",  # needs one soon
        "t-fine",
        "t-spoken",  # what the assistant said
        "t-off",  # a key that does nothing now
    }
)


def toned(text: str, tone: str = "") -> Content:
    """Text in a tone; the text is never read as markup."""
    if not text:
        return Content("")
    return Content.styled(text, f".t-{tone}") if tone else Content(text)


def joined(*parts: Content, gap: str = "  ") -> Content:
    """The parts that are not empty, with a gap between."""
    return Content(gap).join([part for part in parts if part])


def sides(left: Content, right: Content, width: int) -> Content:
    """One line of `width` cells: `left` cut where it must be, `right` at the end."""
    right = right.truncate(max(0, width), ellipsis=True)
    room = width - right.cell_length - (1 if right else 0)
    if room <= 0:
        return right
    left = left.truncate(room, ellipsis=True, pad=True)
    return Content("").join([left, Content(" "), right]) if right else left
