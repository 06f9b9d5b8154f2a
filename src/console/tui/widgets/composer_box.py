"""The composer with its label and what went wrong above it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static, TextArea

from console.domain.message import MAX_MESSAGE_CHARS
from console.ids import ConversationId
from console.text import SafeText
from console.tui.completing import Kind, Token, token_at
from console.tui.present.conversation import composer_label
from console.tui.present.notices import CONNECTED_AGAIN
from console.tui.present.picking import Option, matching
from console.tui.present.tone import toned
from console.tui.widgets.completion import Completion
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

    @dataclass
    class OptionsWanted(Message):
        """Something is typed that can be completed."""

        kind: Kind

    @dataclass
    class CannedChosen(Message):
        """Insert this one for the token."""

        shortcut: str
        token: Token

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.target: ConversationId | None = None
        self.kind = "reply"
        self._visitor = SafeText("")
        self._sending = False
        self._offers: dict[Kind, list[Option[str]]] = {}
        self._token: Token | None = None
        self._refused: tuple[int, int] | None = None
        self._lasting = self._offline = False

    def compose(self) -> ComposeResult:
        """Trouble, what could be inserted, label, text."""
        yield Static(id="composer-trouble", markup=False)
        yield Completion(id="completion")
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
        self._complete(None)
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

    def trouble(self, text: str, *, lasting: bool = False, offline: bool = False) -> None:
        """Why it was not sent, in as many lines as that takes; the next edit takes away what is not `lasting`."""
        line = self.query_one("#composer-trouble", Static)
        line.display = bool(text)
        line.update(toned(text, "now"))
        self._lasting, self._offline = lasting, offline

    def connected(self) -> None:
        """What was in the way of sending is so no more."""
        if self._offline:
            self.trouble(CONNECTED_AGAIN)

    def put_before(self, words: str) -> None:
        """Words called back come before what has been typed since, as the server has put them."""
        typed = self.area.text
        self.area.text = f"{words}\n{typed}" if typed else words
        self.area.move_cursor(self.area.document.end)

    def insert(self, token: Token, words: str) -> None:
        """Put the words in the place of the token, if it is still there."""
        lines = self.area.text.split("\n")
        sign = "/" if token.kind == "canned" else "@"
        if token.row < len(lines) and lines[token.row][token.start : token.end] == sign + token.typed:
            self.area.replace(words, (token.row, token.start), (token.row, token.end))
            self.area.focus()

    def offer(self, kind: Kind, options: list[Option[str]]) -> None:
        """What could be inserted."""
        self._offers[kind] = options
        self._complete(self._token)

    @property
    def completion(self) -> Completion:
        """What could be inserted for what is being typed."""
        return self.query_one(Completion)

    @on(Composer.Touched)
    def _touched(self, event: Composer.Touched) -> None:
        event.stop()
        row, column = self.area.cursor_location
        token = token_at(self.area.text, row, column, note=self.kind == "note") if self.is_open else None
        if token is None or (token.row, token.start) != self._refused:
            self._refused = None
            self._complete(token)

    def _complete(self, token: Token | None) -> None:
        """Show what fits; it is read anew each time that a token begins."""
        began = token is not None and (self._token is None or self._token.kind != token.kind)
        self._token = token
        if began and token is not None:
            self._offers.pop(token.kind, None)
            self.post_message(self.OptionsWanted(token.kind))
        options = self._offers.get(token.kind) if token else None
        fitting = matching(options, token.typed) if options and token else []
        self.completion.offer(fitting, token if options is not None else None)
        self.area.picking = bool(fitting)

    @on(Composer.Picking)
    def _picking(self, event: Composer.Picking) -> None:
        event.stop()
        token, option = self._token, self.completion.current
        if event.key in {"up", "down"}:
            self.completion.move(1 if event.key == "down" else -1)
        elif token is not None:
            self._refused = (token.row, token.start)
            self._complete(None)
            if event.key != "escape" and option is not None:
                self._choose(token, option)

    def _choose(self, token: Token, option: Option[str]) -> None:
        if token.kind == "member":
            self.insert(token, f"@{option.value} ")
        else:
            self.post_message(self.CannedChosen(option.value, token))

    @on(Composer.TooLong)
    def _left_out(self, event: Composer.TooLong) -> None:
        event.stop()
        self.trouble(f"not pasted: {event.chars:,} characters; a message has at most {MAX_MESSAGE_CHARS:,}")

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.target is not None and not self._sending:
            if not self._lasting:
                self.trouble("")
            self.label("keeping the draft …")
            self.post_message(self.Typed(self.target, self.kind, self.area.text))
            self.screen.refresh_bindings()
