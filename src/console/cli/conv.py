"""`console conv`: conversations without the screen."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.cli.call import Call
from console.cli.numbers import count
from console.cli.parser import Parser
from console.cli.session import acting
from console.domain.message import MAX_MESSAGE_CHARS
from console.errors import ConflictError, InvalidInputError
from console.ids import ConversationId, parse_id

if TYPE_CHECKING:
    from datetime import datetime

    from console.domain.conversation import Claim, Conversation
    from console.domain.message import Message

_POLL_SECONDS = 1.0
_MAX_BYTES = 4 * MAX_MESSAGE_CHARS


def register(noun: Parser) -> None:
    """Add the verbs of `console conv`."""
    listed = noun.verb("list", "list conversations, those that wait for a person first", _list)
    listed.add_argument("--filter", choices=("waiting", "mine", "ai", "human", "all"), default="all", help="(all)")
    listed.add_argument("--text", metavar="TEXT", default="", help="only those with this in a name or the last words")
    listed.add_argument("--limit", metavar="N", type=count, default=50, help="how many at most (50)")
    _on_one(noun, "show", "show a conversation and its messages", _show)
    tail = _on_one(noun, "tail", "follow a conversation until interrupted", _tail)
    tail.add_argument("--after", metavar="SEQ", type=int, default=0, help="begin after this message")
    tail.add_argument("--for", dest="seconds", metavar="SECONDS", type=float, help="stop after so long")
    claim = _on_one(noun, "claim", "take a conversation over", _claim)
    claim.add_argument("--from-holder", action="store_true", help="even from another person (admins)")
    for name, what, handler in (
        ("send", "send a reply to the visitor", _send),
        ("note", "add a note that only the staff sees", _note),
    ):
        verb = _on_one(noun, name, what, handler)
        verb.add_argument("text", metavar="TEXT", help="the words; - reads them from standard input")
        verb.add_argument("--token", metavar="TOKEN", help="the same token twice sends once")
    release = _on_one(noun, "release", "hand a conversation back to the AI", _release)
    release.add_argument("--to-queue", action="store_true", help="let it wait for another person instead")
    resolve = _on_one(noun, "resolve", "resolve a conversation", _resolve)
    resolve.add_argument("--seen", metavar="SEQ", type=int, help="refuse when the visitor wrote after this message")


def _on_one(noun: Parser, name: str, summary: str, handler: Any) -> Parser:
    verb = noun.verb(name, summary, handler, examples=[(f"console conv {name} 0197f3c2-...", summary)])
    verb.add_argument("id", metavar="ID", help="the conversation")
    return verb


async def _list(call: Call) -> None:
    from console.domain.inbox import InboxFilter
    from console.domain.words import state

    limit = min(call.args.limit, 1000)
    async with acting(call) as (services, actor):
        page = await services.inbox.page(actor, InboxFilter(call.args.filter), text=call.args.text, limit=limit)
    if call.out.json:
        call.out.lines(page.rows)
        return
    rows = [
        (r.id, r.visitor_name, state(r), r.unread, f"{r.last_message_at:%m-%d %H:%M}", r.snippet) for r in page.rows
    ]
    call.out.table(["id", "visitor", "state", "new", "last (utc)", "words"], rows)
    if not rows:
        call.out.say("no conversations here" if call.args.filter == "all" else f"none are {call.args.filter}")


async def _show(call: Call) -> None:
    id = _id(call)
    async with acting(call) as (services, actor):
        conversation = await services.conversations.get(actor, id)
        transcript = await services.conversations.transcript(actor, id, limit=conversation.last_seq or 1)
    if call.out.json:
        call.out.data(_as_json(conversation) | {"messages": [_message_json(m) for m in transcript.messages]})
        return
    head = (conversation.visitor_name, conversation.page, _standing(conversation))
    call.out.text(" · ".join(filter(None, head)))
    for message in transcript.messages:
        _print_message(call, message)


async def _tail(call: Call) -> None:
    id, after = _id(call), call.args.after
    loop = asyncio.get_running_loop()
    until = loop.time() + call.args.seconds if call.args.seconds is not None else None
    async with acting(call) as (services, actor):
        while True:
            transcript = await services.conversations.transcript(actor, id, after=after)
            for message in transcript.messages:
                after = message.seq
                if call.out.json:
                    call.out.data(_message_json(message))
                else:
                    _print_message(call, message)
            if until is not None and loop.time() >= until:
                return
            if not transcript.messages:
                await asyncio.sleep(_POLL_SECONDS)


async def _claim(call: Call) -> None:
    id = _id(call)
    async with acting(call) as (services, actor):
        claim = await services.takeover.claim(actor, id)
        if not claim.claimed and call.args.from_holder and claim.holder:
            claim = await services.takeover.take_from(actor, id, epoch=claim.epoch)
    if call.out.json:
        call.out.data(_claim_json(claim))
    if not claim.claimed:
        raise ConflictError(_who_won(claim), hint="console conv claim ID --from-holder (admins)")
    if not call.out.json:
        call.out.text(f"you hold {id}; the AI is silent until you release it")
        call.out.say("the claim is a lease of one minute: an open console renews it, `conv send` does too")


async def _send(call: Call) -> None:
    id, text = _id(call), _text(call)
    async with acting(call) as (services, actor):
        conversation = await services.conversations.get(actor, id)
        token = call.args.token or uuid4().hex
        sent = await services.messages.send(actor, id, text, token=token, epoch=conversation.epoch)
    _said(call, id, sent.seq, sent.repeated)


async def _note(call: Call) -> None:
    id, text = _id(call), _text(call)
    async with acting(call) as (services, actor):
        sent = await services.messages.note(actor, id, text, token=call.args.token or uuid4().hex)
    _said(call, id, sent.seq, sent.repeated)


async def _release(call: Call) -> None:
    id = _id(call)
    async with acting(call) as (services, actor):
        epoch = (await services.conversations.get(actor, id)).epoch
        act = services.takeover.release if call.args.to_queue else services.takeover.hand_back
        _ended(call, await act(actor, id, epoch=epoch))


async def _resolve(call: Call) -> None:
    id = _id(call)
    async with acting(call) as (services, actor):
        now = await services.conversations.get(actor, id)
        if now.status == "resolved":
            call.out.say("it is resolved already")
        else:
            now = await services.takeover.resolve(actor, id, epoch=now.epoch, seen=call.args.seen)
    _ended(call, now)


def _id(call: Call) -> ConversationId:
    return ConversationId(parse_id(call.args.id, "conversation"))


def _text(call: Call) -> str:
    if call.args.text != "-":
        return str(call.args.text)
    given = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(given) > _MAX_BYTES:
        raise InvalidInputError(f"the message has more than {_MAX_BYTES:,} bytes", hint="split it")
    try:
        return given.decode("utf-8").rstrip("\n")
    except UnicodeDecodeError:
        raise InvalidInputError("standard input is no UTF-8 text") from None


def _said(call: Call, id: ConversationId, seq: int, repeated: bool) -> None:
    if call.out.json:
        call.out.data({"conversation_id": id, "seq": seq, "repeated": repeated})
    else:
        call.out.text(f"message {seq}" + (" was stored before" if repeated else " stored"))


def _ended(call: Call, conversation: Conversation) -> None:
    if call.out.json:
        call.out.data(_as_json(conversation))
    else:
        call.out.text(_standing(conversation))


def _who_won(claim: Claim) -> str:
    if claim.holder is None:
        return "the conversation changed meanwhile"
    return f"{claim.holder.name} has held it since {claim.holder.since:%H:%M} UTC"


def _claim_json(claim: Claim) -> dict[str, Any]:
    return {
        "conversation_id": claim.conversation_id,
        "claimed": claim.claimed,
        "claimed_by": claim.holder.name if claim.holder else None,
        "claimed_by_user_id": claim.holder.user_id if claim.holder else None,
        "claimed_at": claim.holder.since if claim.holder else None,
        "epoch": claim.epoch,
    }


def _as_json(conversation: Conversation) -> dict[str, Any]:
    from dataclasses import asdict

    fields = asdict(conversation) | {"conversation_id": conversation.id}
    fields["claimed_by"] = conversation.holder.name if conversation.holder else None
    return fields


def _message_json(message: Message) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(message)


def _standing(conversation: Conversation) -> str:
    if conversation.holder:
        return f"held by {conversation.holder.name}"
    if conversation.waiting:
        return "waits for a person"
    return f"{conversation.status}, {conversation.control} speaks"


def _time(at: datetime) -> str:
    """The time of day, with its date when that is not today, in UTC."""
    from console.clock import utc_now

    return f"{at:%H:%M}" if at.date() == utc_now().date() else f"{at:%Y-%m-%d %H:%M}"


def _print_message(call: Call, message: Message) -> None:
    sure = f"  {message.confidence:.0%}" if message.confidence is not None else ""
    call.out.text(f"{message.seq:>4}  {_time(message.created_at)}  {message.role} {message.author_name}{sure}")
    for line in message.content.splitlines():
        call.out.text(f"      {line.expandtabs(4)}")
    for number, citation in enumerate(message.citations, 1):
        call.out.text(f"      [{number}] {citation.title}  {citation.uri}")
