"""`console curated`: answers that agents give word for word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.cli.session import acting
from console.cli.words import given

if TYPE_CHECKING:
    from console.domain.curated import CuratedAnswer


def register(noun: Parser) -> None:
    """Add the verbs of `console curated`."""
    listed = noun.verb("list", "list the curated answers of all agents", _list)
    listed.add_argument("--agent", metavar="SLUG", help="of this agent alone")
    show = noun.verb("show", "show a curated answer", _show, examples=[("console curated show 0197f3c2", "")])
    add = noun.verb(
        "add",
        "answer questions word for word from the next publish on (admins)",
        _add,
        examples=[("console curated add help 'We ship within the US.' --question 'do you ship abroad?'", "")],
    )
    add.takes_agent()
    add.add_argument("answer", metavar="TEXT", help="the words; - reads them from standard input")
    edit = noun.verb(
        "edit",
        "change a curated answer (admins)",
        _edit,
        examples=[("console curated edit 0197f3c2", "opens $EDITOR, else the usual one")],
    )
    remove = noun.verb("remove", "take a curated answer out of the draft (admins)", _remove)
    for verb in (show, edit, remove):
        verb.takes_id("the curated answer")
    edit.add_argument("answer", metavar="TEXT", nargs="?", help="the words; - reads them from standard input")
    for verb in (add, edit):
        verb.add_argument(
            "--question", metavar="TEXT", action="append", required=verb is add, help="a question (repeat it)"
        )


async def _list(call: Call) -> None:
    async with acting(call) as (services, actor):
        found = await services.curated.list(actor, call.args.agent)
    if call.out.json:
        call.out.lines(found)
        return
    rows = [(one.id, one.agent_slug, one.hits, one.questions[0], one.answer) for one in found]
    call.out.table(["id", "agent", "hits", "question", "answer"], rows)
    if not found:
        call.out.say("no curated answers yet: console curated add, or approve a gap")


async def _show(call: Call) -> None:
    async with acting(call) as (services, actor):
        one = await services.curated.get(actor, await services.curated.find(actor, call.args.id))
    if call.out.json:
        call.out.data(one)
        return
    for question in one.questions:
        call.out.text(f"? {question}")
    call.out.text(one.answer.expandtabs(4))
    call.out.say(f"agent {one.agent_slug}, {one.hits} hits, by {one.author_name}, {one.updated_at:%Y-%m-%d %H:%M} UTC")


async def _add(call: Call) -> None:
    answer = given(call.args.answer)
    async with acting(call) as (services, actor):
        one = await services.curated.create(actor, call.args.agent, call.args.question, answer)
    _said(call, one, f"added {one.id}")


async def _edit(call: Call) -> None:
    from console.editor import edit

    async with acting(call) as (services, actor):
        id = await services.curated.find(actor, call.args.id)
        before = await services.curated.get(actor, id)
    answer = None if call.args.answer is None else given(call.args.answer)
    if answer is None and call.args.question is None:
        answer = edit(before.answer, ".txt").rstrip("\n")  # no connection is held while the person types
    async with acting(call) as (services, actor):
        one = await services.curated.edit(actor, id, questions=call.args.question, answer=answer)
    _said(call, one, f"changed {one.id}")


async def _remove(call: Call) -> None:
    async with acting(call) as (services, actor):
        one = await services.curated.retire(actor, await services.curated.find(actor, call.args.id))
    _said(call, one, f"{one.id} is out of the draft")


def _said(call: Call, one: CuratedAnswer, what: str) -> None:
    if call.out.json:
        call.out.data(one)
        return
    call.out.text(what)
    call.out.say(f"Visitors meet it after: console agent publish {one.agent_slug}")
