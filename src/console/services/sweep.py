"""What a worker looks for in one workspace: work that nobody has taken, and holders who vanished."""

from __future__ import annotations

from uuid import UUID

from console.db.engine import Database
from console.domain.actor import System
from console.ids import ConversationId, WorkspaceId
from console.services import audit
from console.services.events import note_event


async def workspaces_with_work(db: Database) -> list[WorkspaceId]:
    """Workspaces with queued or running work or an expired lease."""
    async with db.read(None) as tx:
        return [WorkspaceId(row[0]) for row in await tx.rows("SELECT workspaces_with_work()")]


async def return_abandoned(db: Database, workspace_id: WorkspaceId) -> int:
    """Put conversations whose holder's lease has ended back among the waiting ones; returns how many."""
    system = System(workspace_id)
    async with db.write(workspace_id) as tx:
        rows = await tx.rows(
            "UPDATE conversations SET claimed_by_user_id = NULL, claimed_at = NULL, lease_expires_at = NULL,"
            " epoch = epoch + 1, waiting_since = now(), handoff_reason = 'abandoned', updated_at = now()"
            " WHERE workspace_id = :ws AND id IN (SELECT id FROM conversations WHERE workspace_id = :ws"
            " AND lease_expires_at < now() ORDER BY id FOR UPDATE SKIP LOCKED) AND lease_expires_at < now()"
            " RETURNING id"
        )
        for row in rows:
            await note_event(tx, system, ConversationId(row.id), "abandoned")
            await audit.record(tx, system, "conversation.abandoned", ("conversation", row.id))
        return len(rows)


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
            "SELECT id, source_id FROM crawl_runs WHERE workspace_id = :ws AND (state = 'queued'"
            " OR (state = 'running' AND lease_expires_at < now())) ORDER BY created_at LIMIT 500"
        )
        return [(row.id, row.source_id) for row in rows]
