"""`console gap`: what the agents could not answer."""

from __future__ import annotations

from console.cli.call import Call
from console.cli.numbers import count
from console.cli.parser import Parser
from console.cli.session import acting

_STATUSES = ("open", "drafted", "approved", "dismissed", "expired", "all")


def register(noun: Parser) -> None:
    """Add the verbs of `console gap`."""
    examples = [("console gap list", "what visitors asked in vain, most asked first")]
    listed = noun.verb("list", "list knowledge gaps, most asked first", _list, examples=examples)
    listed.add_argument("--status", choices=_STATUSES, default="open", help="which ones (open)")
    listed.add_argument("--limit", metavar="N", type=count, default=200, help="how many at most (200)")


async def _list(call: Call) -> None:
    from console.domain.gap import GapStatus

    status = None if call.args.status == "all" else GapStatus(call.args.status)
    async with acting(call) as (services, actor):
        gaps = await services.gaps.list(actor, status, limit=min(call.args.limit, 1000))
    if call.out.json:
        call.out.lines(gaps)
        return
    rows = [
        (g.occurrences, g.conversations, g.trigger.replace("_", " "), f"{g.last_seen_at:%m-%d %H:%M}", g.question)
        for g in gaps
    ]
    call.out.table(["asked", "talks", "why", "last (utc)", "question"], rows)
    if not rows:
        nothing = "no gaps: nothing was asked in vain"
        call.out.say(nothing if call.args.status == "open" else f"none are {call.args.status}")
