"""One conversation: who and where, what was said, what the assistant would say, and where to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.worker import Worker

from console.domain.message import Transcript as TranscriptRead
from console.errors import NotFoundError
from console.ids import ConversationId
from console.text import SafeText
from console.tui.present.conversation import head_lines, suggestion_box
from console.tui.present.notices import loading, lost_control, not_sent
from console.tui.present.tone import toned
from console.tui.sender import Delivered, Parcel, deliver
from console.tui.subject import Subject, of_conversation
from console.tui.thread import WINDOW, Reading, Thread, opened, read
from console.tui.widgets.composer import Composer
from console.tui.widgets.composer_box import ComposerBox
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.transcript import Transcript
from console.tui.working import also, start

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

LOADING = 0.25


class ConversationPane(Vertical):
    """Shows the conversation it is told to; results for another one are dropped."""

    @dataclass
    class Read(Message):
        """A read is done."""

        id: ConversationId
        reading: Reading

    @dataclass
    class Earlier(Message):
        """Earlier messages are there."""

        id: ConversationId
        transcript: TranscriptRead

    @dataclass
    class DraftRead(Message):
        """The draft to go on with is there."""

        id: ConversationId
        kind: str
        text: str
        focus: bool

    class Shown(Message):
        """What the pane shows is another state now."""

    class Gone(Message):
        """There is no such conversation."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.target: ConversationId | None = None
        self.thread: Thread | None = None
        self.reading = False
        self._wants: str | None = None

    @property
    def console_app(self) -> ConsoleApp:
        """The app, with its services and its actor."""
        return cast("ConsoleApp", self.app)

    @property
    def subject(self) -> Subject | None:
        """What a command would act on: only what is shown."""
        thread = self.thread
        return of_conversation(thread.conversation, self.console_app.actor) if thread else None

    @property
    def transcript(self) -> Transcript:
        """What was said."""
        return self.query_one(Transcript)

    @property
    def box(self) -> ComposerBox:
        """Where to write."""
        return self.query_one(ComposerBox)

    def compose(self) -> ComposeResult:
        """Head, transcript, suggestion, composer."""
        yield OneLine(id="head")
        yield Transcript(id="transcript")
        yield OneLine(id="answering")
        yield OneLine(id="suggestion")
        yield ComposerBox(id="composer-box")

    def on_mount(self) -> None:
        """Nothing is open yet."""
        for name in ("#suggestion", "#answering", "#composer-box"):
            self.query_one(name).display = False
        self.transcript.message = toned("No conversation chosen.", "quiet")

    def open(self, id: ConversationId, *, wants: str | None = None, be_read: bool = False) -> None:
        """Show a conversation. `wants` is `reply` or `note`, to go on writing at once."""
        self.reading = be_read
        self._wants = wants
        if id != self.target:
            self.target, self.thread = id, None
            self.box.close()
            self.set_timer(LOADING, lambda: self._still_reading(id))
        self.reread(whole=True)

    def clear(self, why: Content | None = None) -> None:
        """Show nothing but why."""
        self.target, self.thread = None, None
        self.box.close()
        self._empty(why or toned("No conversation chosen.", "quiet"))
        self.post_message(self.Shown())

    def _still_reading(self, id: ConversationId) -> None:
        """What was shown before stays for a moment, so that a quick read does not flicker."""
        if self.target == id and self.thread is None:
            self._empty(loading("the conversation"))

    def _empty(self, message: Content) -> None:
        self.transcript.message = message
        self.transcript.show([], earlier=False)
        self.query_one("#head", OneLine).show(Content(""))
        self.query_one("#answering").display = False
        self.query_one("#suggestion").display = False

    def reread(self, *, whole: bool = False) -> None:
        """Read what is new, or everything."""
        if self.target is None:
            return
        # one message and its events are read again, so that an event after the last message is seen
        after = None if whole or self.thread is None else max(0, self.thread.last_seq - 1)
        start(self, "read", self._read, self.target, after)

    def write(self, kind: str) -> None:
        """Open the composer with the draft of that kind and go there."""
        if self.target is not None:
            start(self, "draft", self._read_draft, self.target, kind, focus=True)

    def mark_read(self) -> None:
        """Everything shown has been seen."""
        self.reading = True
        thread = self.thread
        if thread and thread.last_seq > thread.conversation.last_read_seq:
            start(self, "mark", self._mark_read, thread.conversation.id, thread.last_seq)

    def answer_in_sight(self) -> int | None:
        """The seq of the answer that `why` is about."""
        in_sight = {key[1] for key in self.transcript.visible_keys() if isinstance(key, tuple) and key[0] == "message"}
        return self.thread.answer_to_explain(in_sight) if self.thread else None

    def draw(self) -> None:
        """Draw head, suggestion and the line of the assistant at work."""
        thread, app, width = self.thread, self.console_app, self.size.width
        head = self.query_one("#head", OneLine)
        answering = self.query_one("#answering", OneLine)
        box = self.query_one("#suggestion", OneLine)
        if thread is None:
            return
        head.show(head_lines(thread.conversation, app.actor, app.now(), width))
        answering.display = thread.answering
        answering.show(Content(" ") + toned("the assistant is answering …", "quiet"))
        subject = self.subject
        mine = subject is not None and subject.mine
        box.display = thread.suggestion is not None and not self.box.area.text
        self.box.area.suggests = box.display and mine and self.box.kind == "reply"
        if thread.suggestion is not None:
            box.show(suggestion_box(thread.suggestion, width, mine))

    def on_resize(self) -> None:
        """Head and suggestion are as wide as the pane."""
        self.draw()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one way of all errors; a conversation that is gone empties the pane."""
        from console.tui.screens.base import report_failure

        if isinstance(event.worker.error, NotFoundError):
            self.clear()
            self.post_message(self.Gone())
        report_failure(event, self.console_app.report)

    async def _read(self, id: ConversationId, after: int | None) -> None:
        app = self.console_app
        self.post_message(self.Read(id, await read(app.services, app.actor, id, after=after)))
        app.online()

    async def _read_earlier(self, id: ConversationId, before: int) -> None:
        app = self.console_app
        found = await app.services.conversations.transcript(app.actor, id, before=before, limit=WINDOW)
        self.post_message(self.Earlier(id, found))

    async def _read_draft(self, id: ConversationId, kind: str, *, focus: bool) -> None:
        self.post_message(self.DraftRead(id, kind, await self.console_app.drafts.load(id, kind), focus))

    async def _mark_read(self, id: ConversationId, seq: int) -> None:
        app = self.console_app
        await app.services.conversations.mark_read(app.actor, id, seq)

    @on(Read)
    def _was_read(self, event: Read) -> None:
        if event.id != self.target:
            return
        first = self.thread is None
        if self.thread is None:
            self.thread = opened(event.reading)
        else:
            self.thread.merge(event.reading)
        self._draw_transcript(to_end=first)
        self._follow_control()
        self.draw()
        if self.reading:
            self.mark_read()
        self.post_message(self.Shown())

    @on(Earlier)
    def _earlier_read(self, event: Earlier) -> None:
        if event.id == self.target and self.thread:
            self.thread.prepend(event.transcript)
            self._draw_transcript()

    @on(Transcript.NearTop)
    def _near_top(self) -> None:
        if self.thread and self.thread.earlier and self.target:
            start(self, "earlier", self._read_earlier, self.target, self.thread.first_seq)

    @on(DraftRead)
    def _draft_read(self, event: DraftRead) -> None:
        subject = self.subject
        if event.id != self.target or subject is None or (event.kind == "reply" and not subject.mine):
            return
        self.box.open(event.id, event.kind, subject.visitor_name, event.text)
        self.draw()
        if event.focus:
            self.box.area.focus()

    @on(ComposerBox.Typed)
    def _typed(self, event: ComposerBox.Typed) -> None:
        self.console_app.drafts.typed(event.id, event.kind, event.text)
        self.draw()

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        box, thread = self.box, self.thread
        if thread is None or box.target != self.target or box.sending:
            return
        if not event.text.strip():
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
                box.trouble(not_sent(event.error))
                box.label("draft kept")
            else:
                box.clear()
                if parcel.kind == "note" or event.returned:
                    box.close()
                    self.transcript.focus()
        if parcel.id == self.target:
            self.transcript.action_move_end()
            self.reread(whole=event.error is not None)

    @on(Composer.Left)
    def _left(self) -> None:
        start(self, "keep", self._keep_draft)
        self.transcript.focus()
        if self.box.kind == "note":
            self.box.close()
            self._follow_control()

    @on(Composer.SuggestionWanted)
    def _use_suggestion(self) -> None:
        if self.thread and self.thread.suggestion:
            self.box.area.insert(self.thread.suggestion.content)

    async def _keep_draft(self) -> None:
        await self.console_app.drafts.flush()

    def tick(self) -> None:
        """A second has passed: ages, and whether the draft is kept."""
        self.draw()
        box = self.box
        if box.target is not None and not box.sending and box.area.text:
            kept = self.console_app.drafts.is_saved(box.target, box.kind)
            box.label("draft kept" if kept else "keeping the draft …")

    def _follow_control(self) -> None:
        subject, wants = self.subject, self._wants
        self._wants = None
        if subject is None or self.target is None:
            return
        writing = self.box.is_open
        if wants == "note" or (wants == "reply" and subject.mine):
            start(self, "draft", self._read_draft, self.target, wants, focus=True)
        elif subject.mine and not writing:
            start(self, "draft", self._read_draft, self.target, "reply", focus=False)
        elif not subject.mine and writing and self.box.kind == "reply":
            self._lost_control()

    def _lost_control(self) -> None:
        """The claim is gone: words not sent stay in sight, an empty box goes."""
        if self.box.area.text:
            self.box.trouble(lost_control(self.subject.holder_name if self.subject else SafeText("")))
        else:
            had_focus = self.box.area.has_focus
            self.box.close()
            if had_focus:
                self.transcript.focus()

    def _draw_transcript(self, *, to_end: bool = False) -> None:
        if self.thread:
            app = self.console_app
            blocks = self.thread.blocks(app.actor, app.now())
            self.transcript.show(blocks, earlier=self.thread.earlier, to_end=to_end)
