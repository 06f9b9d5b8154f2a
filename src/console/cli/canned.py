"""`console canned`: replies to insert by their shortcut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.cli.session import acting
from console.cli.words import given

if TYPE_CHECKING:
    from console.domain.canned import CannedReply


def register(noun: Parser) -> None:
    """Add the verbs of `console canned`."""
    listed = noun.verb("list", "list the canned replies", _list, examples=[("console canned list re", "")])
    listed.add_argument("prefix", metavar="PREFIX", nargs="?", default="", help="only those that begin so")
    show = noun.verb(
        "show",
        "show a canned reply",
        _show,
        examples=[("console canned show returns --conv 0197f3c2-...", "filled in for this conversation")],
    )
    show.add_argument("--conv", metavar="ID", help="fill in {visitor}, {agent} and {me} for this conversation")
    add = noun.verb(
        "add",
        "add a canned reply",
        _add,
        examples=[
            ("console canned add returns 'Hello {visitor}, within 30 days.'", "{visitor}, {agent}, {me} are filled in"),
            ("console canned add returns", "opens $EDITOR, else the usual one"),
        ],
    )
    edit = noun.verb("edit", "change a canned reply", _edit, examples=[("console canned edit returns", "in $EDITOR")])
    remove = noun.verb("remove", "remove a canned reply (admins)", _remove)
    for verb in (show, add, edit, remove):
        verb.add_argument("shortcut", metavar="SHORTCUT", help="its name: a-z, 0-9 and -")
    for verb in (add, edit):
        verb.add_argument("text", metavar="TEXT", nargs="?", help="the words; - reads them from standard input")
        verb.add_argument("--title", metavar="TEXT", help="what it is for, in a line")


async def _list(call: Call) -> None:
    async with acting(call) as (services, actor):
        replies = await services.canned.all(actor, call.args.prefix)
    if call.out.json:
        call.out.lines(replies)
        return
    call.out.table(["shortcut", "title", "words"], [(reply.shortcut, reply.title, reply.content) for reply in replies])
    if not replies:
        call.out.say("none begins so" if call.args.prefix else "no canned replies yet: console canned add SHORTCUT")


async def _show(call: Call) -> None:
    async with acting(call) as (services, actor):
        reply = await services.canned.get(actor, call.args.shortcut)
        filled = None
        if call.args.conv:
            id = await services.conversations.find(actor, call.args.conv)
            filled = await services.canned.fill(actor, reply.shortcut, id)
    if call.out.json:
        call.out.data(_shown(reply) | ({} if filled is None else {"filled": filled}))
    else:
        call.out.text((reply.content if filled is None else filled).expandtabs(4))


async def _add(call: Call) -> None:
    from console.domain.canned import checked_shortcut

    shortcut = checked_shortcut(call.args.shortcut)  # Before an editor opens.
    await _save(call, shortcut, _words(call, ""), call.args.title or "", new=True)


async def _edit(call: Call) -> None:
    async with acting(call) as (services, actor):
        before = await services.canned.get(actor, call.args.shortcut)
    # No connection is held while the person types. A title alone leaves the words as they are.
    only_title = call.args.title is not None and call.args.text is None
    content = before.content if only_title else _words(call, before.content)
    await _save(call, before.shortcut, content, before.title if call.args.title is None else call.args.title, new=False)


async def _save(call: Call, shortcut: str, content: str, title: str, *, new: bool) -> None:
    async with acting(call) as (services, actor):
        reply = await services.canned.save(actor, shortcut, title=title, content=content, new=new)
    if call.out.json:
        call.out.data(reply)
    else:
        call.out.text(f"{reply.shortcut} is {'added' if new else 'saved'}")


async def _remove(call: Call) -> None:
    async with acting(call) as (services, actor):
        await services.canned.remove(actor, call.args.shortcut)
    if call.out.json:
        call.out.data({"removed": call.args.shortcut})
    else:
        call.out.text(f"{call.args.shortcut} is gone")


def _words(call: Call, before: str) -> str:
    from console.editor import edit

    return edit(before, ".txt").rstrip("\n") if call.args.text is None else given(call.args.text)


def _shown(reply: CannedReply) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(reply)
