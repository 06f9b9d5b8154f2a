"""`console conv`: conversations without the screen."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from console.cli import conv_acts, conv_claim, conv_label, conv_say, conv_why
from console.cli.call import Call
from console.cli.conv_id import on_one
from console.cli.conv_print import as_json, message_json, print_event, print_message, show_message, standing
from console.cli.conv_tail import Tail
from console.cli.numbers import count
from console.cli.parser import Parser
from console.cli.session import acting
from console.domain.conversation import Priority
from console.errors import InvalidInputError
from console.text import one_line, spelled

if TYPE_CHECKING:
    from console.domain.conversation import Conversation
    from console.domain.inbox import InboxRow
    from console.domain.message import Transcript

_POLL_SECONDS = 1.0


def register(noun: Parser) -> None:
    """Add the verbs of `console conv`."""
    listed = noun.verb(
        "list",
        "list conversations, those that wait for a person first, the most urgent of them on top",
        _list,
        examples=[("console conv list --text 'label:billing priority:high who:nobody'", "narrow it by words")],
    )
    listed.add_argument("--filter", choices=("waiting", "mine", "ai", "human", "all"), default="all", help="(all)")
    listed.add_argument(
        "--text",
        metavar="WORDS",
        default="",
        help="label:NAME, priority:high, who:NAME|me|nobody, status:snoozed; else in name, subject, last words",
    )
    listed.add_argument("--limit", metavar="N", type=count, default=50, help="how many at most (50)")
    on_one(noun, "show", "show a conversation and its messages", _show)
    tail = on_one(noun, "tail", "follow a conversation until interrupted", _tail)
    tail.add_argument("--after", metavar="SEQ", type=int, default=0, help="begin after this message")
    tail.add_argument("--for", dest="seconds", metavar="SECONDS", type=float, help="stop after so long")
    for part in (conv_why, conv_claim, conv_say, conv_acts, conv_label):
        part.register(noun)


async def _list(call: Call) -> None:
    from console.domain.inbox import InboxFilter
    from console.domain.words import state

    _refuse_unknown(call.args.text)
    limit = min(call.args.limit, 1000)
    async with acting(call) as (services, actor):
        page = await services.inbox.page(actor, InboxFilter(call.args.filter), text=call.args.text, limit=limit)
    if call.out.json:
        call.out.lines(_row_json(row) for row in page.rows)
        return
    rows = [
        (r.id, r.visitor_name, state(r), r.priority.label, r.unread, f"{r.last_message_at:%m-%d %H:%M}", r.snippet)
        for r in page.rows
    ]
    call.out.table(["id", "visitor", "state", "priority", "new", "last (utc)", "words"], rows)
    if not rows:
        call.out.say("no conversations here" if call.args.filter == "all" else f"none are {call.args.filter}")


def _refuse_unknown(text: str) -> None:
    from console.domain.query import unknown_words

    for unknown in unknown_words(text):
        said = f"no {unknown.word} begins with {one_line(unknown.value, 80)!r}"
        raise InvalidInputError(said, hint=f"{unknown.word} is one of {', '.join(unknown.known)}")


def _row_json(row: InboxRow) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(row) | {"priority": row.priority.label}


async def _show(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        conversation = await services.conversations.get(actor, id)
        transcript = await services.conversations.transcript(actor, id, limit=conversation.last_seq or 1)
    if call.out.json:
        said = [message_json(message) for message in transcript.messages]
        call.out.data(as_json(conversation) | {"messages": said, "events": transcript.events})
        return
    head = (conversation.visitor_name, spelled(conversation.page), standing(conversation), _marks(conversation))
    call.out.text(" · ".join(filter(None, head)))
    _print_transcript(call, transcript)


def _print_transcript(call: Call, transcript: Transcript) -> None:
    """Each message, and the events after it."""
    for seq, message in [(0, None), *((message.seq, message) for message in transcript.messages)]:
        if message:
            print_message(call, message)
        for event in transcript.events:
            if event.after_seq == seq:
                print_event(call, event)


def _marks(conversation: Conversation) -> str:
    urgent = [] if conversation.priority == Priority.NORMAL else [conversation.priority.label]
    return " ".join([*urgent, *(f"#{name}" for name in conversation.labels)])


async def _tail(call: Call) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + call.args.seconds if call.args.seconds is not None else None
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        tail = Tail(call, id, call.args.after, partial(show_message, call))
        while True:
            new = await tail.look(services, actor)
            if until is not None and loop.time() >= until:
                return
            if not new:
                await asyncio.sleep(_POLL_SECONDS)
