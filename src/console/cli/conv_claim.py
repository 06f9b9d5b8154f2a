"""`console conv claim` and `undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.cli.call import Call
from console.cli.conv_id import on_one
from console.cli.conv_print import print_conversation
from console.cli.parser import Parser
from console.cli.session import acting
from console.errors import ConflictError

if TYPE_CHECKING:
    from console.domain.conversation import Claim


def register(noun: Parser) -> None:
    """Add the verbs."""
    claim = on_one(noun, "claim", "take a conversation over", _claim)
    claim.add_argument("--from-holder", action="store_true", help="even from another person (admins)")
    on_one(noun, "undo", "take back your resolve, snooze or hand-back of the last 8 seconds", _undo)


async def _claim(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
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


async def _undo(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        epoch = (await services.conversations.get(actor, id)).epoch
        print_conversation(call, await services.takeover.undo(actor, id, epoch=epoch))


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
