"""A document to read: pages of it come from both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from console.tui.present.transcript import Block
from console.tui.widgets.transcript import Transcript


class Passages(Transcript):
    """A transcript that begins at its top and never moves by itself."""

    @dataclass
    class Wanted(Message):
        """Later passages can be asked for; with `jump`, the first or the last of all."""

        last: bool
        jump: bool = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.later = False

    def turn(self, blocks: Sequence[Block], *, earlier: bool, later: bool, jump: bool | None = None) -> None:
        """Show these; `jump` goes to their end (True) or top (False), else what was in sight stays there."""
        self._following, self.later = False, later
        self.show(blocks, earlier=earlier, to_end=bool(jump))
        if jump is False:
            self.scroll_to(y=0, animate=False, force=True)
        self._ask_for_later()

    def redraw(self) -> None:
        """Wrap everything again; the passage at the top stays there."""
        anchor, offset = self._anchor()
        super().redraw()
        if anchor is not None and (place := self._place(anchor)) is not None:
            self.scroll_to(y=place + offset, animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for later passages when the end comes near."""
        super().watch_scroll_y(old_value, new_value)
        self._ask_for_later()

    def action_move_top(self) -> None:
        """To the beginning of the document."""
        if self.earlier:
            self.post_message(self.Wanted(last=False, jump=True))
        else:
            super().action_move_top()

    def action_move_end(self) -> None:
        """To the end of the document."""
        if self.later:
            self.post_message(self.Wanted(last=True, jump=True))
        else:
            super().action_move_end()

    def _ask_for_later(self) -> None:
        if self.later and self.scroll_offset.y + 2 * self.size.height >= len(self._lines):
            self.post_message(self.Wanted(last=True))
