"""The inbox: what needs a person first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from console.domain.conversation import Control, HandoffReason, Priority, Status
from console.ids import ConversationId, UserId
from console.text import EMPTY, SafeText

if TYPE_CHECKING:
    from console.domain.message import MessageRole


class InboxFilter(StrEnum):
    """The tabs of the inbox. All but `ALL` show open conversations only."""

    WAITING = "waiting"
    MINE = "mine"
    AI = "ai"
    HUMAN = "human"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One conversation in the list. `holder_name` is empty when nobody holds it.

    `waiting_since` is since when the visitor waits for a person's word; `snippet_author` wrote what a person said last.
    """

    id: ConversationId
    visitor_name: SafeText
    agent_name: SafeText
    status: Status
    control: Control
    holder_id: UserId | None
    holder_name: SafeText
    mine: bool
    epoch: int
    waiting_since: datetime | None
    handoff_reason: HandoffReason | None
    confidence: float | None
    last_message_at: datetime
    snippet: SafeText
    snippet_role: MessageRole | None
    unread: int
    has_draft: bool
    answering: bool
    last_visitor_seq: int = 0
    snippet_author: SafeText = EMPTY
    snippet_mine: bool = False
    priority: Priority = Priority.NORMAL
    assignee_id: UserId | None = None
    assignee_name: SafeText = EMPTY
    snoozed_until: datetime | None = None
    labels: tuple[SafeText, ...] = ()

    @property
    def waiting(self) -> bool:
        """Waiting for a person."""
        return self.status is Status.OPEN and self.control is Control.HUMAN and self.holder_id is None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: a section of the list, after the key of the last row seen in it, if any was."""

    section: int
    at: datetime | None
    id: ConversationId | None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Rows in order, and the cursor of the next page, or None at the end."""

    rows: tuple[InboxRow, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """How many conversations each tab has, and how many the actor holds (others of `mine` are only assigned)."""

    waiting: int = 0
    mine: int = 0
    ai: int = 0
    human: int = 0
    all: int = 0
    held: int = 0
