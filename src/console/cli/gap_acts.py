"""`console gap draft`, `approve`, `dismiss`, `undo`, `merge` and `split`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Handler, Parser
from console.cli.session import acting
from console.cli.words import given

if TYPE_CHECKING:
    from console.domain.gap import AskedAgain, Gap


def on_one(noun: Parser, name: str, summary: str, handler: Handler, more: str = "") -> Parser:
    """Add a verb that takes one gap."""
    verb = noun.verb(name, summary, handler, examples=[(f"console gap {name} 0197f3c2{more}", summary)])
    verb.takes_id("the gap")
    return verb


def register(noun: Parser) -> None:
    """Add the verbs."""
    draft = on_one(noun, "draft", "write the answer, to be approved", _draft, " 'We ship within the US only.'")
    draft.add_argument("text", metavar="TEXT", nargs="?", help="the words; - reads them from standard input")
    draft.add_argument("--from-reply", action="store_true", help="take what a person answered in a conversation")
    approve = on_one(noun, "approve", "make the draft a curated answer (admins)", _approve)
    approve.add_argument("--answer", metavar="TEXT", help="these words instead of the draft; - for standard input")
    approve.add_argument(
        "--question", metavar="TEXT", action="append", help="answer this one (repeat it; else all that was asked)"
    )
    approve.add_argument("--publish", action="store_true", help="let visitors meet the agent's draft at once")
    dismiss = on_one(noun, "dismiss", "say that a gap is none: it never returns (admins)", _dismiss)
    dismiss.add_argument("--reason", metavar="TEXT", default="", help="why, for the audit log")
    on_one(noun, "undo", "take back your own approval or dismissal, for 8 seconds (admins)", _undo)
    merge = on_one(noun, "merge", "make a gap part of another (admins)", _merge, " 0197f3d4")
    merge.add_argument("into", metavar="INTO", help="the gap that stays")
    split = on_one(noun, "split", "take questions out of a gap into one of their own (admins)", _split, " 'in blue?'")
    split.add_argument("questions", metavar="QUESTION", nargs="+", help="as it was asked: see console gap show")


async def _draft(call: Call) -> None:
    from console.editor import edit

    async with acting(call) as (services, actor):
        id = await services.gaps.find(actor, call.args.id)
        if call.args.from_reply:
            return _said(call, await services.review.draft_from_reply(actor, id), "is drafted from a person's reply")
        before = (await services.gaps.show(actor, id)).gap.draft
    # No connection is held while the person types.
    text = edit(before, ".txt").rstrip("\n") if call.args.text is None else given(call.args.text)
    async with acting(call) as (services, actor):
        return _said(call, await services.review.draft(actor, id, text), "is drafted")


async def _approve(call: Call) -> None:
    answer = None if call.args.answer is None else given(call.args.answer)
    async with acting(call) as (services, actor):
        id = await services.gaps.find(actor, call.args.id)
        approved = await services.review.approve(actor, id, answer=answer, questions=call.args.question)
        again = await services.review.ask_again(actor, id)
        version = None
        if call.args.publish:
            agent = (await services.agents.draft(actor, str(approved.gap.agent_id))).agent
            version = await services.versions.publish(
                actor, agent.id, note=f"gap: {approved.gap.question}"[:200], expected=agent.published_version_id
            )
    number = version.number if version else None
    if call.out.json:
        call.out.data({"gap": approved.gap, "curated": approved.curated, "again": again, "published_version": number})
        return
    call.out.text(f"approved: curated answer {approved.curated.id}")
    call.out.text(_again(again))
    slug = approved.gap.agent_slug
    say = f"Visitors meet version {number} now." if number else f"Visitors meet it after: console agent publish {slug}"
    call.out.say(say)


def _again(again: AskedAgain) -> str:
    said = f"asked again: {again.answered} of {again.asked} answered from the draft"
    return "\n".join([said, *(f"  not answered: {question}" for question in again.failed)])


async def _dismiss(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.gaps.find(actor, call.args.id)
        gap = await services.review.dismiss(actor, id, reason=call.args.reason)
    _said(call, gap, "is dismissed: it never returns")


async def _undo(call: Call) -> None:
    async with acting(call) as (services, actor):
        gap = await services.review.undo(actor, await services.gaps.find(actor, call.args.id))
    _said(call, gap, f"is {gap.status.value} again")


async def _merge(call: Call) -> None:
    async with acting(call) as (services, actor):
        id, into = [await services.gaps.find(actor, text) for text in (call.args.id, call.args.into)]
        gap = await services.review.merge(actor, id, into)
    _said(call, gap, f"was asked {gap.occurrences} times, all told")


async def _split(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.gaps.find(actor, call.args.id)
        gap = await services.review.split(actor, id, call.args.questions)
    _said(call, gap, f"is a gap of its own: {gap.id}")


def _said(call: Call, gap: Gap, what: str) -> None:
    if call.out.json:
        call.out.data(gap)
    else:
        call.out.text(f"“{gap.question}” {what}")
