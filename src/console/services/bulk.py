"""One act on many conversations, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.bulk import BulkAct, BulkPreview, BulkResult
from console.domain.conversation import Conversation, Status
from console.errors import ConnectionFailedError, ConsoleError
from console.ids import ConversationId
from console.services.conversations import Conversations
from console.services.labels import Labels
from console.services.standing import Standing, standings
from console.services.takeover import Takeover
from console.services.triage import Triage
from console.services.unit import reading
from console.text import SafeText, sanitise

_MOVES = {BulkAct.RESOLVE, BulkAct.SNOOZE, BulkAct.ASSIGN}
_NEEDS_OPEN = {BulkAct.RESOLVE, BulkAct.SNOOZE}
_NEEDS_MINE = {BulkAct.RELEASE, BulkAct.HAND_BACK}


class Bulk:
    """Acts on what is marked."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def preview(self, actor: Actor, act: BulkAct, ids: Sequence[ConversationId]) -> BulkPreview:
        """Which ones the act would change now, and why not the others; changes nothing. Each id counts once."""
        found = await self._found(actor, ids)
        why = {id: _why_not(act, found.get(id), actor) for id in dict.fromkeys(ids)}
        return BulkPreview(
            tuple(id for id, reason in why.items() if reason is None),
            tuple((id, sanitise(reason)) for id, reason in why.items() if reason is not None),
        )

    async def apply(self, actor: Actor, act: BulkAct, ids: Sequence[ConversationId], **what: Any) -> BulkResult:
        """Do it to each; an error of one never stops the rest.

        `what` is what the act itself takes: `until` to snooze, `to` to assign, `priority`, `add` and `remove` for
        labels. `seen` may give each conversation's last visitor seq known to the actor: a newer message leaves it.
        """
        found = await self._found(actor, ids)
        done: list[ConversationId] = []
        left: list[tuple[ConversationId, SafeText]] = []
        gone: ConnectionFailedError | None = None
        for id in dict.fromkeys(ids):
            try:
                if gone is not None:
                    raise gone  # Each further one would wait for the server in vain.
                if (reason := _why_not(act, found.get(id), actor)) is not None:
                    left.append((id, sanitise(reason)))
                    continue
                await self._one(actor, act, id, found[id].epoch, what)
                done.append(id)
            except ConsoleError as error:
                gone = error if isinstance(error, ConnectionFailedError) else None
                left.append((id, sanitise(error.message)))
        return BulkResult(tuple(done), tuple(left), gone is not None)

    async def one(self, actor: Actor, act: BulkAct, id: ConversationId, **what: Any) -> Conversation:
        """Do it to one, and return it; raises what the act raises. `what` is as in `apply`, `seen` a seq."""
        conversations = Conversations(self._db)
        now = await conversations.get(actor, id)
        if act is BulkAct.RESOLVE and now.status is Status.RESOLVED:
            return now
        seen = {} if what.get("seen") is None else {id: what["seen"]}
        await self._one(actor, act, id, now.epoch, what | {"seen": seen})
        return await conversations.get(actor, id)

    async def _found(self, actor: Actor, ids: Sequence[ConversationId]) -> dict[ConversationId, Standing]:
        async with reading(self._db, actor, "conversation.bulk", ("workspace", actor.workspace_id), Role.MEMBER) as tx:
            return await standings(tx, ids)

    async def _one(self, actor: Actor, act: BulkAct, id: ConversationId, epoch: int, what: dict[str, Any]) -> None:
        takeover, seen = Takeover(self._db), (what.get("seen") or {}).get(id)
        match act:
            case BulkAct.RESOLVE:
                await takeover.resolve(actor, id, epoch=epoch, seen=seen)
            case BulkAct.SNOOZE:
                await takeover.snooze(actor, id, until=what["until"], epoch=epoch, seen=seen)
            case BulkAct.ASSIGN:
                await takeover.assign(actor, id, what["to"], epoch=epoch)
            case BulkAct.RELEASE:
                await takeover.release(actor, id, epoch=epoch)
            case BulkAct.HAND_BACK:
                await takeover.hand_back(actor, id, epoch=epoch)
            case BulkAct.PRIORITY:
                await Triage(self._db).set_priority(actor, id, what["priority"])
            case BulkAct.LABEL:
                await Labels(self._db).change(actor, id, add=what.get("add", ()), remove=what.get("remove", ()))


def _why_not(act: BulkAct, seen: Standing | None, actor: Actor) -> str | None:
    if seen is None:
        return "there is no such conversation here"
    if act in _NEEDS_MINE and not seen.mine(actor):
        return "you don't hold it"
    if act in _MOVES and seen.holder and not seen.mine(actor):
        return f"{seen.holder.name} holds it"
    if act in _NEEDS_OPEN and seen.row.status == "resolved":
        return "it is resolved already"
    return None
