"""`console member`: people of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser

if TYPE_CHECKING:
    from console.domain.workspace import Member


def register(noun: Parser) -> None:
    """Add the verbs of `console member`."""
    listing = noun.verb("list", "who belongs to the workspace", _list, examples=[("console member list", "")])
    listing.add_argument("--all", action="store_true", help="those who have left too")


def shown(member: Member) -> dict[str, object]:
    """A member as JSON has it."""
    return {
        "user_id": member.user_id,
        "name": member.name,
        "email": member.email,
        "role": member.role.label,
        "joined_at": member.joined_at,
        "left_at": member.left_at,
    }


async def _list(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        members = await services.members.list(actor, left=call.args.all)
    if call.out.json:
        call.out.data({"members": [shown(member) for member in members]})
        return
    rows = [(m.name, m.email, m.role.label, m.joined_at.date(), m.left_at.date() if m.left_at else "") for m in members]
    call.out.table(("name", "e-mail", "role", "joined", "left"), rows)
