"""What is known of one opened conversation, merged from reads that may overlap."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from console.domain.actor import Actor
from console.domain.conversation import Conversation
from console.domain.inbox import InboxRow
from console.domain.message import Event, Message, MessageRole, Transcript
from console.domain.run import Suggestion
from console.ids import ConversationId
from console.services import Services
from console.tui.present.transcript import Block, blocks

WINDOW = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """One read of a conversation: whole, or what came after what is known."""

    conversation: Conversation
    transcript: Transcript
    row: InboxRow | None
    suggestion: Suggestion | None
    whole: bool


@dataclass(slots=True)
class Thread:
    """A conversation with the messages read so far."""

    conversation: Conversation
    messages: dict[int, Message] = field(default_factory=dict)
    events: set[Event] = field(default_factory=set)
    earlier: bool = False
    answering: bool = False
    suggestion: Suggestion | None = None

    @property
    def first_seq(self) -> int:
        """The first message known."""
        return min(self.messages, default=0)

    @property
    def last_seq(self) -> int:
        """The last message known."""
        return max(self.messages, default=0)

    def merge(self, reading: Reading) -> None:
        """Take in a later read."""
        self.conversation = reading.conversation
        self.answering = reading.row.answering if reading.row else False
        self.suggestion = reading.suggestion
        self.add(reading.transcript)
        if reading.whole:
            self.earlier = reading.transcript.earlier

    def add(self, transcript: Transcript) -> None:
        """Take in messages and events; what is known already stays once."""
        self.messages |= {message.seq: message for message in transcript.messages}
        self.events |= set(transcript.events)

    def prepend(self, transcript: Transcript) -> None:
        """Take in earlier messages."""
        self.add(transcript)
        self.earlier = transcript.earlier

    def blocks(self, me: Actor, now: datetime) -> list[Block]:
        """The transcript as it is drawn."""
        ordered = [self.messages[seq] for seq in sorted(self.messages)]
        return blocks(ordered, self.events, me, now)

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
    transcript = await services.conversations.transcript(actor, id, after=after, limit=WINDOW)
    rows = await services.inbox.rows(actor, [id])
    mine = conversation.holder is not None and conversation.holder.user_id == actor.user_id
    suggestion = await services.conversations.suggestion(actor, id) if mine or conversation.waiting else None
    return Reading(conversation, transcript, rows[0] if rows else None, suggestion, after is None)
