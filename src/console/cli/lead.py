"""`console lead`: who left an address with an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.numbers import count
from console.cli.parser import Parser
from console.cli.session import acting
from console.errors import UsageError
from console.text import spelled

if TYPE_CHECKING:
    from console.domain.lead import Lead

_FIELDS = ("email", "name", "phone", "message", "agent", "conversation", "since")


def register(noun: Parser) -> None:
    """Add the verbs of `console lead`."""
    examples = [
        ("console lead list", "the newest first"),
        ("console lead list --csv > leads.csv", "for a spreadsheet; nothing in it is a formula"),
    ]
    listed = noun.verb("list", "list who left an address, the newest first", _list, examples=examples)
    listed.add_argument("--csv", action="store_true", help="print CSV, for a spreadsheet")
    listed.add_argument("--limit", metavar="N", type=count, default=1000, help="how many at most (1000)")


async def _list(call: Call) -> None:
    from console.cli.csv_lines import csv_lines

    if call.args.csv and call.out.json:
        raise UsageError("--csv and --json exclude each other", hint="take one of them")
    async with acting(call) as (services, actor):
        leads = await services.leads.list(actor, limit=min(call.args.limit, 10_000))
    if call.out.json:
        call.out.lines(leads)
    elif call.args.csv:
        call.out.text(csv_lines([_FIELDS, *map(_row, leads)]))
    else:
        rows = [
            (spelled(one.email), one.name, one.phone, one.agent_slug, f"{one.created_at:%m-%d %H:%M}") for one in leads
        ]
        call.out.table(["email", "name", "phone", "agent", "since (utc)"], rows)
        if not rows:
            call.out.say("nobody has left an address yet")


def _row(lead: Lead) -> tuple[str, ...]:
    conversation = str(lead.conversation_id or "")
    since = lead.created_at.isoformat(timespec="seconds")
    return (lead.email, lead.name, lead.phone, lead.message, lead.agent_slug, conversation, since)
