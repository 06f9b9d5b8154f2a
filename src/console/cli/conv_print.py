"""Conversations and messages as the command line prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.cli.call import Call
from console.text import one_line

if TYPE_CHECKING:
    from datetime import datetime

    from console.domain.conversation import Conversation
    from console.domain.message import Event, Message


def print_conversation(call: Call, conversation: Conversation) -> None:
    """Where it stands now."""
    if call.out.json:
        call.out.data(as_json(conversation))
    else:
        call.out.text(standing(conversation))


def as_json(conversation: Conversation) -> dict[str, Any]:
    """All of it, with its priority as a word and its holder's name as `claimed_by`."""
    from dataclasses import asdict

    return asdict(conversation) | {
        "conversation_id": conversation.id,
        "claimed_by": conversation.holder.name if conversation.holder else None,
        "priority": conversation.priority.label,
    }


def standing(conversation: Conversation) -> str:
    """Who has it, or what it waits for."""
    if conversation.holder:
        return f"held by {conversation.holder.name}"
    if conversation.status == "snoozed":
        until = conversation.snoozed_until
        return f"snoozed until {when(until)} UTC" if until else "snoozed until the visitor writes"
    if conversation.waiting:
        to = conversation.assignee_name
        return f"waits for {to}" if to else "waits for a person"
    return f"{conversation.status}, {conversation.control} speaks"


def when(at: datetime) -> str:
    """The time of day, with its date when that is not today, in UTC."""
    from console.clock import utc_now

    return f"{at:%H:%M}" if at.date() == utc_now().date() else f"{at:%Y-%m-%d %H:%M}"


def message_json(message: Message) -> dict[str, Any]:
    """All of a message."""
    from dataclasses import asdict

    return asdict(message)


def show_message(call: Call, message: Message) -> None:
    """A message, for a program or a person."""
    if call.out.json:
        call.out.data(message_json(message))
    else:
        print_message(call, message)


def print_event(call: Call, event: Event) -> None:
    """A change of control, or what a visitor left, in one line."""
    left = event.kind == "left_address"
    who = event.actor_name or ("the visitor" if left else "the console")
    detail = event.detail if left else event.detail.replace("_", " ")
    words = " ".join(filter(None, (who, event.kind.replace("_", " "), detail)))
    call.out.text(f"   \u00b7  {when(event.created_at)}  {words}")


def print_message(call: Call, message: Message) -> None:
    """Who said it, when, how sure; the words below it; its citations."""
    sure = f"  {message.confidence:.0%}" if message.confidence is not None else ""
    thumb = f"  visitor: {message.feedback.word}" if message.feedback else ""
    call.out.text(f"{message.seq:>4}  {when(message.created_at)}  {message.role} {message.author_name}{sure}{thumb}")
    for line in message.content.splitlines():
        call.out.text(f"      {line.expandtabs(4)}")
    for number, citation in enumerate(message.citations, 1):
        call.out.text(f"      [{number}] {citation.title}  {citation.uri}")
    if message.feedback and message.feedback.comment:
        call.out.text(f"      visitor: {one_line(message.feedback.comment, 2000)}")
