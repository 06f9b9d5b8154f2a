"""Where a conversation stands as a transaction sees it: who holds it, under which epoch, what is held back in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.db.engine import ReadTx, WriteTx
from console.domain.actor import Actor
from console.domain.conversation import Holder
from console.errors import ConflictError, NotFoundError
from console.ids import ConversationId, UserId
from console.text import sanitise

LEASE_SECONDS = 60

_STANDING = """
    SELECT c.*, u.name AS holder_name, c.lease_expires_at > now() AS live, EXISTS (SELECT FROM held_sends h
        WHERE h.workspace_id = c.workspace_id AND h.conversation_id = c.id) AS holds_back
    FROM conversations c
    LEFT JOIN workspace_users u ON u.workspace_id = c.workspace_id AND u.user_id = c.claimed_by_user_id
    WHERE c.workspace_id = :ws AND c.id = {id}
"""
_ONE, _MANY = _STANDING.format(id=":id"), _STANDING.format(id="ANY (cast(:ids AS uuid[]))")


class Standing:
    """Holder and epoch, and the whole row; an expired lease is no holder."""

    def __init__(self, row: Any) -> None:
        self.row = row
        self.epoch: int = row.epoch
        self.holder = (
            Holder(UserId(row.claimed_by_user_id), sanitise(row.holder_name or ""), row.claimed_at,
                   row.lease_expires_at)
            if row.claimed_by_user_id and row.live
            else None
        )  # fmt: skip

    def mine(self, actor: Actor) -> bool:
        """Whether the actor holds it."""
        return self.holder is not None and self.holder.user_id == actor.user_id


async def standing(tx: ReadTx, id: ConversationId) -> Standing:
    """The standing now; `NotFoundError` when there is no such conversation."""
    row = await tx.row(_ONE, id=id)
    if row is None:
        raise no_such_conversation(id)
    return Standing(row)


async def standings(tx: ReadTx, ids: Sequence[ConversationId]) -> dict[ConversationId, Standing]:
    """The standing of each of these that exists here."""
    return {ConversationId(row.id): Standing(row) for row in await tx.rows(_MANY, ids=list(ids))}


async def lock(tx: WriteTx, id: ConversationId) -> None:
    """Take the conversation's row lock, the first of all locks; `NotFoundError` when there is no such conversation."""
    statement = "SELECT 1 FROM conversations WHERE workspace_id = :ws AND id = :id FOR NO KEY UPDATE"
    if await tx.row(statement, id=id) is None:
        raise no_such_conversation(id)


async def locked(tx: WriteTx, id: ConversationId) -> Standing:
    """The standing under the row lock: it changes by this transaction only. `NotFoundError` as `lock`."""
    # Two statements: the second one's snapshot is taken after the wait.
    await lock(tx, id)
    return await standing(tx, id)


def no_such_conversation(id: ConversationId) -> NotFoundError:
    """The same words for a foreign id and a random one."""
    return NotFoundError(f"there is no conversation {id} here", hint="`console conv list` shows them")


def lost(seen: Standing, actor: Actor) -> ConflictError:
    """Why a fenced act was refused: somebody else holds it, or it moved on."""
    if seen.holder and not seen.mine(actor):
        return ConflictError(
            f"{seen.holder.name} has held this conversation since {seen.holder.since:%H:%M} UTC",
            hint="an admin may take it over",
        )
    if seen.holder:
        return ConflictError("the conversation changed meanwhile", hint="look at it again, then repeat")
    return ConflictError("you don't hold this conversation", hint="take it over first (console conv claim ID)")
