"""Drawing `Content` line by line, for widgets that draw only what is seen."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.content import Content
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions

_DRAWS_ON_BLANKS = ("underline", "underline2", "overline", "strike", "reverse", "frame", "encircle")


def lean(line: Strip) -> Strip:
    """The same line in fewer pieces: blanks look alike in every colour, and each piece costs the terminal 40 bytes."""
    pieces: list[Segment] = []
    for piece in line:
        last = pieces[-1] if pieces else None
        if last is not None and (style := _shared(last, piece)) is not None:
            pieces[-1] = Segment(last.text + piece.text, style)
        else:
            pieces.append(piece)
    return Strip(pieces, line.cell_length)


def _shared(first: Segment, second: Segment) -> RichStyle | None:
    """The style of the first when the second is blank and the ground is the same."""
    one, other = first.style, second.style
    if one is None or other is None or second.text.strip(" ") or one.bgcolor != other.bgcolor:
        return None
    return None if one.link != other.link or _draws(one) or _draws(other) else one


def _draws(style: RichStyle) -> bool:
    return any(getattr(style, name) for name in _DRAWS_ON_BLANKS)


class LineView(ScrollView, can_focus=True):
    """A scroll view that turns `Content` into strips in its own styles."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._looks: dict[str | Style, Style] = {}

    def strips(self, content: Content, width: int, base: Style, *, wrap: bool = False) -> list[Strip]:
        """The lines of `content`, each exactly `width` cells."""
        options = RenderOptions(self._look, {"text_wrap": "wrap" if wrap else "nowrap", "text_overflow": "fold"})
        lines = content.render_strips(max(1, width), None if wrap else 1, base, options)
        return [lean(line.adjust_cell_length(width, base.rich_style)) for line in lines]

    def blank(self, width: int, base: Style) -> Strip:
        """An empty line."""
        return Strip.blank(width, base.rich_style)

    def centred(self, message: Content, y: int, base: Style) -> Strip:
        """Line `y` of a message in the upper third of an empty view."""
        lines = message.split("\n", allow_blank=True)
        at = y - max(1, self.size.height // 3 - len(lines) // 2)
        if not 0 <= at < len(lines):
            return self.blank(self.size.width, base)
        line = lines[at].truncate(self.size.width - 2, ellipsis=True)
        pad = max(0, (self.size.width - line.cell_length) // 2)
        return self.strips(Content(" " * pad) + line, self.size.width, base)[0]

    def refresh_lines(self, y_start: int, line_count: int = 1) -> None:
        """Draw lines again, without the scroll bar beside them."""
        self.refresh(Region(0, y_start - self.scroll_offset.y, self.scrollable_size.width, line_count))

    def notify_style_update(self) -> None:
        """Forget what was drawn in the old styles."""
        super().notify_style_update()
        self._looks.clear()
        self.redraw()

    def _look(self, name: str | Style) -> Style:
        if (found := self._looks.get(name)) is None:
            found = self._looks[name] = self._get_style(name)
        return found

    def redraw(self) -> None:
        """Draw everything again."""
        self.refresh()
