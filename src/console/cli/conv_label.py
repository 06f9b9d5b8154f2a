"""`console conv label`: mark conversations."""

from __future__ import annotations

from console.cli.call import Call
from console.cli.conv_many import act
from console.cli.parser import Parser
from console.cli.session import acting
from console.domain.bulk import BulkAct
from console.errors import UsageError


def register(noun: Parser) -> None:
    """Add the verb."""
    label = noun.verb(
        "label",
        "put labels on conversations, and take them off",
        _label,
        examples=[
            ("console conv label 0197f3c2-... refund", "puts it on; a new name becomes a label"),
            ("console conv label 0197f3c2-... +vip -refund", "puts one on, takes one off"),
            ("console conv label 0197f3c2-... +vip --id 0197f3c4-...", "on two conversations"),
        ],
    )
    label.dashed = True
    label.takes_id("the conversation")
    label.add_argument("names", metavar="[+|-]NAME", nargs="+", help="+ or nothing puts it on, - takes it off")
    label.add_argument("--id", dest="more", metavar="ID", action="append", default=[], help="this conversation too")
    label.add_argument("--dry-run", action="store_true", help="only say which ones it would change")


async def _label(call: Call) -> None:
    add = [name.removeprefix("+") for name in call.args.names if not name.startswith("-")]
    remove = [name[1:] for name in call.args.names if name.startswith("-")]
    if "" in (*add, *remove):
        raise UsageError("a + or - stands alone", hint="console conv label ID +vip -refund")
    if call.args.more or call.args.dry_run:
        call.args.ids = [call.args.id, *call.args.more]
        await act(call, BulkAct.LABEL, add=add, remove=remove)
        return
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        labels = await services.labels.change(actor, id, add=add, remove=remove)
    if call.out.json:
        call.out.data({"conversation_id": id, "labels": labels})
    else:
        call.out.text(", ".join(labels) or "no labels")
