"""Thumbs down on the AI's answers become occurrences of gaps: by a worker, which can embed the questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.clock import utc_now
from console.db.engine import Database
from console.domain.gap import GapTrigger
from console.errors import ConnectionFailedError, OutdatedError
from console.ids import AgentId, ConversationId, RunId, WorkspaceId
from console.services import gaps
from console.services.doubted import Doubted, doubted
from console.services.search import shortened

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

AT_ONCE = 50

# The question is what the answer was looked up for, else the last thing that the visitor said before it; the fence of
# publishing sees to it.
_UNHANDLED = """
    SELECT f.conversation_id, f.seq AS rated, f.updated_at, m.role, m.run_id, m.confidence, c.agent_id, q.seq,
        coalesce(r.output ->> 'own', q.content) AS question, r.output
    FROM feedback f
    JOIN messages m ON m.workspace_id = f.workspace_id AND m.conversation_id = f.conversation_id AND m.seq = f.seq
    JOIN conversations c ON c.workspace_id = f.workspace_id AND c.id = f.conversation_id
    LEFT JOIN runs r ON r.workspace_id = m.workspace_id AND r.id = m.run_id
    LEFT JOIN LATERAL (
        SELECT seq, content FROM messages
        WHERE workspace_id = f.workspace_id AND conversation_id = f.conversation_id AND seq < f.seq AND role = 'user'
        ORDER BY seq DESC LIMIT 1) q ON true
    WHERE f.workspace_id = :ws AND f.rating = 'down' AND f.handled_at IS NULL
      AND (f.updated_at, f.conversation_id, f.seq) > (:at, :id, :seq)
    ORDER BY f.updated_at, f.conversation_id, f.seq LIMIT :limit
"""
# A thumb that has turned up meanwhile stays as it is; two workers at one row record it once.
_STANDS = """
    SELECT 1 FROM feedback
    WHERE workspace_id = :ws AND conversation_id = :id AND seq = :seq AND rating = 'down' AND handled_at IS NULL
    FOR UPDATE
"""
_HANDLE = """
    UPDATE feedback SET handled_at = :now
    WHERE workspace_id = :ws AND conversation_id = :id AND seq = :seq AND rating = 'down' AND handled_at IS NULL
    RETURNING 1
"""


async def record_thumbs_down(db: Database, embedder: Embedder, workspace_id: WorkspaceId) -> int:
    """Record an occurrence for each thumb down on an AI's answer that has none yet; returns how many.

    What a person wrote, and a thank-you, are no gaps: they are only marked as handled. Whatever went wrong first is
    raised when all the others are done; `ConnectionFailedError` at once.
    """
    done, failed = 0, list[Exception]()
    async for row in _unhandled(db, workspace_id):
        try:
            done += await _handle(db, embedder, workspace_id, row)
        except (ConnectionFailedError, OutdatedError):
            raise
        except Exception as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return done


async def _unhandled(db: Database, workspace_id: WorkspaceId) -> AsyncIterator[Any]:
    """Oldest first, page by page: those that can't be handled keep none behind them waiting."""
    after: dict[str, Any] = {"at": datetime.min.replace(tzinfo=UTC), "id": UUID(int=0), "seq": 0}
    while True:
        async with db.read(workspace_id) as tx:
            rows = await tx.rows(_UNHANDLED, limit=AT_ONCE, **after)
        for row in rows:
            yield row
        if len(rows) < AT_ONCE:
            return
        after = {"at": rows[-1].updated_at, "id": rows[-1].conversation_id, "seq": rows[-1].rated}


async def _handle(db: Database, embedder: Embedder, workspace_id: WorkspaceId, row: Any) -> bool:
    """Each gap in a transaction of its own, so that no two are locked at once; the last one says that all is done."""
    seen = await asyncio.to_thread(_occurrences, embedder, row) if row.role == "assistant" and row.question else []
    for one in seen[:-1]:
        async with db.write(workspace_id) as tx:
            if not await tx.scalar(_STANDS, id=row.conversation_id, seq=row.rated):
                return False
            await gaps.record(tx, one)
    async with db.write(workspace_id) as tx:
        handled = await tx.scalar(_HANDLE, id=row.conversation_id, seq=row.rated, now=utc_now())
        if not handled or not seen:
            return False
        await gaps.record(tx, seen[-1])
        tx.hint("conversation", row.conversation_id)
        return True


def _occurrences(embedder: Embedder, row: Any) -> list[gaps.Occurrence]:
    found = (_occurrence(embedder, row, one) for one in doubted(row))
    return [one for one in found if one is not None]


def _occurrence(embedder: Embedder, row: Any, asked: Doubted) -> gaps.Occurrence | None:
    from console.knowledge.courtesy import courtesy
    from console.knowledge.requests import asks_for_person, normalise_question

    question = shortened(asked.question)
    normalised = normalise_question(question)
    if not normalised or courtesy(question) or asks_for_person(question):
        return None
    return gaps.Occurrence(
        agent_id=AgentId(row.agent_id),
        conversation_id=ConversationId(row.conversation_id),
        seq=asked.seq,
        run_id=RunId(row.run_id),
        question=asked.question,
        normalised=normalised,
        embedding=[float(value) for value in embedder.embed([question])[0]],
        trigger=GapTrigger.THUMBS_DOWN,
        score=asked.score or 0.0,
        threshold=(row.output or {}).get("threshold", 0.0),
        retrieval=asked.retrieval,
        disputed=asked.curated,
    )
