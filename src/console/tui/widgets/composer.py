"""Where a person writes: a reply or a note, kept as it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from console.domain.message import MAX_DRAFT_CHARS
from console.text import sanitise
from console.tui.commands import Scope, bindings
from console.tui.widgets.plain_text import PlainText

_PICKS = frozenset({"up", "down", "enter", "tab", "escape"})


class Composer(PlainText):
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

    class UndoWanted(Message):
        """Take back what is on its way."""

    class Touched(Message):
        """The text or the cursor is another now."""

    @dataclass
    class TooLong(Message):
        """A paste that no draft could hold was left out."""

        chars: int

    @dataclass
    class Picking(Message):
        """A key for the list of what could be inserted."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, soft_wrap=True, highlight_cursor_line=False, tab_behavior="focus")
        self.suggests = False
        self.picking = False

    def prompt(self, text: str) -> None:
        """Say in the empty box what it is for."""
        self.placeholder = Content(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The suggestion is offered while nothing is typed; notes are not for the visitor's side."""
        if action == "use_suggestion":
            return self.suggests and not self.text
        note = self.has_class("-note")
        if action in {"send_and_hand_back", "canned"} and note:
            return False
        if action == "canned":
            return not self.text
        if action == "mention":
            return note
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

    def action_undo_here(self) -> None:
        """With nothing typed, what is on its way; else what was typed last."""
        if self.text:
            self.undo()
        else:
            self.post_message(self.UndoWanted())

    def action_canned(self) -> None:
        """Begin to choose a canned reply."""
        if not self.text and not self.read_only:
            self.insert("/")

    def action_mention(self) -> None:
        """Begin to name a member."""
        if not self.read_only:
            self.insert("@")

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _touched(self) -> None:
        self.post_message(self.Touched())

    def on_resize(self) -> None:
        """Textual wraps the text anew, but when that takes as many lines as before it shows the old ones."""
        self.refresh()

    async def _on_key(self, event: events.Key) -> None:
        """Tab stays in the text: after a step to another widget the next letters would be commands."""
        if self.picking and event.key in _PICKS:
            event.prevent_default()
            event.stop()
            self.post_message(self.Picking(event.key))
            return
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
        if len(self.text) + len(event.text) > MAX_DRAFT_CHARS:
            self.post_message(self.TooLong(len(event.text)))
            return
        result = self._replace_via_keyboard(sanitise(event.text), *self.selection)
        if result:
            self.move_cursor(result.end_location)
