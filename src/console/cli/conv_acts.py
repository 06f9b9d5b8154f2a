"""`console conv release`, `resolve`, `snooze`, `assign` and `priority`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.cli.call import Call
from console.cli.conv_many import act, on_many
from console.cli.parser import Parser
from console.domain.bulk import BulkAct
from console.domain.conversation import Priority
from console.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from console.domain.actor import Actor
    from console.ids import UserId
    from console.services import Services


def register(noun: Parser) -> None:
    """Add the verbs."""
    release = on_many(noun, "release", "hand conversations back to the AI", _release)
    release.add_argument("--to-queue", action="store_true", help="let them wait for another person instead")
    resolve = on_many(noun, "resolve", "resolve conversations", _resolve)
    resolve.add_argument("--seen", metavar="SEQ", type=int, help="refuse when the visitor wrote after this message")
    snooze = on_many(noun, "snooze", "put conversations aside for a time", _snooze, "--until tomorrow")
    until = snooze.add_mutually_exclusive_group(required=True)
    until.add_argument("--until", metavar="WHEN", help="30m, 2h, 3d, tomorrow, or 2026-12-01T09:00 of this machine")
    until.add_argument("--next-reply", action="store_true", help="until the visitor writes")
    assign = on_many(noun, "assign", "give conversations to a member", _assign, "mia@example.com")
    assign.add_argument("to", metavar="WHO", help="the member's e-mail, me, or nobody")
    priority = on_many(noun, "priority", "say how soon conversations need a person", _priority, "high")
    priority.add_argument("priority", choices=[each.label for each in Priority], help="urgent, high, normal or low")


async def _release(call: Call) -> None:
    await act(call, BulkAct.RELEASE if call.args.to_queue else BulkAct.HAND_BACK)


async def _resolve(call: Call) -> None:
    if call.args.seen is not None and len(call.args.ids) > 1:
        raise UsageError("--seen is a message of one conversation", hint="resolve them one by one")
    await act(call, BulkAct.RESOLVE, seen=call.args.seen)


async def _snooze(call: Call) -> None:
    from console.clock import utc_now
    from console.domain.when import parse_when

    until = None if call.args.next_reply else parse_when(call.args.until, utc_now().astimezone())
    await act(call, BulkAct.SNOOZE, until=until)


async def _assign(call: Call) -> None:
    async def what(services: Services, actor: Actor) -> dict[str, Any]:
        return {"to": await _person(services, actor, call.args.to)}

    await act(call, BulkAct.ASSIGN, what)


async def _priority(call: Call) -> None:
    await act(call, BulkAct.PRIORITY, priority=Priority.parse(call.args.priority))


async def _person(services: Services, actor: Actor, who: str) -> UserId | None:
    if who in {"me", "nobody"}:
        return actor.user_id if who == "me" else None
    for member in await services.members.list(actor):
        if member.email.casefold() == who.casefold():
            return member.user_id
    raise NotFoundError(f"no member of this workspace has the e-mail {who[:80]!r}", hint="console member list")
