"""Where a person writes: a reply or a note, kept as it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from console.text import sanitise
from console.tui.commands import Scope, bindings


class Composer(TextArea):
    """A text area that sends; enter makes a new line, single letters are letters."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.COMPOSER)

    @dataclass
    class Submitted(Message):
        """Send this."""

        text: str
        hand_back: bool

    class Left(Message):
        """Writing stops; the draft stays."""

    class SuggestionWanted(Message):
        """Start from the assistant's words."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, soft_wrap=True, highlight_cursor_line=False, tab_behavior="focus")
        self.suggests = False

    def prompt(self, text: str) -> None:
        """Say in the empty box what it is for."""
        self.placeholder = Content(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The suggestion is offered while nothing is typed; notes are not for the visitor's side."""
        if action == "use_suggestion":
            return self.suggests and not self.text
        if action == "send_and_hand_back" and self.has_class("-note"):
            return False
        return super().check_action(action, parameters)

    def action_send(self) -> None:
        """Send what is typed."""
        self.post_message(self.Submitted(self.text, hand_back=False))

    def action_send_and_hand_back(self) -> None:
        """Send it, then let the assistant go on."""
        self.post_message(self.Submitted(self.text, hand_back=True))

    def action_leave_composer(self) -> None:
        """Stop writing; nothing is lost."""
        self.post_message(self.Left())

    def action_use_suggestion(self) -> None:
        """Start from what the assistant was about to say."""
        self.post_message(self.SuggestionWanted())

    def on_resize(self) -> None:
        """Textual wraps the text anew, but when that takes as many lines as before it shows the old ones."""
        self.refresh()

    async def _on_key(self, event: events.Key) -> None:
        """Tab stays in the text: after a step to another widget the next letters would be commands."""
        if event.key not in {"tab", "shift+tab"}:
            return
        event.prevent_default()
        event.stop()
        if event.key == "tab" and self.check_action("use_suggestion", ()):
            self.action_use_suggestion()

    async def _on_paste(self, event: events.Paste) -> None:
        """What is pasted may hold control codes; they become visible signs."""
        event.prevent_default()
        event.stop()
        if self.read_only:
            return
        result = self._replace_via_keyboard(sanitise(event.text), *self.selection)
        if result:
            self.move_cursor(result.end_location)
