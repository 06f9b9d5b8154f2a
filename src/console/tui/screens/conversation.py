"""One conversation over the whole screen, for terminals too narrow for two panes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from textual import on
from textual._path import CSSPathType
from textual.app import ComposeResult

from console.ids import ConversationId
from console.tui.screens.base import STYLES
from console.tui.screens.triaging import TriagingScreen
from console.tui.subject import Subject
from console.tui.widgets.conversation_pane import ConversationPane
from console.tui.widgets.transcript import Transcript


class ConversationScreen(TriagingScreen):
    """Opened from the inbox; esc goes back to it."""

    CSS_PATH: ClassVar[CSSPathType | None] = [STYLES / "conversation.tcss"]

    def __init__(self, id: ConversationId, wants: str | None = None) -> None:
        super().__init__()
        self.conversation_id = id
        self._wants = wants

    def body(self) -> ComposeResult:
        """The pane."""
        yield ConversationPane(id="pane")

    @property
    def subject(self) -> Subject | None:
        """The conversation shown."""
        return self.pane.subject

    def on_mount(self) -> None:
        """Open it."""
        self.query_one(Transcript).focus()
        self.go_on(self.conversation_id, self._wants)

    def go_on(self, id: ConversationId, wants: str | None) -> None:
        """Show a conversation here."""
        self.conversation_id = id
        self.pane.open(id, wants=wants, be_read=True)

    def acted(self, ids: Sequence[ConversationId]) -> None:
        """Read it again."""
        if self.conversation_id in ids:
            self.pane.reread()

    def read_changed(self, ids: frozenset[UUID] | None) -> None:
        """Read what is new here, when it is this one."""
        if ids is None or self.conversation_id in ids:
            self.pane.reread()

    def tick(self) -> None:
        """Ages and the clock."""
        super().tick()
        self.pane.tick()

    def action_refresh_all(self) -> None:
        """Read everything again."""
        self.console_app.changed_here()
        self.pane.reread(whole=True)

    def action_back(self) -> None:
        """To the inbox; what was typed is kept."""
        self._leave()

    def _leave(self) -> None:
        self.console_app.whereabouts.go(None)
        self.app.pop_screen()

    @on(ConversationPane.Shown)
    def _shown(self) -> None:
        if (subject := self.subject) is not None and self.trail != subject.visitor_name:
            self.trail = subject.visitor_name
            self.show_top()

    @on(ConversationPane.Gone)
    def _gone(self) -> None:
        if self.is_current:
            self._leave()
