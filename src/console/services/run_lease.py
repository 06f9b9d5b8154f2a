"""The lease of a run in hand: renewed while its worker lives, given back when the worker can't go on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from console.db.ending import end
from console.db.engine import Database
from console.errors import ConsoleError
from console.ids import RunId, WorkspaceId
from console.services.quotas import release

LEASE_SECONDS = 20.0

LOCK_CONVERSATION = """
    SELECT 1 FROM conversations WHERE workspace_id = :ws
        AND id = (SELECT conversation_id FROM runs WHERE workspace_id = :ws AND id = :id) FOR NO KEY UPDATE
"""
_RENEW = """
    UPDATE runs SET lease_expires_at = now() + make_interval(secs => :lease)
    WHERE workspace_id = :ws AND id = :id AND state = 'running' AND lease_token = :token RETURNING id
"""
# One queued answer a conversation is enough: beside another one, this run ends.
_GIVE_BACK = """
    UPDATE runs r SET lease_token = NULL, lease_expires_at = NULL, state = CASE WHEN EXISTS (
        SELECT FROM runs q WHERE q.workspace_id = :ws AND q.conversation_id = r.conversation_id
            AND q.kind = 'answer' AND q.state = 'queued') THEN 'cancelled' ELSE 'queued' END
    WHERE r.workspace_id = :ws AND r.id = :id AND r.state = 'running' AND r.lease_token = :token RETURNING id
"""


@asynccontextmanager
async def kept(
    db: Database, workspace_id: WorkspaceId, run_id: RunId, token: UUID, *, lease: float = LEASE_SECONDS
) -> AsyncIterator[None]:
    """Renew the lease by the database's clock while the block runs.

    When the worker is told to stop, or the database fails it, the run goes back to the queue as well as that can be
    done; else its lease ends by itself.
    """
    renewing: list[asyncio.Task[None]] = []

    def renew() -> None:
        renewing.append(asyncio.create_task(_renew(db, workspace_id, run_id, token, lease), name="run lease"))

    # Most runs are over before the first renewal is due.
    due = asyncio.get_running_loop().call_later(lease / 4, renew)
    try:
        yield
    except (asyncio.CancelledError, ConsoleError):
        with contextlib.suppress(ConsoleError, TimeoutError):
            await asyncio.shield(asyncio.wait_for(_give_back(db, workspace_id, run_id, token), 5))
        raise
    finally:
        due.cancel()
        for task in renewing:
            await end(task)


async def _renew(db: Database, workspace_id: WorkspaceId, run_id: RunId, token: UUID, lease: float) -> None:
    held = True
    while held:
        with contextlib.suppress(ConsoleError):
            held = bool((await db.write_once(workspace_id, _RENEW, id=run_id, token=token, lease=lease)).rows)
        await asyncio.sleep(lease / 4)


async def _give_back(db: Database, workspace_id: WorkspaceId, run_id: RunId, token: UUID) -> None:
    async with db.write(workspace_id) as tx:
        # So that the next statement sees an answer that a message on its way to its commit has queued.
        await tx.execute(LOCK_CONVERSATION, id=run_id)
        if await tx.scalar(_GIVE_BACK, id=run_id, token=token) is not None:
            await release(tx, run_id)
        tx.hint("run", run_id)
