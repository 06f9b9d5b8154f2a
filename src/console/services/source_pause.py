"""Pausing a source: its run ends where it is, and nothing half read is left."""

from __future__ import annotations

from console.db.engine import WriteTx
from console.ids import SourceId


async def pause(tx: WriteTx, id: SourceId) -> None:
    """Cancel the source's run, whoever works on it, and put its documents back to what is visible of them."""
    for statement in _PAUSE:
        await tx.execute(statement, source=id)


# A crawl locks its run before anything else: the same order here.
_PAUSE = (
    """
    UPDATE crawl_runs SET state = 'cancelled', error = 'paused', finished_at = now(), lease_token = NULL,
        lease_expires_at = NULL, not_before = NULL
    WHERE workspace_id = :ws AND source_id = :source AND state IN ('queued', 'running')
    """,
    """
    UPDATE documents SET status = CASE WHEN content_hash IS NULL THEN 'pending' ELSE 'ready' END, error = ''
    WHERE workspace_id = :ws AND source_id = :source AND status IN ('processing', 'waiting')
    """,
    """
    DELETE FROM chunks c USING documents d
    WHERE c.workspace_id = :ws AND c.source_id = :source AND d.workspace_id = c.workspace_id AND d.id = c.document_id
        AND d.generation <> c.generation
    """,
    """
    UPDATE sources SET status = 'paused', error = '', updated_at = now() WHERE workspace_id = :ws AND id = :source
    """,
)
