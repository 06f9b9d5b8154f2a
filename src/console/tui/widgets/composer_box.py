"""The composer with its label and what went wrong above it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from console.ids import ConversationId
from console.text import SafeText
from console.tui.present.conversation import composer_label
from console.tui.present.tone import toned
from console.tui.widgets.composer import Composer
from console.tui.widgets.top_bar import OneLine


class ComposerBox(Vertical):
    """Open for a reply or a note to one conversation, else not there."""

    @dataclass
    class Typed(Message):
        """The text is another one now."""

        id: ConversationId
        kind: str
        text: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.target: ConversationId | None = None
        self.kind = "reply"
        self._visitor = SafeText("")
        self._sending = False

    def compose(self) -> ComposeResult:
        """Trouble, label, text."""
        yield OneLine(id="composer-trouble")
        yield OneLine(id="composer-label")
        yield Composer(id="composer")

    @property
    def area(self) -> Composer:
        """The text area."""
        return self.query_one(Composer)

    @property
    def is_open(self) -> bool:
        """Whether there is something to write in."""
        return self.target is not None

    @property
    def sending(self) -> bool:
        """Whether a message is on its way."""
        return self._sending

    def open(self, target: ConversationId, kind: str, visitor: SafeText, text: str) -> None:
        """Begin to write; `text` is the draft."""
        if (self.target, self.kind) == (target, kind):
            return
        self.target, self.kind, self._visitor, self._sending = target, kind, visitor, False
        self.area.set_class(kind == "note", "-note")
        self.area.prompt("A note for your team" if kind == "note" else f"Write to {visitor}")
        self.area.read_only = False
        with self.prevent(TextArea.Changed):
            self.area.text = text
        self.area.move_cursor(self.area.document.end)
        self.trouble("")
        self.label("draft kept" if text else "")
        self.display = True

    def close(self) -> None:
        """Nothing to write; the draft is the keeper's."""
        self.target = None
        self.display = False

    def clear(self) -> None:
        """It is sent."""
        with self.prevent(TextArea.Changed):
            self.area.text = ""
        self.sent()
        self.label("")

    def send(self) -> None:
        """It is on its way: the text stays as it is until it has arrived."""
        self._sending = True
        self.area.read_only = True
        self.trouble("")
        self.label("sending …")

    def sent(self) -> None:
        """It arrived, or it didn't: either way one can write again."""
        self._sending = False
        self.area.read_only = False

    def label(self, state: str) -> None:
        """Whom the text is for, and where it stands."""
        self.query_one("#composer-label", OneLine).show(composer_label(self.kind, self._visitor, state))

    def trouble(self, text: str) -> None:
        """Why it was not sent."""
        line = self.query_one("#composer-trouble", OneLine)
        line.display = bool(text)
        line.show(Content(" ") + toned(text, "now"))

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.target is not None and not self._sending:
            self.label("keeping the draft …")
            self.post_message(self.Typed(self.target, self.kind, self.area.text))
