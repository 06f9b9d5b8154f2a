"""`console label`: the labels of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.cli.session import acting

if TYPE_CHECKING:
    from console.domain.label import Label


def register(noun: Parser) -> None:
    """Add the verbs of `console label`."""
    noun.verb("list", "list the labels", _list, examples=[("console label list", "each with its conversations")])
    create = noun.verb("create", "make a label", _create, examples=[("console label create refund", "")])
    rename = noun.verb(
        "rename", "give a label another name (admins)", _rename, examples=[("console label rename refund refunds", "")]
    )
    remove = noun.verb(
        "remove", "take a label off everywhere (admins)", _remove, examples=[("console label remove refund", "")]
    )
    for verb in (create, rename, remove):
        verb.add_argument("name", metavar="NAME", help="the label, in any case")
    rename.add_argument("new", metavar="NEW", help="its new name")


async def _list(call: Call) -> None:
    async with acting(call) as (services, actor):
        labels = await services.labels.all(actor)
    if call.out.json:
        call.out.lines(labels)
        return
    call.out.table(["label", "conversations"], [(label.name, label.conversations) for label in labels])
    if not labels:
        call.out.say("no labels yet: console label create NAME")


async def _create(call: Call) -> None:
    async with acting(call) as (services, actor):
        _said(call, await services.labels.create(actor, call.args.name), "there is the label")


async def _rename(call: Call) -> None:
    async with acting(call) as (services, actor):
        _said(call, await services.labels.rename(actor, call.args.name, call.args.new), "the label is called")


async def _remove(call: Call) -> None:
    async with acting(call) as (services, actor):
        conversations = await services.labels.remove(actor, call.args.name)
    if call.out.json:
        call.out.data({"removed": call.args.name, "conversations": conversations})
    else:
        call.out.text(f"the label {call.args.name} is off {conversations} conversations, and gone")


def _said(call: Call, label: Label, what: str) -> None:
    if call.out.json:
        call.out.data(label)
    else:
        call.out.text(f"{what} {label.name}")
