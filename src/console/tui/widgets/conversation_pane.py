"""One conversation to work on: to read, with what the assistant would say and where to write."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message

from console.domain.held import Held
from console.errors import ConnectionFailedError
from console.ids import ConversationId
from console.text import SafeText
from console.tui.completing import Kind, Token, canned_options, member_options
from console.tui.present.conversation import suggestion_box
from console.tui.present.notices import lost_control, not_sent
from console.tui.present.picking import Option
from console.tui.sender import Delivered, Parcel, deliver
from console.tui.widgets.composer import Composer
from console.tui.widgets.composer_box import ComposerBox
from console.tui.widgets.reading_pane import ReadingPane
from console.tui.widgets.top_bar import OneLine
from console.tui.working import also, start


class ConversationPane(ReadingPane):
    """The pane of a screen on which commands act."""

    @dataclass
    class DraftRead(Message):
        """The draft to go on with is there."""

        id: ConversationId
        kind: str
        text: str
        focus: bool
        turn: int

    @dataclass
    class Offered(Message):
        """What could be inserted."""

        kind: Kind
        options: list[Option[str]]

    @dataclass
    class Filled(Message):
        """The words to insert."""

        token: Token
        text: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._wants: str | None = None
        self._opening: tuple[str, bool] | None = None
        self._draft_turn = 0

    @property
    def box(self) -> ComposerBox:
        """Where to write."""
        return self.query_one(ComposerBox)

    def compose(self) -> ComposeResult:
        """Below the foot: suggestion and composer."""
        yield from super().compose()
        yield OneLine(id="suggestion")
        yield ComposerBox(id="composer-box")

    def on_mount(self) -> None:
        """Nothing to write yet."""
        for name in ("#suggestion", "#composer-box"):
            self.query_one(name).display = False

    def open(self, id: ConversationId, *, wants: str | None = None, be_read: bool = False) -> None:
        """Show a conversation. `wants` is `reply` or `note`, to go on writing at once."""
        self._wants = wants
        if id != self.target:
            self._opening = None
            self.box.close()
        self.show(id, be_read=be_read)

    def clear(self, why: Content | None = None) -> None:
        """Nothing to write either."""
        self.box.close()
        super().clear(why)

    def _empty(self, message: Content) -> None:
        super()._empty(message)
        self.query_one("#suggestion").display = False

    def write(self, kind: str) -> None:
        """Open the composer with the draft of that kind and go there."""
        if self.target is not None:
            self._open_draft(self.target, kind, focus=True)

    def _open_draft(self, id: ConversationId, kind: str, *, focus: bool) -> None:
        """Open the composer once the draft is read; what an earlier read is about to bring is old then."""
        wanted = focus or self._opening == (kind, True)
        self._opening = kind, wanted
        self._draft_turn += 1
        start(self, "draft", self._read_draft, id, kind, self._draft_turn, focus=wanted)

    def draw(self) -> None:
        """The suggestion too."""
        super().draw()
        thread, subject = self.thread, self.subject
        if thread is None or subject is None:
            return
        box = self.query_one("#suggestion", OneLine)
        box.display = thread.suggestion is not None and not self.box.area.text
        self.box.area.suggests = box.display and subject.mine and self.box.kind == "reply"
        if thread.suggestion is not None:
            box.show(suggestion_box(thread.suggestion, self.size.width, subject.mine))

    @property
    def undo_keys(self) -> str:
        """While one writes, letters are letters."""
        return "esc u" if self.box.area.has_focus else "u"

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_moved(self) -> None:
        if self.thread is not None and self.thread.held:
            self.draw_transcript()

    async def _read_draft(self, id: ConversationId, kind: str, turn: int, *, focus: bool) -> None:
        self.post_message(self.DraftRead(id, kind, await self.console_app.drafts.load(id, kind), focus, turn))

    @on(DraftRead)
    def _draft_read(self, event: DraftRead) -> None:
        subject = self.subject
        if event.turn != self._draft_turn:
            return
        self._opening = None
        if event.id != self.target or subject is None or (event.kind == "reply" and not subject.mine):
            return
        self.box.open(event.id, event.kind, subject.visitor_name, event.text)
        self.draw()
        if event.focus:
            self.box.area.focus()

    @on(ComposerBox.Typed)
    def _typed(self, event: ComposerBox.Typed) -> None:
        self.console_app.drafts.typed(event.id, event.kind, event.text)
        if event.text and event.kind == "reply":  # the visitor sees it, and a note is not for visitors
            self.console_app.whereabouts.typing(event.id)
        self.draw()

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        box, thread = self.box, self.thread
        if thread is None or box.target != self.target or box.sending:
            return
        if not event.text.strip() and not (event.hand_back and thread.held):
            box.trouble("nothing to send")
            return
        box.send()
        conversation = thread.conversation
        parcel = Parcel(conversation.id, box.kind, event.text, conversation.epoch, event.hand_back)
        also(self.app, "send", deliver, self.console_app, parcel, self)

    @on(Delivered)
    def _delivered(self, event: Delivered) -> None:
        box, parcel = self.box, event.parcel
        if (box.target, box.kind) == (parcel.id, parcel.kind):
            if event.error is not None:
                box.sent()
                box.trouble(not_sent(event.error), offline=isinstance(event.error, ConnectionFailedError))
                box.label("draft kept")
            else:
                box.clear()
                self.console_app.whereabouts.sent()
                if parcel.kind == "note" or event.returned:
                    box.close()
                    self.transcript.focus()
        if parcel.id == self.target:
            if self.thread is not None and event.held is not None and event.held.due_at > event.held.created_at:
                self.thread.hold(event.held)
                self.draw_transcript(to_end=True)
            self.transcript.action_move_end()
            self.reread(whole=event.error is not None)

    def taken_back(self, held: Held) -> None:
        """I have called it back here: go on with its words."""
        thread = self.thread
        if held.conversation_id != self.target or thread is None:
            return
        if any(each.id == held.id for each in thread.held):  # else a read was faster, and has put the words back
            thread.held = tuple(each for each in thread.held if each.id != held.id)
            self.draw_transcript()
            self.words_back(held)
        if (self.box.target, self.box.kind) == (held.conversation_id, "reply"):
            self.box.area.focus()
        else:
            self.write("reply")

    def words_back(self, held: Held) -> None:
        """Before what has been typed since; in a closed composer they are read with the draft, and read again where
        that may have been read before them."""
        if (self.box.target, self.box.kind) == (held.conversation_id, "reply"):
            if not self.box.sending:
                self.box.put_before(held.content)
        elif self._opening is not None:
            kind, focus = self._opening
            self._open_draft(held.conversation_id, kind, focus=focus)

    @on(Composer.Left)
    def _left(self) -> None:
        start(self, "keep", self._keep_draft)
        self.console_app.whereabouts.sent()
        self.transcript.focus()
        if self.box.kind == "note":
            self.box.close()
            self.follow_control()

    @on(Composer.SuggestionWanted)
    def _use_suggestion(self) -> None:
        if self.thread and self.thread.suggestion:
            self.box.area.insert(self.thread.suggestion.content)

    @on(ComposerBox.OptionsWanted)
    def _options_wanted(self, event: ComposerBox.OptionsWanted) -> None:
        start(self, "options", self._read_options, event.kind)

    async def _read_options(self, kind: Kind) -> None:
        app = self.console_app
        if kind == "canned":
            options = canned_options(await app.services.canned.all(app.actor))
        else:
            options = member_options(await app.services.notifications.mentionable(app.actor))
        self.post_message(self.Offered(kind, options))

    @on(Offered)
    def _offered(self, event: Offered) -> None:
        self.box.offer(event.kind, event.options)

    @on(ComposerBox.CannedChosen)
    def _canned_chosen(self, event: ComposerBox.CannedChosen) -> None:
        if self.target is not None:
            start(self, "fill", self._fill, self.target, event.shortcut, event.token)

    async def _fill(self, id: ConversationId, shortcut: str, token: Token) -> None:
        app = self.console_app
        self.post_message(self.Filled(token, await app.services.canned.fill(app.actor, shortcut, id)))

    @on(Filled)
    def _filled(self, event: Filled) -> None:
        self.box.insert(event.token, event.text)

    async def _keep_draft(self) -> None:
        await self.console_app.drafts.flush()

    def tick(self) -> None:
        """Whether the draft is kept, too."""
        super().tick()
        box = self.box
        if not self.console_app.trouble:
            box.connected()
        if box.target is not None and not box.sending and box.area.text:
            drafts = self.console_app.drafts
            kept = "draft kept" if drafts.is_saved(box.target, box.kind) else "keeping the draft …"
            box.label("draft not saved" if drafts.is_nowhere(box.target, box.kind) else kept)

    def follow_control(self) -> None:
        """The composer is there while the conversation is mine."""
        subject, wants = self.subject, self._wants
        self._wants = None
        if subject is None or self.target is None:
            return
        writing = self.box.is_open
        if wants == "note" or (wants == "reply" and subject.mine):
            self._open_draft(self.target, wants, focus=True)
        elif subject.mine and not writing:
            self._open_draft(self.target, "reply", focus=False)
        elif not subject.mine and writing and self.box.kind == "reply":
            self._lost_control()

    def _lost_control(self) -> None:
        """The claim is gone: words not sent stay in sight, an empty box goes."""
        if self.box.area.text:
            holder = self.subject.holder_name if self.subject else SafeText("")
            self.box.trouble(lost_control(holder), lasting=True)
        else:
            had_focus = self.box.area.has_focus
            self.box.close()
            if had_focus:
                self.transcript.focus()
