"""The conversation that a command would act on, and which commands make sense for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.actor import Actor, Role
from console.domain.conversation import Conversation, Priority, Status
from console.domain.inbox import InboxRow
from console.ids import ConversationId, UserId
from console.text import SafeText
from console.tui.commands import Command

_FOR_THE_HOLDER = {
    "conversation.take", "conversation.hand_back", "conversation.resolve", "conversation.snooze", "conversation.assign"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """A conversation as it is shown now.

    `epoch` is what every act compares; `seen` is the visitor's last message that is shown.
    """

    id: ConversationId
    epoch: int
    visitor_name: SafeText
    status: Status
    held: bool
    mine: bool
    holder_name: SafeText
    since: datetime | None
    seen: int
    assignee_id: UserId | None
    priority: Priority
    labels: tuple[SafeText, ...]

    @property
    def open(self) -> bool:
        """Neither snoozed nor resolved."""
        return self.status is Status.OPEN


def of_row(row: InboxRow) -> Subject:
    """The subject that a row of the inbox is."""
    return Subject(
        row.id, row.epoch, row.visitor_name, row.status,
        row.holder_id is not None, row.mine, row.holder_name, None, row.last_visitor_seq,
        row.assignee_id, row.priority, row.labels,
    )  # fmt: skip


def of_conversation(conversation: Conversation, actor: Actor) -> Subject:
    """The subject that an opened conversation is."""
    holder = conversation.holder
    return Subject(
        conversation.id, conversation.epoch, conversation.visitor_name, conversation.status,
        holder is not None, holder is not None and holder.user_id == actor.user_id,
        holder.name if holder else SafeText(""), holder.since if holder else None,
        conversation.last_visitor_seq, conversation.assignee_id, conversation.priority, conversation.labels,
    )  # fmt: skip


def possible(command: Command, subject: Subject | None, actor: Actor) -> bool | None:
    """True when the command can be used, None when it is shown grey, False when it is not shown at all."""
    if not _sensible(command.id, subject, actor):
        return False
    return True if actor.role >= command.minimum else None


def held_refusal(command: Command, subject: Subject | None, actor: Actor) -> str:
    """Who has the conversation that only its holder may act on, and what to do; empty when that is nobody else."""
    if command.id not in _FOR_THE_HOLDER or subject is None or not subject.held or subject.mine:
        return ""
    then = "t takes it over from them" if actor.role >= Role.ADMIN else "ask them, or an admin, who can take it over"
    return f"{subject.holder_name} has it: {then}"


def _sensible(id: str, subject: Subject | None, actor: Actor) -> bool:
    if id in {"conversation.next", "refresh", "back"}:
        return True
    if subject is None:
        return False
    free = not subject.held or subject.mine
    if id == "conversation.take":
        return free or actor.role >= Role.ADMIN
    if id == "conversation.hand_back":
        return subject.open and subject.mine
    if id == "conversation.resolve":
        return subject.open and free
    if id == "conversation.snooze":
        return subject.status is not Status.RESOLVED and free
    if id == "conversation.assign":
        return free
    return True
