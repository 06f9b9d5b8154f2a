"""One conversation to read: who and where, what was said, who is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.worker import Worker

from console.clock import utc_now
from console.domain.held import Held
from console.domain.message import Transcript as TranscriptRead
from console.domain.presence import Present
from console.errors import NotFoundError
from console.ids import ConversationId
from console.tui.present.conversation import activity_line, head_lines
from console.tui.present.notices import loading
from console.tui.present.tone import toned
from console.tui.subject import Subject, of_conversation
from console.tui.thread import WINDOW, Reading, Thread, opened, read
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.transcript import Transcript
from console.tui.working import start

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

LOADING = 0.25
OVERDUE = 2.0
"""A message that should have gone out is looked for after so many seconds, should no event tell of it."""


class ReadingPane(Vertical):
    """Shows the conversation it is told to; results for another one are dropped."""

    @dataclass
    class Read(Message):
        """A read is done."""

        id: ConversationId
        reading: Reading
        turn: int | None = None

    @dataclass
    class Earlier(Message):
        """Earlier messages are there."""

        id: ConversationId
        transcript: TranscriptRead

    @dataclass
    class Around(Message):
        """Who else is there."""

        id: ConversationId
        people: tuple[Present, ...]

    class Shown(Message):
        """What the pane shows is another state now."""

    class Gone(Message):
        """There is no such conversation."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.target: ConversationId | None = None
        self.thread: Thread | None = None
        self.people: tuple[Present, ...] = ()
        self.reading = False
        self.turns = 0
        self._looked = utc_now()

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

    def compose(self) -> ComposeResult:
        """Head, transcript, foot, and what is below."""
        yield OneLine(id="head")
        yield Transcript(id="transcript")
        yield OneLine(id="foot")

    def on_mount(self) -> None:
        """Nothing is open yet."""
        self.transcript.message = toned("No conversation chosen.", "quiet")

    def show(self, id: ConversationId, *, be_read: bool) -> None:
        """Show a conversation; `be_read` when the operator is in it, and not only passes by."""
        self.reading = be_read
        if id != self.target:
            self.target, self.thread, self.people = id, None, ()
            self.set_timer(LOADING, lambda: self._still_reading(id))
            start(self, "around", self._read_around, id)
        if be_read:
            self.console_app.whereabouts.go(id)
        self.reread(whole=True)

    def clear(self, why: Content | None = None) -> None:
        """Show nothing but why."""
        self.target, self.thread, self.people = None, None, ()
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
        self.query_one("#foot", OneLine).show(Content(""))

    def reread(self, *, whole: bool = False) -> None:
        """Read what is new, or everything."""
        if self.target is None:
            return
        # one message and its events are read again, so that an event after the last message is seen
        after = None if whole or self.thread is None else max(0, self.thread.last_seq - 1)
        self.turns += 1
        start(self, "read", self._read, self.target, after, self.turns)

    def people_moved(self, ids: frozenset[UUID]) -> None:
        """Look who is there, when it is this one: nothing else is read."""
        if self.target is not None and self.target in ids:
            start(self, "around", self._read_around, self.target)

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
        """Draw head and foot."""
        thread, app, width = self.thread, self.console_app, self.size.width
        if thread is not None:
            self.query_one("#head", OneLine).show(head_lines(thread.conversation, app.actor, app.now(), width))
            there = [each for each in self.people if each.until > utc_now()]
            self.query_one("#foot", OneLine).show(activity_line(thread.answering, there, width))

    def on_resize(self) -> None:
        """Head and foot are as wide as the pane."""
        self.draw()

    def tick(self) -> None:
        """A second has passed: ages, who is still there, and what goes out."""
        now = utc_now()
        if self.target is not None and any(each.until <= now for each in self.people):
            self.people = tuple(each for each in self.people if each.until > now)
            start(self, "around", self._read_around, self.target)
        if self.thread is not None and self.thread.held:
            self.draw_transcript()
            late = all(self.console_app.undo.left(each, now) == 0 for each in self.thread.held)
            if late and (now - self._looked).total_seconds() >= OVERDUE:
                self._looked = now
                self.reread()
        self.draw()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one way of all errors; a conversation that is gone empties the pane."""
        from console.tui.screens.base import report_failure

        if isinstance(event.worker.error, NotFoundError):
            self.clear()
            self.post_message(self.Gone())
        report_failure(event, self.console_app.report)

    async def _read(self, id: ConversationId, after: int | None, turn: int) -> None:
        app = self.console_app
        self.post_message(self.Read(id, await read(app.services, app.actor, id, after=after), turn))
        app.online()

    async def _read_earlier(self, id: ConversationId, before: int) -> None:
        app = self.console_app
        found = await app.services.conversations.transcript(app.actor, id, before=before, limit=WINDOW)
        self.post_message(self.Earlier(id, found))

    async def _read_around(self, id: ConversationId) -> None:
        app = self.console_app
        self.post_message(self.Around(id, await app.services.presence.around(app.actor, [id])))

    async def _mark_read(self, id: ConversationId, seq: int) -> None:
        app = self.console_app
        await app.services.conversations.mark_read(app.actor, id, seq)

    @on(Read)
    def _was_read(self, event: Read) -> None:
        if event.id != self.target or event.turn not in {None, self.turns}:
            return
        first, called_back = self.thread is None, []
        if self.thread is None:
            self.thread = opened(event.reading)
        else:
            called_back = self.thread.merge(event.reading)
        self.console_app.undo.read(event.id, self.thread.held)
        self.draw_transcript(to_end=first)
        for held in called_back:
            self.words_back(held)
        self.follow_control()
        self.draw()
        if self.reading:
            self.mark_read()
        self.post_message(self.Shown())

    def words_back(self, held: Held) -> None:
        """It was not sent after all: the server has put its words before my draft."""

    def follow_control(self) -> None:
        """Whoever holds it now may be another."""

    @on(Earlier)
    def _earlier_read(self, event: Earlier) -> None:
        if event.id == self.target and self.thread:
            self.thread.prepend(event.transcript)
            self.draw_transcript()

    @on(Around)
    def _around_read(self, event: Around) -> None:
        if event.id == self.target:
            self.people = event.people
            self.draw()

    @on(Transcript.NearTop)
    def _near_top(self) -> None:
        if self.thread and self.thread.earlier and self.target:
            start(self, "earlier", self._read_earlier, self.target, self.thread.first_seq)

    @property
    def undo_keys(self) -> str:
        """The keys that take back what is on its way."""
        return "u"

    def draw_transcript(self, *, to_end: bool = False) -> None:
        """Draw what was said, and what is on its way."""
        if self.thread:
            app, now = self.console_app, self.console_app.now()
            blocks = self.thread.blocks(app.actor, now, lambda held: app.undo.left(held, now), self.undo_keys)
            self.transcript.show(blocks, earlier=self.thread.earlier, to_end=to_end)
