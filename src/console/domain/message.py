"""Messages and the other entries of a transcript."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.feedback import Feedback
from console.ids import ChunkId, ConversationId, RunId, UserId
from console.text import SafeText

MAX_MESSAGE_CHARS = 20_000
MAX_DRAFT_CHARS = 8 * MAX_MESSAGE_CHARS
"""A draft may hold several replies that were called back."""
MAX_EVENT_CHARS = 6000
"""Room for all that a visitor may leave with an address."""


class MessageRole(StrEnum):
    """Who said it. Notes are for the staff only; a visitor never sees one."""

    USER = "user"
    ASSISTANT = "assistant"
    HUMAN = "human"
    SYSTEM = "system"
    TOOL = "tool"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that an answer quotes."""

    title: SafeText
    uri: SafeText
    quote: SafeText
    chunk_id: ChunkId | None


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the conversation; `seq` is its only order."""

    seq: int
    role: MessageRole
    content: SafeText
    author_name: SafeText
    author_id: UserId | None
    created_at: datetime
    citations: tuple[Citation, ...] = ()
    confidence: float | None = None
    agent_version: int | None = None
    run_id: RunId | None = None
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A change of control or status, shown after the message with seq `after_seq`; by the console without an actor."""

    after_seq: int
    kind: str
    actor_id: UserId | None
    actor_name: SafeText
    detail: SafeText
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Transcript:
    """A window of a conversation: messages by seq, events between them.

    `earlier` tells that messages before the first one exist; `feedback` is the whole conversation's.
    """

    conversation_id: ConversationId
    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    earlier: bool
    feedback: tuple[Feedback, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A stored message: its seq, and whether this call stored it or an earlier one with the same token."""

    seq: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What an operator has typed and not sent."""

    conversation_id: ConversationId
    kind: str
    content: SafeText
    updated_at: datetime
