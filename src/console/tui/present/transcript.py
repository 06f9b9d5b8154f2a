"""A conversation as blocks of text: each says who spoke by a word, an indent and a tone."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from console.domain.actor import Actor
from console.domain.feedback import Rating
from console.domain.held import Held
from console.domain.message import MAX_EVENT_CHARS, Event, Message, MessageRole
from console.domain.words import percent
from console.text import one_line
from console.tui.present.tone import joined, toned

TIME = 8
DEEPER = 10
COMMENT = 300

_EVENTS = {
    "claimed": "{who} took over",
    "taken_over": "{who} took it over from another person",
    "released": "{who} put it back in the queue",
    "left": "{who} left; it waits for a person",
    "handed_back": "{who} handed back to the assistant",
    "resolved": "{who} resolved it",
    "reopened": "opened again",
    "snoozed": "{who} snoozed it",
    "woken": "it woke up",
    "labelled": "{who} changed the labels: {detail}",
    "priority": "{who} set the priority: {detail}",
    "left_address": "the visitor left an address: `console lead list` shows it",
    "assigned": "{who} gave it to {detail}",
    "unassigned": "{who} gave it to nobody: it waits in the queue",
    "not_sent": "a reply on its way was not sent; it is a draft again",
    "undone": "{who} took that back ({detail})",
    "abandoned": "its holder left; it waits for a person",
}
_LEFT = "the visitor left a known address again, and new words: {detail}"
_BLANKS = re.compile("{(who|detail)}")
_HANDOFFS = {
    "customer_request": "the visitor asked",
    "missing_knowledge": "the agent was unsure",
    "unsupported_request": "the agent can't do that",
    "policy_restriction": "a person must decide",
    "tool_failure": "the model was unavailable",
    "usage_limit": "the plan's limit is reached",
    "abandoned": "its holder left",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Text that wraps as one, `indent` cells in."""

    content: Content
    indent: int


@dataclass(frozen=True, slots=True)
class Block:
    """One entry. `base` names the component class of its ground, if it has one of its own."""

    key: Hashable
    parts: tuple[Part, ...]
    base: str = ""


def held_block(held: Held, left: int, keys: str, me: Actor, now: datetime) -> Block:
    """A message on its way: it looks as it will when it has gone out, but for what can still be done."""
    mine = held.author_id == me.user_id
    who = toned("you" if mine else held.author_name, "mine" if mine else "strong")
    state = toned(f"sending {left} s" if left else "sending …", "soon")
    undo = joined(toned(keys, "mine"), toned("undo", "quiet"), gap=" ") if mine and left else Content("")
    head = joined(joined(toned(_clock(held.created_at, now), "quiet"), who), state, undo, gap="   ")
    parts = (Part(head, 1), Part(Content(held.content.rstrip()), DEEPER))
    return Block(("held", held.id), parts, _BASES[MessageRole.HUMAN])


def blocks(messages: Iterable[Message], events: Iterable[Event], me: Actor, now: datetime) -> list[Block]:
    """The transcript in order: messages by seq, each followed by its events; a line wherever the day changes."""
    after: dict[int, list[Event]] = {}
    for event in sorted(events, key=lambda each: (each.after_seq, each.created_at)):
        after.setdefault(event.after_seq, []).append(event)
    found: list[Block] = []
    day = None
    messages = list(messages)
    first = messages[0].seq if messages else 0
    found += [event_block(event, me, now) for event in after.get(first - 1, ())]
    for message in messages:
        if (new := message.created_at.astimezone(now.tzinfo).date()) != day and (day is not None or new != now.date()):
            found.append(_day(message.created_at, now))
        day = new
        found.append(message_block(message, me, now))
        found += [event_block(event, me, now) for event in after.get(message.seq, ())]
    if not messages:
        found += [event_block(event, me, now) for there in after.values() for event in there]
    return found


def message_block(message: Message, me: Actor, now: datetime) -> Block:
    """Who said what, when, how sure, from where."""
    indent = TIME if message.role is MessageRole.USER else DEEPER
    head = joined(toned(_clock(message.created_at, now), "quiet"), _author(message, me), _thumb(message))
    body = Content(message.content.rstrip()) if message.content.strip() else toned("(empty)", "faint")
    if message.role is MessageRole.ASSISTANT:
        body = body.stylize(".t-spoken")
    notes = [toned(f"[{at}] {cited.title}", "quiet") for at, cited in enumerate(message.citations, 1)]
    if message.feedback and message.feedback.comment:
        notes.append(toned(f"visitor: {one_line(message.feedback.comment, COMMENT)}", "quiet"))
    parts = (Part(head, 1), Part(body, indent), *(Part(note, indent) for note in notes))
    return Block(("message", message.seq), parts, _BASES.get(message.role, ""))


_BASES = {MessageRole.NOTE: "transcript--note", MessageRole.HUMAN: "transcript--person"}


def event_block(event: Event, me: Actor, now: datetime) -> Block:
    """A change of control, in words."""
    words = event_words(event, me)
    line = joined(toned(_clock(event.created_at, now), "quiet"), toned(words, "quiet"))
    return Block(("event", event.after_seq, event.kind, event.created_at), (Part(line, 1),))


def event_words(event: Event, me: Actor) -> str:
    """What happened."""
    if event.kind in {"handed_off", "handoff", "waiting"}:
        reason, gap, until = event.detail.partition(" until ")
        return one_line(f"handed to a person: {_HANDOFFS.get(reason, reason) or 'it waits'}{gap}{until}")
    who = "you" if event.actor_id == me.user_id else event.actor_name or "the console"
    text = _LEFT if event.kind == "left_address" and event.detail else _EVENTS.get(event.kind)
    if text is None:
        return one_line(f"{who}: {event.kind.replace('_', ' ')}")
    said = {"who": who, "detail": event.detail.replace("_", " ") if event.kind == "undone" else event.detail}
    return one_line(_BLANKS.sub(lambda blank: said[blank[1]], text), MAX_EVENT_CHARS)


def _author(message: Message, me: Actor) -> Content:
    match message.role:
        case MessageRole.USER:
            return toned(message.author_name or "visitor", "strong")
        case MessageRole.ASSISTANT:
            sure = percent(message.confidence) if message.confidence is not None else ""
            return joined(toned(message.author_name or "assistant", "spoken"), toned(sure, "quiet"))
        case MessageRole.HUMAN:
            mine = message.author_id == me.user_id
            return toned("you" if mine else message.author_name or "a person", "mine" if mine else "strong")
        case MessageRole.NOTE:
            who = "you" if message.author_id == me.user_id else message.author_name
            return joined(toned("note", "soon"), toned(who, "quiet"))
        case _:
            return toned(message.role.value, "quiet")


def _thumb(message: Message) -> Content:
    said = message.feedback
    return toned(f"visitor: {said.word}", "soon" if said.rating is Rating.DOWN else "quiet") if said else Content("")


def _day(then: datetime, now: datetime) -> Block:
    day = then.astimezone(now.tzinfo)
    text = "today" if day.date() == now.date() else day.strftime("%A %-d %B %Y")
    return Block(("day", day.date()), (Part(toned(text, "faint"), TIME),))


def _clock(then: datetime, now: datetime) -> str:
    return then.astimezone(now.tzinfo).strftime("%H:%M")
