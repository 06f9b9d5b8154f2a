"""`console conv send`, `unsend`, `note` and `flag`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING
from uuid import uuid4

from console.cli.call import Call
from console.cli.conv_id import on_one
from console.cli.parser import Parser
from console.cli.session import acting
from console.cli.words import given
from console.domain.held import HOLD_SECONDS
from console.errors import ConflictError
from console.ids import ConversationId, parse_id

if TYPE_CHECKING:
    from console.domain.held import Held


def register(noun: Parser) -> None:
    """Add the verbs."""
    send = on_one(noun, "send", "send a reply to the visitor", _send)
    send.add_argument(
        "--hold", action="store_true", help=f"let it go out in {HOLD_SECONDS} seconds: `conv unsend` calls it back"
    )
    note = on_one(noun, "note", "add a note that only the staff sees", _note)
    for verb in (send, note):
        verb.add_argument("text", metavar="TEXT", help="the words; - reads them from standard input")
        verb.add_argument("--token", metavar="TOKEN", help="the same token twice sends once")
    flag = on_one(noun, "flag", "flag an answer of the AI as none: its question becomes a gap", _flag)
    flag.add_argument("seq", metavar="SEQ", type=int, help="the number of the answer")
    unsend = on_one(noun, "unsend", "call back a reply that is held: it is your draft again", _unsend)
    unsend.add_argument("--held", metavar="HELD", help="which one (the newest)")


async def _flag(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        gap = await services.gaps.flag(actor, id, call.args.seq)
    if call.out.json:
        call.out.data(gap)
    else:
        call.out.text(f"“{gap.question}” is a gap now: {gap.id}")


async def _send(call: Call) -> None:
    text, token = given(call.args.text), call.args.token or uuid4().hex
    if call.args.hold:
        await _hold(call, text, token)
        return
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        epoch = (await services.conversations.get(actor, id)).epoch
        sent = await services.messages.send(actor, id, text, token=token, epoch=epoch)
    _said(call, id, sent.seq, sent.repeated)


async def _hold(call: Call, text: str, token: str) -> None:
    from console import companion

    # Somebody must be there to let it go when this process is not.
    worker = nullcontext() if call.config.database_url else companion.needed(call.config.data_dir)
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        epoch = (await services.conversations.get(actor, id)).epoch
        with worker:
            held = await services.messages.hold(actor, id, text, token=token, epoch=epoch)
    _print_held(call, held, f"goes out at {held.due_at:%H:%M:%S} UTC; until then `console conv unsend {id}`")


async def _unsend(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        mine = await services.messages.held(actor, id)
        if call.args.held is None and not mine:
            raise ConflictError("nothing of yours is held back here", hint="what went out can't be called back")
        held_id = parse_id(call.args.held, "held reply") if call.args.held else mine[-1].id
        back = await services.messages.cancel_held(actor, id, held_id)
    _print_held(call, back, "not sent: it is your draft again")


async def _note(call: Call) -> None:
    text = given(call.args.text)
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        sent = await services.messages.note(actor, id, text, token=call.args.token or uuid4().hex)
    _said(call, id, sent.seq, sent.repeated)


def _said(call: Call, id: ConversationId, seq: int, repeated: bool) -> None:
    if call.out.json:
        call.out.data({"conversation_id": id, "seq": seq, "repeated": repeated})
    else:
        call.out.text(f"message {seq}" + (" was stored before" if repeated else " stored"))


def _print_held(call: Call, held: Held, words: str) -> None:
    if call.out.json:
        call.out.data({"conversation_id": held.conversation_id, "held_id": held.id, "due_at": held.due_at})
    else:
        call.out.text(words)
