"""`console gap`: what the agents could not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli import gap_acts
from console.cli.call import Call
from console.cli.numbers import count
from console.cli.parser import Parser
from console.cli.session import acting

if TYPE_CHECKING:
    from console.domain.gap import Gap, GapDetail

_STATUSES = ("open", "drafted", "approved", "dismissed", "expired", "merged", "all")


def register(noun: Parser) -> None:
    """Add the verbs of `console gap`."""
    examples = [("console gap list", "what visitors asked in vain, most asked first")]
    listed = noun.verb("list", "list knowledge gaps, most asked first", _list, examples=examples)
    listed.add_argument("--status", choices=_STATUSES, default="open", help="which ones (open)")
    listed.add_argument("--limit", metavar="N", type=count, default=200, help="how many at most (200)")
    gap_acts.on_one(noun, "show", "show a gap: what was said, its draft, what is near, where it was asked", _show)
    gap_acts.register(noun)


async def _list(call: Call) -> None:
    from console.domain.gap import GapStatus

    status = None if call.args.status == "all" else GapStatus(call.args.status)
    async with acting(call) as (services, actor):
        gaps = await services.gaps.list(actor, status, limit=min(call.args.limit, 1000))
    if call.out.json:
        call.out.lines(gaps)
        return
    call.out.table(["id", "asked", "talks", "why", "state", "last (utc)", "question"], [_row(gap) for gap in gaps])
    if not gaps:
        nothing = "no gaps: nothing was asked in vain"
        call.out.say(nothing if call.args.status == "open" else f"none are {call.args.status}")


def _row(gap: Gap) -> tuple[object, ...]:
    from console.domain.gap_words import gap_reason

    last = f"{gap.last_seen_at:%m-%d %H:%M}"
    return gap.id, gap.occurrences, gap.conversations, gap_reason(gap), gap.status.value, last, gap.question


async def _show(call: Call) -> None:
    async with acting(call) as (services, actor):
        detail = await services.gaps.show(actor, await services.gaps.find(actor, call.args.id))
    if call.out.json:
        call.out.data(detail)
    else:
        _print(call, detail)


def _print(call: Call, detail: GapDetail) -> None:
    from console.domain.gap_words import gap_reason

    gap = detail.gap
    call.out.text(gap.question)
    seen = f"asked {gap.occurrences} x in {gap.conversations} conversations by {detail.visitors} visitors"
    call.out.text(f"  {gap.status.value}, {gap_reason(gap)}, {seen}, agent {gap.agent_slug}")
    lines = [("said", f"“{question}”") for question in detail.questions]
    lines += [("draft", line) for line in gap.draft.splitlines()]
    lines += [("near", f"{one.title}  {one.heading}") for one in detail.near]
    lines += [("maybe", f"{one.similarity:.2f}  {one.id}  {one.question}") for one in detail.similar]
    lines += [("reply", f"{one.author_name}: {one.content}") for one in detail.replies]
    lines += [("asked", f"{one.created_at:%m-%d %H:%M}  {one.conversation_id}") for one in detail.occurrences]
    for label, text in lines:
        call.out.text(f"  {label:8} {' '.join(text.split())}")
