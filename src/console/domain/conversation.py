"""Conversations: status and control are two facts, and `epoch` rises whenever control may have changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from console.ids import AgentId, ConversationId, UserId
from console.text import EMPTY, SafeText


class Status(StrEnum):
    """Where the work on a conversation stands."""

    OPEN = "open"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Control(StrEnum):
    """Who speaks: `human` without a holder means waiting for a person."""

    AI = "ai"
    HUMAN = "human"


class HandoffReason(StrEnum):
    """Why the AI gave a conversation to a person."""

    CUSTOMER_REQUEST = "customer_request"
    MISSING_KNOWLEDGE = "missing_knowledge"
    UNSUPPORTED_REQUEST = "unsupported_request"
    POLICY_RESTRICTION = "policy_restriction"
    TOOL_FAILURE = "tool_failure"
    USAGE_LIMIT = "usage_limit"
    ABANDONED = "abandoned"


class Priority(IntEnum):
    """How soon a person is needed; it sorts as the queue does."""

    URGENT = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3

    @property
    def label(self) -> str:
        """The word for it."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Priority:
        """Read the word, in any case; `KeyError` when it is none."""
        return cls[label.upper()]


@dataclass(frozen=True, slots=True)
class Holder:
    """The person who has claimed a conversation, until the lease ends."""

    user_id: UserId
    name: SafeText
    since: datetime
    lease_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """One visitor's conversation, whole but for its messages.

    Snoozed without `snoozed_until` it wakes with the visitor's next message.
    """

    id: ConversationId
    agent_id: AgentId
    agent_name: SafeText
    agent_version: int | None
    visitor_name: SafeText
    channel: SafeText
    page: SafeText
    subject: SafeText
    status: Status
    control: Control
    holder: Holder | None
    epoch: int
    last_seq: int
    last_visitor_seq: int
    last_read_seq: int
    waiting_since: datetime | None
    handoff_reason: HandoffReason | None
    started_at: datetime
    last_message_at: datetime
    priority: Priority = Priority.NORMAL
    assignee_id: UserId | None = None
    assignee_name: SafeText = EMPTY
    snoozed_until: datetime | None = None
    labels: tuple[SafeText, ...] = ()

    @property
    def waiting(self) -> bool:
        """Waiting for a person: open, taken from the AI, held by nobody."""
        return self.status is Status.OPEN and self.control is Control.HUMAN and self.holder is None


@dataclass(frozen=True, slots=True)
class Claim:
    """How a claim ended. When `claimed` is false, `holder` says who won and since when."""

    conversation_id: ConversationId
    claimed: bool
    holder: Holder | None
    epoch: int
