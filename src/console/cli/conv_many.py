"""Verbs on one or more conversations: one is answered as itself, many by what was done and what was left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.cli.call import Call
from console.cli.conv_print import print_conversation
from console.cli.parser import Handler, Parser
from console.cli.session import acting
from console.errors import ConflictError, ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from console.domain.actor import Actor
    from console.domain.bulk import BulkAct
    from console.ids import ConversationId
    from console.services import Services

    What = Callable[[Services, Actor], Awaitable[dict[str, Any]]]


def on_many(noun: Parser, name: str, summary: str, handler: Handler, example: str = "") -> Parser:
    """Add a verb that takes conversations."""
    line = " ".join(filter(None, (f"console conv {name} 0197f3c2-...", example)))
    verb = noun.verb(name, summary, handler, examples=[(line, summary)])
    verb.add_argument("ids", metavar="ID", nargs="+", help="conversations, or what their ids begin with")
    verb.add_argument("--dry-run", action="store_true", help="only say which ones it would change")
    return verb


async def act(call: Call, kind: BulkAct, find_out: What | None = None, **what: Any) -> None:
    """Do it to each; `what`, and what `find_out` finds, are the act's own arguments.

    Raises what the act raises for one; when some of many are left as they are, `ConflictError`, or
    `ConnectionFailedError` when the server went away.
    """
    async with acting(call) as (services, actor):
        given = what | (await find_out(services, actor) if find_out else {})
        ids = [await services.conversations.find(actor, text) for text in call.args.ids]
        if call.args.dry_run:
            preview = await services.bulk.preview(actor, kind, ids)
            _print(call, kind, "possible", preview.possible, preview.left)
        elif len(set(ids)) == 1:
            await _one(call, services, actor, kind, ids[0], given)
        else:
            result = await services.bulk.apply(actor, kind, ids, **given)
            _print(call, kind, "done", result.done, result.left)
            if result.left:
                refusal = ConnectionFailedError if result.cut_off else ConflictError
                raise refusal(f"{len(result.left)} of {len(set(ids))} were left as they are")


async def _one(
    call: Call, services: Services, actor: Actor, kind: BulkAct, id: ConversationId, what: dict[str, Any]
) -> None:
    before = await services.conversations.get(actor, id)
    if (kind, before.status) == ("resolve", "resolved"):
        call.out.say("it is resolved already")
    print_conversation(call, await services.bulk.one(actor, kind, id, **what))


def _print(
    call: Call,
    kind: BulkAct,
    word: str,
    reached: Sequence[ConversationId],
    left: Sequence[tuple[ConversationId, str]],
) -> None:
    if call.out.json:
        why = [{"conversation_id": id, "why": reason} for id, reason in left]
        call.out.data({"act": kind.value, word: reached, "left": why})
    else:
        call.out.table(["conversation", kind.value], [*((id, word) for id in reached), *left])
