"""What a worker looks for in one workspace: work that nobody has taken, holders who vanished, what is to wake."""

from __future__ import annotations

from uuid import UUID

from console.db.engine import Database
from console.domain.actor import System
from console.ids import ConversationId, WorkspaceId
from console.services import audit
from console.services.events import note_event, queue_answer, visitor_waits
from console.services.held import send_held


async def workspaces_with_work(db: Database) -> list[WorkspaceId]:
    """Workspaces with queued or running work, an expired lease, or what was put aside, held or reserved and is due."""
    async with db.read(None) as tx:
        return [WorkspaceId(row[0]) for row in await tx.rows("SELECT workspaces_with_work()")]


async def return_abandoned(db: Database, workspace_id: WorkspaceId) -> int:
    """Put conversations whose holder's lease has ended back among the waiting ones; returns how many.

    What the holder held back goes out first. Those that are locked now are left for the next time.
    """
    system = System(workspace_id)
    async with db.write(workspace_id) as tx:
        ids = [ConversationId(row.id) for row in await tx.rows(_LAPSED)]
        for id in ids:
            await send_held(tx, id)
            await tx.execute(_ABANDON, id=id)
            await note_event(tx, system, id, "abandoned")
        for id in ids:
            await audit.record(tx, system, "conversation.abandoned", ("conversation", id))
        return len(ids)


async def wake_snoozed(db: Database, workspace_id: WorkspaceId) -> int:
    """Open again what was put aside until now; returns how many. Those locked now are left for the next time."""
    system = System(workspace_id)
    async with db.write(workspace_id) as tx:
        rows = await tx.rows(_DUE)
        for row in rows:
            id = ConversationId(row.id)
            await tx.execute(_WAKE, id=id)
            if row.control == "ai" and await visitor_waits(tx, id):
                await queue_answer(tx, id, row.agent_id)
            await note_event(tx, system, id, "woken")
        return len(rows)


_LAPSED = """
    SELECT id FROM conversations WHERE workspace_id = :ws AND lease_expires_at < now()
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
_ABANDON = """
    UPDATE conversations SET claimed_by_user_id = NULL, claimed_at = NULL, lease_expires_at = NULL, epoch = epoch + 1,
        waiting_since = coalesce(waiting_since, now()), handoff_reason = 'abandoned', updated_at = now()
    WHERE workspace_id = :ws AND id = :id
"""
_DUE = """
    SELECT id, control, agent_id FROM conversations
    WHERE workspace_id = :ws AND status = 'snoozed' AND snoozed_until <= now()
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
_WAKE = """
    UPDATE conversations SET status = 'open', snoozed_until = NULL, epoch = epoch + 1, updated_at = now(),
        waiting_since = CASE control WHEN 'human' THEN now() END
    WHERE workspace_id = :ws AND id = :id
"""


async def untaken_runs(db: Database, workspace_id: WorkspaceId) -> list[tuple[UUID, UUID]]:
    """(run, conversation) of answers that wait for a job, or whose worker's lease has ended."""
    async with db.read(workspace_id) as tx:
        rows = await tx.rows(
            "SELECT id, conversation_id FROM runs WHERE workspace_id = :ws AND kind = 'answer'"
            " AND conversation_id IS NOT NULL AND ((state = 'queued' AND created_at < now() - interval '1 second')"
            " OR (state = 'running' AND lease_expires_at < now())) ORDER BY created_at LIMIT 500"
        )
        return [(row.id, row.conversation_id) for row in rows]


async def untaken_crawls(db: Database, workspace_id: WorkspaceId) -> list[tuple[UUID, UUID]]:
    """(crawl run, source) of ingests that wait for a job, or whose worker's lease has ended."""
    async with db.read(workspace_id) as tx:
        rows = await tx.rows(
            "SELECT id, source_id FROM crawl_runs WHERE workspace_id = :ws AND ((state = 'queued'"
            " AND coalesce(not_before <= now(), true)) OR (state = 'running' AND lease_expires_at < now()))"
            " ORDER BY created_at LIMIT 500"
        )
        return [(row.id, row.source_id) for row in rows]
