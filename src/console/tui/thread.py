"""What is known of one opened conversation, merged from reads that may overlap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from console.domain.actor import Actor, Role
from console.domain.conversation import Control, Conversation
from console.domain.held import Held
from console.domain.inbox import InboxRow
from console.domain.message import Event, Message, MessageRole, Transcript
from console.ids import ConversationId
from console.services import Services
from console.tui.present.transcript import Block, blocks, held_block

if TYPE_CHECKING:
    from console.domain.run import Suggestion

WINDOW = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """One read of a conversation: whole, or what came after what is known."""

    conversation: Conversation
    transcript: Transcript
    row: InboxRow | None
    suggestion: Suggestion | None
    whole: bool
    held: tuple[Held, ...] = ()


@dataclass(slots=True)
class Thread:
    """A conversation with the messages read so far."""

    conversation: Conversation
    messages: dict[int, Message] = field(default_factory=dict)
    events: set[Event] = field(default_factory=set)
    earlier: bool = False
    answering: bool = False
    suggestion: Suggestion | None = None
    held: tuple[Held, ...] = ()

    @property
    def first_seq(self) -> int:
        """The first message known."""
        return min(self.messages, default=0)

    @property
    def last_seq(self) -> int:
        """The last message known."""
        return max(self.messages, default=0)

    def merge(self, reading: Reading) -> list[Held]:
        """Take in a later read; gives back what was on its way and was called back, and not sent."""
        new = [each.content for each in reading.transcript.messages if each.seq not in self.messages]
        called_back = []
        for held in self.held:
            if held.content in new:
                new.remove(held.content)
            elif all(held.id != each.id for each in reading.held):
                called_back.append(held)
        self.conversation = reading.conversation
        self.answering = reading.row.answering if reading.row else False
        self.suggestion = reading.suggestion
        self.held = reading.held
        self.add(reading.transcript)
        if reading.whole:
            self.earlier = reading.transcript.earlier
        return called_back

    def add(self, transcript: Transcript) -> None:
        """Take in messages and events; what is known already stays once."""
        self.messages |= {message.seq: message for message in transcript.messages}
        for said in transcript.feedback:
            if (rated := self.messages.get(said.seq)) is not None and rated.feedback != said:
                self.messages[said.seq] = replace(rated, feedback=said)
        self.events |= set(transcript.events)

    def prepend(self, transcript: Transcript) -> None:
        """Take in earlier messages."""
        self.add(transcript)
        self.earlier = transcript.earlier

    def hold(self, held: Held) -> None:
        """My message is on its way."""
        self.held = (*(each for each in self.held if each.id != held.id), held)

    def blocks(self, me: Actor, now: datetime, left: Callable[[Held], int], keys: str) -> list[Block]:
        """The transcript as it is drawn: what is on its way comes last, with its seconds left and the keys to undo."""
        ordered = [self.messages[seq] for seq in sorted(self.messages)]
        on_their_way = [held_block(each, left(each), keys, me, now) for each in self.held]
        return [*blocks(ordered, self.events, me, now), *on_their_way]

    def answer_to_explain(self, in_sight: set[int]) -> int | None:
        """The last of the assistant's answers in sight, else the last one."""
        answers = [seq for seq, message in self.messages.items() if message.role is MessageRole.ASSISTANT]
        return max([seq for seq in answers if seq in in_sight] or answers, default=None)


def opened(reading: Reading) -> Thread:
    """The thread of a first read."""
    thread = Thread(reading.conversation)
    thread.merge(reading)
    return thread


async def read(services: Services, actor: Actor, id: ConversationId, *, after: int | None = None) -> Reading:
    """Read a conversation: its last messages, or those from seq `after` on."""
    conversation = await services.conversations.get(actor, id)
    held, transcript = await _said(services, actor, conversation, after)
    rows = await services.inbox.rows(actor, [id])
    mine = conversation.holder is not None and conversation.holder.user_id == actor.user_id
    suggestion = await services.conversations.suggestion(actor, id) if mine or conversation.waiting else None
    return Reading(conversation, transcript, rows[0] if rows else None, suggestion, after is None, held)


async def _said(
    services: Services, actor: Actor, conversation: Conversation, after: int | None
) -> tuple[tuple[Held, ...], Transcript]:
    """What is held and what was said at one moment, so that a message going out is in exactly one of them."""
    ours = conversation.control is Control.HUMAN and actor.role >= Role.MEMBER
    while True:
        held = await services.messages.held(actor, conversation.id) if ours else ()
        transcript = await services.conversations.transcript(actor, conversation.id, after=after, limit=WINDOW)
        if not held or held == await services.messages.held(actor, conversation.id):
            return held, transcript
