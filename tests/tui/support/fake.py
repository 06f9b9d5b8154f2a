"""An in-memory stand-in for the services, with the same rules: fences, tokens, keyset pages, live events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast
from uuid import UUID

from console.clock import utc_now
from console.domain.actor import Actor, Role
from console.domain.conversation import Claim, Control, Conversation, HandoffReason, Holder, Status
from console.domain.inbox import Cursor, InboxCounts, InboxFilter, InboxPage, InboxRow
from console.domain.live import Changed, Link, LinkChanged, LiveEvent
from console.domain.message import Citation, Draft, Event, Message, MessageRole, Sent, Transcript
from console.domain.run import AnswerKind, RunState, Suggestion, Trace, TracePassage
from console.errors import ConflictError, ConsoleError, NotFoundError
from console.ids import AgentId, ConversationId, RunId, UserId, WorkspaceId, new_id
from console.services import Services
from console.text import SafeText, one_line, sanitise
from console.tui.app import Place
from console.tui.feed import Question, belongs

LEASE = timedelta(seconds=45)
AGENT = AgentId(new_id())
Key = tuple[ConversationId, str]


@dataclass
class Stored:
    """A conversation with all that belongs to it."""

    conversation: Conversation
    messages: list[Message] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    suggestion: Suggestion | None = None
    answering: bool = False
    confidence: float | None = None
    tokens: dict[str, int] = field(default_factory=dict)
    read: dict[UserId, int] = field(default_factory=dict)


class Store:
    """The state behind the fake services, and what the outside world does to it."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.conversations: dict[ConversationId, Stored] = {}
        self.drafts: dict[Key, Draft] = {}
        self.listeners: list[asyncio.Queue[LiveEvent]] = []
        self.broken: dict[str, ConsoleError | Exception] = {}
        self.calls: list[str] = []
        self.lost_acknowledgements = 0

    def tell(self, *ids: ConversationId | UUID) -> None:
        self.emit(Changed(frozenset(ids)))

    def emit(self, event: LiveEvent) -> None:
        for queue in self.listeners:
            queue.put_nowait(event)

    def called(self, name: str) -> None:
        self.calls.append(name)
        error = self.broken.get(name) or self.broken.get("*")
        if error is not None:
            raise error

    def find(self, id: ConversationId) -> Stored:
        try:
            return self.conversations[id]
        except KeyError:
            raise NotFoundError("there is no such conversation here") from None

    def change(self, id: ConversationId, **fields: object) -> Stored:
        stored = self.find(id)
        stored.conversation = replace(stored.conversation, **fields)  # type: ignore[arg-type]
        return stored

    def event(self, id: ConversationId, kind: str, who: str = "", detail: str = "") -> None:
        stored = self.find(id)
        at = stored.conversation.last_seq
        stored.events.append(Event(at, kind, sanitise(who), sanitise(detail), utc_now()))

    def append(
        self, id: ConversationId, role: MessageRole, text: str, *, who: str = "", author: UserId | None = None,
        at: datetime | None = None, confidence: float | None = None, citations: tuple[Citation, ...] = (),
    ) -> int:  # fmt: skip
        stored = self.find(id)
        seq, at = stored.conversation.last_seq + 1, at or utc_now()
        run = RunId(new_id()) if role is MessageRole.ASSISTANT else None
        stored.messages.append(
            Message(
                seq, role, sanitise(text), SafeText(who), author, at, citations, confidence, 7 if run else None, run
            )
        )
        last_visitor = seq if role is MessageRole.USER else stored.conversation.last_visitor_seq
        self.change(id, last_seq=seq, last_visitor_seq=last_visitor, last_message_at=at)
        if confidence is not None:
            stored.confidence = confidence
        return seq

    def row(self, stored: Stored) -> InboxRow:
        c = stored.conversation
        last = stored.messages[-1] if stored.messages else None
        read = stored.read.get(self.actor.user_id, 0)
        unread = sum(1 for m in stored.messages if m.role is MessageRole.USER and m.seq > read)
        draft = self.drafts.get((c.id, "reply"))
        return InboxRow(
            c.id, c.visitor_name, c.agent_name, c.status, c.control,
            c.holder.user_id if c.holder else None, c.holder.name if c.holder else SafeText(""),
            c.holder is not None and c.holder.user_id == self.actor.user_id, c.epoch, c.waiting_since,
            c.handoff_reason, stored.confidence, c.last_message_at,
            one_line(last.content) if last else SafeText(""), last.role if last else None,
            unread, draft is not None, stored.answering,
        )  # fmt: skip

    def ordered(self, question: Question) -> list[InboxRow]:
        rows = [self.row(stored) for stored in self.conversations.values()]
        return sorted((row for row in rows if belongs(row, question)), key=_order)


def _section(row: InboxRow) -> int:
    if row.status is not Status.OPEN:
        return 3
    return 0 if row.waiting else 1 if row.mine else 2


def _order(row: InboxRow) -> tuple[int, float, str]:
    section = _section(row)
    at = row.waiting_since if section == 0 and row.waiting_since else row.last_message_at
    stamp = at.timestamp()
    return section, stamp if section == 0 else -stamp, str(row.id)


class FakeInbox:
    def __init__(self, store: Store) -> None:
        self.store = store

    async def page(
        self, actor: Actor, filter: InboxFilter, *, text: str = "", after: Cursor | None = None, limit: int = 50
    ) -> InboxPage:
        self.store.called("inbox.page")
        await asyncio.sleep(0)
        rows = self.store.ordered(Question(filter, text))
        start = 0
        if after is not None:
            start = next((at + 1 for at, row in enumerate(rows) if row.id == after.id), len(rows))
        page = rows[start : start + limit]
        more = start + limit < len(rows)
        return InboxPage(
            tuple(page), Cursor(_section(page[-1]), page[-1].last_message_at, page[-1].id) if more else None
        )

    async def counts(self, actor: Actor) -> InboxCounts:
        self.store.called("inbox.counts")
        counts = {filter.value: len(self.store.ordered(Question(filter))) for filter in InboxFilter}
        return InboxCounts(**counts)

    async def rows(self, actor: Actor, ids: Sequence[ConversationId]) -> tuple[InboxRow, ...]:
        self.store.called("inbox.rows")
        await asyncio.sleep(0)
        return tuple(self.store.row(self.store.conversations[id]) for id in ids if id in self.store.conversations)


class FakeConversations:
    def __init__(self, store: Store) -> None:
        self.store = store

    async def get(self, actor: Actor, id: ConversationId) -> Conversation:
        self.store.called("conversations.get")
        await asyncio.sleep(0)
        stored = self.store.find(id)
        return replace(stored.conversation, last_read_seq=stored.read.get(actor.user_id, 0))

    async def transcript(
        self, actor: Actor, id: ConversationId, *, after: int | None = None, before: int | None = None, limit: int = 100
    ) -> Transcript:
        self.store.called("conversations.transcript")
        await asyncio.sleep(0)
        stored = self.store.find(id)
        found = stored.messages
        if after is not None:
            found = [m for m in found if m.seq > after][:limit]
        else:
            found = [m for m in found if before is None or m.seq < before][-limit:]
        first = found[0].seq if found else 0
        events = tuple(e for e in stored.events if e.after_seq >= first)
        return Transcript(id, tuple(found), events, first > 1)

    async def mark_read(self, actor: Actor, id: ConversationId, seq: int) -> None:
        self.store.called("conversations.mark_read")
        self.store.find(id).read[actor.user_id] = seq
        self.store.tell(id)

    async def trace(self, actor: Actor, id: ConversationId, seq: int) -> Trace:
        self.store.called("conversations.trace")
        await asyncio.sleep(0)
        message = next(m for m in self.store.find(id).messages if m.seq == seq)
        if message.run_id is None:
            raise NotFoundError("that message has no trace")
        said = message.content
        return Trace(
            message.run_id, id, RunState.COMPLETE, AnswerKind.EXTRACTIVE, 7, SafeText("extractive"),
            SafeText("return an item wrong size"), message.confidence, 0.45, 41,
            (
                _passage("Returns", "Return Due To Size", said, 1, 2, 1.91),
                _passage("Returns", "Return Due To Color", said, 2, 3, 1.4),
                _passage("Shipping", "Status", said, 9, None, 0.22),
            ),
            SafeText(""),
        )  # fmt: skip

    async def suggestion(self, actor: Actor, id: ConversationId) -> Suggestion | None:
        self.store.called("conversations.suggestion")
        return self.store.find(id).suggestion


def _passage(title: str, heading: str, text: SafeText, dense: int, found: int | None, score: float) -> TracePassage:
    return TracePassage(SafeText(title), SafeText(""), SafeText(heading), text, dense, found, score, dense == 1)


class FakeTakeover:
    def __init__(self, store: Store) -> None:
        self.store = store

    async def claim(self, actor: Actor, id: ConversationId, *, epoch: int | None = None) -> Claim:
        self.store.called("takeover.claim")
        await asyncio.sleep(0)
        c = self.store.find(id).conversation
        if c.holder is not None or (epoch is not None and epoch != c.epoch):
            mine = c.holder is not None and c.holder.user_id == actor.user_id
            return Claim(id, mine, c.holder, c.epoch)
        return self._take(actor, id, "claimed")

    async def take_from(self, actor: Actor, id: ConversationId, *, epoch: int) -> Claim:
        self.store.called("takeover.take_from")
        actor.require(Role.ADMIN)
        c = self.store.find(id).conversation
        if epoch != c.epoch:
            return Claim(id, False, c.holder, c.epoch)
        return self._take(actor, id, "taken_over")

    def _take(self, actor: Actor, id: ConversationId, kind: str, detail: str = "") -> Claim:
        now = utc_now()
        holder = Holder(actor.user_id, actor.name, now, now + LEASE)
        stored = self.store.find(id)
        stored.answering = False
        c = self.store.change(
            id, holder=holder, control=Control.HUMAN, epoch=stored.conversation.epoch + 1, waiting_since=None
        ).conversation
        self.store.event(id, kind, actor.name, detail)
        self.store.tell(id)
        return Claim(id, True, holder, c.epoch)

    async def release(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        return self._let_go(actor, id, epoch, "released", control=Control.HUMAN, waiting_since=utc_now())

    async def hand_back(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        return self._let_go(
            actor, id, epoch, "handed_back", control=Control.AI, waiting_since=None, handoff_reason=None
        )

    async def resolve(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        return self._let_go(
            actor, id, epoch, "resolved", status=Status.RESOLVED, control=Control.AI, waiting_since=None
        )

    def _let_go(self, actor: Actor, id: ConversationId, epoch: int, kind: str, **fields: object) -> Conversation:
        self.store.called(f"takeover.{kind}")
        c = self.store.find(id).conversation
        if c.epoch != epoch or (c.holder is not None and c.holder.user_id != actor.user_id):
            raise ConflictError(_held(c))
        self.store.event(id, kind, actor.name)
        c = self.store.change(id, holder=None, epoch=c.epoch + 1, **fields).conversation
        self.store.tell(id)
        return c

    async def renew(self, actor: Actor) -> int:
        self.store.called("takeover.renew")
        return sum(
            1
            for s in self.store.conversations.values()
            if s.conversation.holder and s.conversation.holder.user_id == actor.user_id
        )


def _held(c: Conversation) -> str:
    return f"held by {c.holder.name}" if c.holder else "it changed meanwhile"


class FakeMessages:
    def __init__(self, store: Store) -> None:
        self.store = store

    async def send(self, actor: Actor, id: ConversationId, content: str, *, token: str, epoch: int) -> Sent:
        self.store.called("messages.send")
        await asyncio.sleep(0)
        c = self.store.find(id).conversation
        if (seq := self.store.find(id).tokens.get(token)) is not None:
            return Sent(seq, True)
        if c.holder is None or c.holder.user_id != actor.user_id or c.epoch != epoch:
            raise ConflictError(_held(c))
        return self._put(actor, id, content, token, MessageRole.HUMAN)

    async def note(self, actor: Actor, id: ConversationId, content: str, *, token: str) -> Sent:
        self.store.called("messages.note")
        return self._put(actor, id, content, token, MessageRole.NOTE)

    def _put(self, actor: Actor, id: ConversationId, content: str, token: str, role: MessageRole) -> Sent:
        stored = self.store.find(id)
        seq = self.store.append(id, role, content, who=actor.name, author=actor.user_id)
        stored.tokens[token] = seq
        self.store.tell(id)
        if self.store.lost_acknowledgements:
            from console.errors import ConnectionFailedError

            self.store.lost_acknowledgements -= 1
            raise ConnectionFailedError("the connection was lost")
        return Sent(seq, False)


class FakeDrafts:
    def __init__(self, store: Store) -> None:
        self.store = store

    async def load(self, actor: Actor, id: ConversationId, kind: str = "reply") -> Draft | None:
        self.store.called("drafts.load")
        return self.store.drafts.get((id, kind))

    async def save(self, actor: Actor, id: ConversationId, content: str, kind: str = "reply") -> None:
        self.store.called("drafts.save")
        if content:
            self.store.drafts[id, kind] = Draft(id, kind, sanitise(content), utc_now())
        else:
            self.store.drafts.pop((id, kind), None)
        self.store.tell(id)


class FakeLive:
    def __init__(self, store: Store) -> None:
        self.store = store

    async def events(self, actor: Actor) -> AsyncIterator[LiveEvent]:
        queue: asyncio.Queue[LiveEvent] = asyncio.Queue()
        self.store.listeners.append(queue)
        try:
            yield LinkChanged(Link.LIVE)
            while True:
                yield await queue.get()
        finally:
            self.store.listeners.remove(queue)


@dataclass
class World:
    """Services with an actor, and hands to change what they see."""

    services: Services
    actor: Actor
    place: Place
    store: Store
    other: Actor

    def conversation(
        self, name: str = "Crystal Minh", *, waiting: HandoffReason | None = None, minutes: float = 4,
        said: str = "Can I speak to someone about my refund?", subject: str = "Refund for jeans",
        page: str = "acme.test/returns",
    ) -> ConversationId:  # fmt: skip
        id, at = ConversationId(new_id()), utc_now() - timedelta(minutes=minutes)
        self.store.conversations[id] = Stored(
            Conversation(
                id, AGENT, SafeText("Acme assistant"), 7, one_line(name), SafeText("web"), one_line(page),
                one_line(subject),
                Status.OPEN, Control.HUMAN if waiting else Control.AI, None, 1, 0, 0, 0,
                at if waiting else None, waiting, at, at,
            )
        )  # fmt: skip
        self.store.append(id, MessageRole.USER, said, who=one_line(name), at=at)
        if waiting:
            self.store.event(id, "handed_off", "", waiting.value)
        return id

    def visitor_says(self, id: ConversationId, text: str) -> int:
        name = self.store.find(id).conversation.visitor_name
        seq = self.store.append(id, MessageRole.USER, text, who=name)
        self.store.tell(id)
        return seq

    def assistant_says(
        self,
        id: ConversationId,
        text: str,
        confidence: float = 0.94,
        at: datetime | None = None,
        cites: Sequence[str] = (),
    ) -> int:
        citations = tuple(Citation(one_line(title), SafeText(""), SafeText(""), None) for title in cites)
        seq = self.store.append(
            id, MessageRole.ASSISTANT, text, who="Acme assistant", confidence=confidence, at=at, citations=citations
        )
        self.store.tell(id)
        return seq

    def begins_to_wait(self, id: ConversationId, why: HandoffReason = HandoffReason.CUSTOMER_REQUEST) -> None:
        epoch = self.store.find(id).conversation.epoch + 1
        self.store.change(id, control=Control.HUMAN, waiting_since=utc_now(), handoff_reason=why, epoch=epoch)
        self.store.event(id, "handed_off", "", why.value)
        self.store.tell(id)

    async def other_claims(self, id: ConversationId, *, quietly: bool = False) -> None:
        listeners = self.store.listeners
        if quietly:
            self.store.listeners = []
        await self.services.takeover.claim(self.other, id)
        self.store.listeners = listeners

    def of(self, id: ConversationId) -> Conversation:
        return self.store.find(id).conversation

    def texts(self, id: ConversationId) -> list[str]:
        return [message.content for message in self.store.find(id).messages]


def actor(name: str = "Sam Reyes", role: Role = Role.MEMBER, workspace: WorkspaceId | None = None) -> Actor:
    return Actor(UserId(new_id()), workspace or WorkspaceId(new_id()), role, one_line(name), SafeText("sam@acme.test"))


def world(role: Role = Role.MEMBER, name: str = "Acme Retail") -> World:
    me = actor(role=role)
    store = Store(me)
    services = SimpleNamespace(
        inbox=FakeInbox(store), conversations=FakeConversations(store), takeover=FakeTakeover(store),
        messages=FakeMessages(store), drafts=FakeDrafts(store), live=FakeLive(store),
    )  # fmt: skip
    other = actor("Dana Okafor", workspace=me.workspace_id)
    return World(cast(Services, services), me, Place(SafeText("acme"), one_line(name)), store, other)
