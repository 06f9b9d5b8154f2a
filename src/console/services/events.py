"""The conversation's own log of changes of control and status, and the queueing of the AI's next run."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from console.db.engine import ReadTx, WriteTx
from console.domain.actor import Actor, Principal
from console.ids import ConversationId, RunId, new_id


async def note_event(
    tx: WriteTx, principal: Principal, conversation_id: ConversationId, kind: str, **detail: Any
) -> None:
    """Add an event after the conversation's last message, under its present epoch."""
    # The caller has just written the conversation, so its row is locked and these values are final.
    row = await tx.row(
        "SELECT last_seq, epoch FROM conversations WHERE workspace_id = :ws AND id = :id", id=conversation_id
    )
    if row is None:
        return
    await tx.execute(
        "INSERT INTO conversation_events"
        " (workspace_id, conversation_id, id, after_seq, kind, epoch, actor_user_id, detail, created_at)"
        " VALUES (:ws, :conversation, :id, :seq, :kind, :epoch, :user, cast(:detail AS jsonb),"
        " coalesce(cast(:back AS timestamptz), now()))",
        conversation=conversation_id, id=new_id(), seq=row.last_seq, kind=kind, epoch=row.epoch,
        user=principal.user_id if isinstance(principal, Actor) else None, detail=json.dumps(detail),
    )  # fmt: skip
    tx.hint("conversation", conversation_id)


async def queue_answer(tx: WriteTx, conversation_id: ConversationId, agent_id: UUID) -> RunId | None:
    """Queue the AI's next answer, or None when one is queued already: a burst gets one answer."""
    run_id: UUID | None = await tx.scalar(
        "INSERT INTO runs (workspace_id, id, kind, state, agent_id, conversation_id)"
        " VALUES (:ws, :id, 'answer', 'queued', :agent, :conversation)"
        " ON CONFLICT (workspace_id, conversation_id) WHERE kind = 'answer' AND state = 'queued'"
        " DO NOTHING RETURNING id",
        id=new_id(), agent=agent_id, conversation=conversation_id,
    )  # fmt: skip
    if run_id is not None:
        tx.hint("run", run_id)
        tx.hint("conversation", conversation_id)
    return RunId(run_id) if run_id else None


async def cancel_queued(tx: WriteTx, conversation_id: ConversationId) -> None:
    """Cancel the answer that has not begun; one that runs is stopped by the epoch at its publish."""
    await tx.execute(
        "UPDATE runs SET state = 'cancelled', finished_at = now()"
        " WHERE workspace_id = :ws AND conversation_id = :id AND kind = 'answer' AND state = 'queued'",
        id=conversation_id,
    )


async def visitor_waits(tx: ReadTx, conversation_id: ConversationId) -> bool:
    """Whether the last thing said between visitor and house is the visitor's."""
    role: str | None = await tx.scalar(
        "SELECT role FROM messages WHERE workspace_id = :ws AND conversation_id = :id"
        " AND role IN ('user', 'assistant', 'human') ORDER BY seq DESC LIMIT 1",
        id=conversation_id,
    )
    return role == "user"
