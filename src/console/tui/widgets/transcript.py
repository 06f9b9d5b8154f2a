"""What was said, drawn line by line; ten thousand messages cost what a screenful costs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from operator import is_
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message as TextualMessage
from textual.reactive import var
from textual.strip import Strip
from textual.style import Style

from console.tui.commands import Scope, bindings
from console.tui.present.transcript import Block
from console.tui.widgets.lines import LineView

MEASURE = 92


class Transcript(LineView, inherit_bindings=False):
    """Blocks of wrapped text. It stays at the end when it is there, and in its place when it is not."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.MOVE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"transcript--note", "transcript--person"}

    message: var[Content] = var(Content(""), init=False)

    class NearTop(TextualMessage):
        """The first lines are near; earlier ones can be asked for."""

    class Scrolled(TextualMessage):
        """What is in sight changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._blocks: list[Block] = []
        self._wrapped: dict[Hashable, tuple[Block, list[Strip]]] = {}
        self._lines: list[Strip] = []
        self._starts: list[int] = []
        self.earlier = False
        self._following = True
        self._settling = False

    @property
    def blocks(self) -> Sequence[Block]:
        """What is shown."""
        return self._blocks

    @property
    def at_end(self) -> bool:
        """Whether the last line is in sight."""
        return self.scroll_offset.y + self.size.height >= len(self._lines) - 1

    def show(self, blocks: Sequence[Block], *, earlier: bool, to_end: bool = False) -> None:
        """Show these blocks; what was in sight stays in sight, the end when the end was."""
        follow = to_end or self._following
        anchor, offset = self._anchor()
        self._blocks, self.earlier = list(blocks), earlier
        self._layout()
        if follow:
            self._to_end()
        elif anchor is not None and (place := self._place(anchor)) is not None:
            self.scroll_to(y=place + offset, animate=False, force=True)
        self._ask_for_earlier()

    def visible_keys(self) -> list[Hashable]:
        """The keys of the blocks in sight."""
        top, bottom = self.scroll_offset.y, self.scroll_offset.y + self.size.height
        ends = [*self._starts[1:], len(self._lines)][: len(self._blocks)]
        return [
            block.key
            for block, start, end in zip(self._blocks, self._starts, ends, strict=True)
            if start < bottom and end > top
        ]

    def redraw(self) -> None:
        """Wrap and draw everything again."""
        self._wrapped.clear()
        self._layout()
        if self._following:
            self._to_end()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        if not self._blocks:
            return self.centred(self.message, y, self.visual_style)
        at = y + self.scroll_offset.y
        if at < len(self._lines):
            return self._lines[at]
        return self.blank(self.size.width, self.visual_style)

    def on_resize(self) -> None:
        """Other width, other lines."""
        self.redraw()

    def watch_message(self) -> None:
        """Show what an empty transcript has to say."""
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for earlier messages when the top comes near."""
        super().watch_scroll_y(old_value, new_value)
        if not self._settling:
            self._following = self.at_end
        self._ask_for_earlier()
        self.post_message(self.Scrolled())

    def action_move_down(self) -> None:
        """A line down."""
        self._by(1)

    def action_move_up(self) -> None:
        """A line up."""
        self._by(-1)

    def action_half_down(self) -> None:
        """Half a page down."""
        self._by(self.size.height // 2)

    def action_half_up(self) -> None:
        """Half a page up."""
        self._by(-self.size.height // 2)

    def action_move_page_down(self) -> None:
        """A page down."""
        self._by(self.size.height - 1)

    def action_move_page_up(self) -> None:
        """A page up."""
        self._by(1 - self.size.height)

    def action_move_top(self) -> None:
        """To the first line that is here; earlier ones follow when there are."""
        self.scroll_to(y=0, animate=False, force=True)

    def action_move_end(self) -> None:
        """To the last line."""
        self._to_end()

    def _by(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)

    def _to_end(self) -> None:
        self._following = True
        self.scroll_to(y=max(0, len(self._lines) - self.size.height), animate=False, force=True)

    def _ask_for_earlier(self) -> None:
        if self.earlier and self.size.height and self.scroll_offset.y <= self.size.height // 2:
            self.post_message(self.NearTop())

    def _anchor(self) -> tuple[Hashable | None, int]:
        top = self.scroll_offset.y
        for block, start in zip(reversed(self._blocks), reversed(self._starts), strict=True):
            if start <= top:
                return block.key, top - start
        return None, 0

    def _place(self, key: Hashable) -> int | None:
        for block, start in zip(self._blocks, self._starts, strict=True):
            if block.key == key:
                return start
        return None

    def _layout(self) -> None:
        drawn, self._lines, self._starts = self._lines, [], []
        for block in self._blocks:
            self._starts.append(len(self._lines))
            self._lines += self._strips(block)
        if drawn and len(drawn) == len(self._lines) and all(map(is_, drawn, self._lines)):
            return  # what was read again is what was read before
        self._settling = True  # a shorter text moves the scroll, and that is not the reader's doing
        self.virtual_size = Size(self.size.width, len(self._lines))
        self._settling = False
        self.refresh()

    def _strips(self, block: Block) -> list[Strip]:
        known = self._wrapped.get(block.key)
        if known is None or known[0] != block:
            known = self._wrapped[block.key] = (block, self._wrap(block))
        return known[1]

    def _wrap(self, block: Block) -> list[Strip]:
        width = self.size.width
        base = self.get_visual_style(block.base) if block.base else self.visual_style
        found = [line for part in block.parts for line in self._part(part.content, part.indent, width, base)]
        return [*found, self.blank(width, self.visual_style)]

    def _part(self, content: Content, indent: int, width: int, base: Style) -> list[Strip]:
        room = max(8, min(width - indent - 1, MEASURE))
        pad = Strip.blank(indent, base.rich_style)
        lines = self.strips(content, room, base, wrap=True)
        return [Strip.join([pad, line]).adjust_cell_length(width, base.rich_style) for line in lines]
