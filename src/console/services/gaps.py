"""Knowledge gaps: each unanswered question once, with every time it was asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from console.db.engine import Database, ReadTx, WriteTx
from console.db.models.review import GapOccurrence, KnowledgeGap
from console.domain.actor import Actor
from console.domain.gap import Gap, GapStatus, GapTrigger
from console.ids import AgentId, ConversationId, GapId, RunId, new_id
from console.services.unit import reading
from console.text import one_line

SAME_QUESTION = 0.85
"""Cosine similarity from which two questions are one gap without asking anybody."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One unanswered question: where it was asked, and what retrieval saw."""

    agent_id: AgentId
    conversation_id: ConversationId
    seq: int
    run_id: RunId
    question: str
    normalised: str
    embedding: Sequence[float]
    trigger: GapTrigger
    score: float
    threshold: float
    retrieval: Sequence[Mapping[str, Any]]


async def record(tx: WriteTx, seen: Occurrence) -> GapId:
    """Add an occurrence to its gap, which is found by words or meaning, or made. Repeating it changes nothing."""
    hashed = hashlib.sha256(seen.normalised.encode()).digest()
    vector = "[" + ",".join(f"{value:.5f}" for value in seen.embedding) + "]"
    gap_id, similarity = await _find(tx, seen, hashed, vector)
    if gap_id is None:
        gap_id = await _make(tx, seen, hashed, vector)
    added = await tx.scalar(
        _OCCURRENCE, id=new_id(), gap=gap_id, conversation=seen.conversation_id, seq=seen.seq, run=seen.run_id,
        question=seen.question, hash=hashed, trigger=seen.trigger, score=seen.score, threshold=seen.threshold,
        similarity=similarity,
    )  # fmt: skip
    if added is not None:
        await tx.execute(
            "UPDATE knowledge_gaps SET occurrences = occurrences + 1, last_seen_at = now(), updated_at = now()"
            " WHERE workspace_id = :ws AND id = :id",
            id=gap_id,
        )
        tx.hint("gap", gap_id)
    return GapId(gap_id)


async def _find(tx: ReadTx, seen: Occurrence, hashed: bytes, vector: str) -> tuple[UUID | None, float | None]:
    by_words = await tx.scalar(
        "SELECT g.id FROM knowledge_gaps g WHERE g.workspace_id = :ws AND g.agent_id = :agent AND"
        " (g.normalised_hash = :hash OR EXISTS (SELECT FROM gap_occurrences o WHERE o.workspace_id = :ws"
        " AND o.gap_id = g.id AND o.normalised_hash = :hash)) LIMIT 1",
        agent=seen.agent_id, hash=hashed,
    )  # fmt: skip
    if by_words is not None:
        return by_words, 1.0
    nearest = await tx.row(
        "SELECT id, 1 - (embedding <=> cast(:vector AS halfvec)) AS similarity FROM knowledge_gaps"
        " WHERE workspace_id = :ws AND agent_id = :agent AND model_id = 1 ORDER BY 2 DESC LIMIT 1",
        agent=seen.agent_id, vector=vector,
    )  # fmt: skip
    if nearest is not None and nearest.similarity >= SAME_QUESTION:
        return nearest.id, nearest.similarity
    return None, None


async def _make(tx: WriteTx, seen: Occurrence, hashed: bytes, vector: str) -> UUID:
    # Two racing first askers: the second finds the first's row by the same words.
    made: UUID = await tx.scalar(
        "INSERT INTO knowledge_gaps (workspace_id, id, agent_id, question, normalised_hash, embedding, model_id,"
        " trigger, score, threshold, retrieval) VALUES (:ws, :id, :agent, :question, :hash,"
        " cast(:vector AS halfvec), 1, :trigger, :score, :threshold, cast(:retrieval AS jsonb))"
        " ON CONFLICT (workspace_id, agent_id, normalised_hash) DO UPDATE SET question = knowledge_gaps.question"
        " RETURNING id",
        id=new_id(), agent=seen.agent_id, question=seen.question, hash=hashed, vector=vector, trigger=seen.trigger,
        score=seen.score, threshold=seen.threshold, retrieval=json.dumps(list(seen.retrieval)),
    )  # fmt: skip
    return made


_OCCURRENCE = """
    INSERT INTO gap_occurrences (workspace_id, id, gap_id, conversation_id, seq, run_id, question, normalised_hash,
                                 trigger, score, threshold, similarity)
    VALUES (:ws, :id, :gap, :conversation, :seq, :run, :question, :hash, :trigger, :score, :threshold, :similarity)
    ON CONFLICT (workspace_id, conversation_id, seq) DO NOTHING RETURNING id
"""


class Gaps:
    """The review queue."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(
        self, actor: Actor, status: GapStatus | None = GapStatus.OPEN, *, limit: int = 200
    ) -> tuple[Gap, ...]:
        """Gaps of a status (None: of all), most asked first."""
        async with reading(self._db, actor, "gap.read", ("workspace", actor.workspace_id)) as tx:
            gaps = _gaps(actor) if status is None else _gaps(actor).where(KnowledgeGap.status == status)
            return tuple(_gap(row.KnowledgeGap, row.conversations) for row in await tx.rows(gaps.limit(limit)))


def _gaps(actor: Actor) -> Select[KnowledgeGap, int]:
    conversations = (
        select(func.count(GapOccurrence.conversation_id.distinct()))
        .where(GapOccurrence.workspace_id == KnowledgeGap.workspace_id, GapOccurrence.gap_id == KnowledgeGap.id)
        .label("conversations")
    )
    return (
        select(KnowledgeGap, conversations)
        .where(KnowledgeGap.workspace_id == actor.workspace_id)
        .order_by(KnowledgeGap.occurrences.desc(), KnowledgeGap.last_seen_at.desc(), KnowledgeGap.id)
    )


def _gap(row: KnowledgeGap, conversations: int) -> Gap:
    return Gap(
        id=GapId(row.id),
        question=one_line(row.question, 500),
        status=GapStatus(row.status),
        trigger=GapTrigger(row.trigger),
        occurrences=row.occurrences,
        conversations=conversations,
        score=row.score,
        threshold=row.threshold,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
    )
