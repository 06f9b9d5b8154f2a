"""Replies held back for a moment: each becomes one message or its author's draft, whoever lives to see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.actor import Actor, System
from console.domain.held import HOLD_SECONDS, Held
from console.ids import ConversationId, UserId, WorkspaceId, new_id
from console.services.content import same_content
from console.services.events import note_event
from console.services.replies import reply
from console.services.standing import LEASE_SECONDS
from console.text import sanitise

_FOUND = """
    SELECT * FROM held_sends WHERE workspace_id = :ws AND conversation_id = :id AND {which} ORDER BY due_at, id
"""
_SENT = """
    SELECT content, created_at FROM messages
    WHERE workspace_id = :ws AND conversation_id = :id AND client_token = :token
"""
# The clock is read under the row lock: replies are due in the order in which they were held.
_HOLD = """
    WITH c AS (
        UPDATE conversations SET lease_expires_at = now() + make_interval(secs => :lease)
        WHERE workspace_id = :ws AND id = :id AND claimed_by_user_id = :me AND epoch = :epoch
          AND lease_expires_at > now()
        RETURNING id)
    INSERT INTO held_sends (workspace_id, id, conversation_id, user_id, content, client_token, epoch, due_at,
                            created_at)
    SELECT :ws, :held, id, :me, :content, :token, :epoch, clock + make_interval(secs => :seconds), clock
    FROM c, clock_timestamp() AS clock
    RETURNING *
"""
_REMOVE = "DELETE FROM held_sends WHERE workspace_id = :ws AND conversation_id = :id AND {which} RETURNING *"
_INTO_DRAFT = """
    INSERT INTO drafts (workspace_id, conversation_id, user_id, kind, content)
    VALUES (:ws, :id, :author, 'reply', :content)
    ON CONFLICT (workspace_id, conversation_id, user_id, kind)
    DO UPDATE SET content = excluded.content || chr(10) || drafts.content, updated_at = excluded.updated_at
"""


async def hold(tx: WriteTx, actor: Actor, id: ConversationId, content: str, *, token: str, epoch: int) -> Held | None:
    """Hold a reply of the actor, the conversation being locked; None when the fence refused it."""
    row = await tx.row(
        _HOLD, id=id, held=new_id(), me=actor.user_id, content=content, token=token, epoch=epoch,
        lease=LEASE_SECONDS, seconds=HOLD_SECONDS,
    )  # fmt: skip
    tx.hint("conversation", id)
    return _as_held(row, actor) if row else None


async def found(tx: ReadTx, actor: Actor, id: ConversationId) -> tuple[Held, ...]:
    """What the actor holds back, oldest first."""
    rows = await tx.rows(_FOUND.format(which="user_id = :me"), id=id, me=actor.user_id)
    return tuple(_as_held(row, actor) for row in rows)


async def by_token(tx: ReadTx, actor: Actor, id: ConversationId, token: str, content: str) -> Held | None:
    """What the actor holds back under this token; `ConflictError` when it stands for another's or other words."""
    row = await tx.row(_FOUND.format(which="client_token = :token"), id=id, token=token)
    if row is None:
        return None
    same_content(row.content, content if row.user_id == actor.user_id else "")
    return _as_held(row, actor)


async def refuse_token(tx: ReadTx, id: ConversationId, token: str) -> None:
    """Raise `ConflictError` for a token under which a reply is held back."""
    row = await tx.row(_FOUND.format(which="client_token = :token"), id=id, token=token)
    if row is not None:
        same_content(row.content, "")


async def gone_out(tx: ReadTx, actor: Actor, id: ConversationId, token: str) -> Held:
    """What is told of the reply of this token that is a message now: it was due when it was stored."""
    row = await tx.row(_SENT, id=id, token=token)
    assert row is not None  # noqa: S101 - the caller has found it under the row lock
    at: datetime = row.created_at
    return Held(new_id(), id, sanitise(row.content), actor.user_id, actor.name, at, at)


async def call_back(tx: WriteTx, actor: Actor, id: ConversationId, held_id: UUID) -> Held | None:
    """Make the actor's reply the draft again, the conversation being locked; None when it isn't held any more."""
    which = "user_id = :me AND id = :held"
    row = await tx.row(_REMOVE.format(which=which), id=id, me=actor.user_id, held=held_id)
    if row is None:
        return None
    await _into_draft(tx, row)
    tx.hint("conversation", id)
    return _as_held(row, actor)


async def send_held(tx: WriteTx, id: ConversationId, author: UserId | None = None) -> int:
    """Send all that is held, or one author's, the conversation being locked; returns how many went out."""
    rows = await _taken(tx, id, "user_id = :author" if author else "true", **({"author": author} if author else {}))
    return await _send(tx, id, rows)


async def return_held(tx: WriteTx, id: ConversationId) -> None:
    """Make all that is held its authors' drafts again, the conversation being locked."""
    await _not_sent(tx, id, await _taken(tx, id, "true"))


async def release_due(db: Database, workspace_id: WorkspaceId) -> int:
    """Send what is due in a workspace, each conversation in its own transaction; returns how many went out.

    A conversation that is locked now is left for the next time.
    """
    async with db.read(workspace_id) as tx:
        due = await tx.rows(
            "SELECT DISTINCT conversation_id FROM held_sends WHERE workspace_id = :ws AND due_at <= now()"
        )
    return sum([await _release_one(db, workspace_id, ConversationId(row.conversation_id)) for row in due])


async def _release_one(db: Database, workspace_id: WorkspaceId, id: ConversationId) -> int:
    async with db.write(workspace_id) as tx:
        statement = "SELECT 1 FROM conversations WHERE workspace_id = :ws AND id = :id FOR NO KEY UPDATE SKIP LOCKED"
        if await tx.row(statement, id=id) is None:
            return 0
        return await _send(tx, id, await _taken(tx, id, "due_at <= now()"))


async def workspaces_holding(db: Database) -> list[tuple[WorkspaceId, float]]:
    """Workspaces with held replies, each with the seconds until its first one is due, by the database's clock."""
    async with db.read(None) as tx:
        rows = await tx.rows("SELECT workspace_id, due_in FROM workspaces_holding_sends()")
        return [(WorkspaceId(row.workspace_id), row.due_in) for row in rows]


async def _taken(tx: WriteTx, id: ConversationId, which: str, **params: Any) -> list[Any]:
    rows = await tx.rows(_REMOVE.format(which=which), id=id, **params)
    return sorted(rows, key=lambda row: (row.due_at, row.id))


async def _send(tx: WriteTx, id: ConversationId, rows: Sequence[Any]) -> int:
    unsent = []
    for row in rows:
        seq = await reply(tx, id, row.user_id, row.content, token=row.client_token, epoch=row.epoch, held=True)
        if seq is None:
            unsent.append(row)
    await _not_sent(tx, id, unsent)
    if rows:
        tx.hint("conversation", id)
    return len(rows) - len(unsent)


async def _not_sent(tx: WriteTx, id: ConversationId, rows: Sequence[Any]) -> None:
    for row in reversed(rows):  # Each goes before what the draft holds.
        await _into_draft(tx, row)
        await note_event(tx, System(WorkspaceId(row.workspace_id)), id, "not_sent", author=str(row.user_id))


async def _into_draft(tx: WriteTx, row: Any) -> None:
    await tx.execute(_INTO_DRAFT, id=row.conversation_id, author=row.user_id, content=row.content)


def _as_held(row: Any, actor: Actor) -> Held:
    id = ConversationId(row.conversation_id)
    return Held(row.id, id, sanitise(row.content), actor.user_id, actor.name, row.due_at, row.created_at)
