"""Rows of curated answers: the draft of an agent, and the immutable copies that a published version answers with."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.engine import ReadTx, WriteTx
from console.domain.curated import CuratedAnswer, CuratedHit
from console.ids import AgentId, CuratedId, GapId, VersionId
from console.knowledge.invisible import visible
from console.knowledge.requests import normalise_question
from console.text import one_line, sanitise

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

PACKAGED_MODEL = 1
"""Questions are compared by the packaged embedding model, whatever searches the knowledge."""

Vectors = Mapping[str, str]
"""The embedding of each question, as the database reads one."""


def spelled(question: str) -> str:
    """The question's one spelling: what makes two questions the same, word for word."""
    return normalise_question(visible(question))


def hashed(question: str) -> bytes:
    """SHA-256 of the question's one spelling."""
    return hashlib.sha256(spelled(question).encode("utf-8", "replace")).digest()


def written(vector: Iterable[float]) -> str:
    """A vector as the database reads one."""
    return "[" + ",".join(f"{value:.5f}" for value in vector) + "]"


async def drafted(tx: ReadTx, agent_id: AgentId) -> list[dict[str, Any]]:
    """The curated answers of an agent's draft, as a version keeps them: id, questions, answer."""
    rows = await tx.rows(
        "SELECT id, questions, answer FROM curated_answers WHERE workspace_id = :ws AND agent_id = :agent"
        " AND retired_at IS NULL ORDER BY id",
        agent=agent_id,
    )
    return [{"id": str(row.id), "questions": list(row.questions), "answer": row.answer} for row in rows]


def questions_of(snapshot: Mapping[str, Any]) -> list[str]:
    """Every question that a snapshot's curated answers answer."""
    return [question for one in snapshot.get("curated_answers", ()) for question in one["questions"]]


async def embedded_questions(questions: Sequence[str], embedder: Embedder | None) -> dict[str, str]:
    """The embedding of each question, by the packaged model; no transaction may be open. `EmbeddingError`."""
    from console.ai.embedder import MiniLm

    distinct = list(dict.fromkeys(questions))
    vectors = await asyncio.to_thread((embedder or MiniLm()).embed, distinct)
    return {question: written(vector) for question, vector in zip(distinct, vectors, strict=True)}


async def known_vectors(tx: ReadTx, version_id: VersionId | None) -> dict[str, str]:
    """The embeddings that a version's questions have already."""
    rows = await tx.rows(
        "SELECT question, embedding::text AS vector FROM agent_version_answers WHERE workspace_id = :ws"
        " AND agent_version_id = :version AND model_id = :model",
        version=version_id, model=PACKAGED_MODEL,
    )  # fmt: skip
    return {row.question: row.vector for row in rows}


async def insert_answers(tx: WriteTx, version_id: VersionId, snapshot: Mapping[str, Any], vectors: Vectors) -> None:
    """Copy a snapshot's curated answers, a row for each question, for the version to answer with."""
    rows = [
        {"hash": hashed(question).hex(), "id": one["id"], "question": question, "answer": one["answer"],
         "vector": vectors[question]}
        for one in snapshot.get("curated_answers", ()) for question in one["questions"]
    ]  # fmt: skip
    if rows:
        await tx.execute(_INSERT, version=version_id, model=PACKAGED_MODEL, rows=json.dumps(rows))


async def exact(tx: ReadTx, version_id: VersionId, question: str) -> CuratedHit | None:
    """The answer to this very question, but for its spelling."""
    row = await tx.row(EXACT, version=version_id, hash=hashed(question))
    return _hit(row, 1.0) if row else None


async def nearest(tx: ReadTx, version_id: VersionId, vector: Sequence[float], k: int) -> list[CuratedHit]:
    """The questions of a version that are nearest in meaning, best first; every one of them is compared."""
    rows = await tx.rows(_NEAREST, version=version_id, vector=written(vector), model=PACKAGED_MODEL, k=k)
    # Same meaning is never the same words: 1.0 stands for those alone.
    return [_hit(row, min(row.similarity, 0.9999)) for row in rows]


async def count_hit(tx: WriteTx, id: UUID) -> None:
    """Count an answer that a visitor was given."""
    await tx.execute(
        "UPDATE curated_answers SET hits = hits + 1, last_hit_at = now() WHERE workspace_id = :ws AND id = :id", id=id
    )


def to_curated(row: Any) -> CuratedAnswer:
    """A row of `SELECT` as a domain object."""
    return CuratedAnswer(
        CuratedId(row.id), AgentId(row.agent_id), sanitise(row.slug), tuple(map(sanitise, row.questions)),
        sanitise(row.answer), GapId(row.origin_gap_id) if row.origin_gap_id else None, row.hits, row.last_hit_at,
        one_line(row.author or ""), row.created_at, row.updated_at,
    )  # fmt: skip


async def of_gap(tx: ReadTx, gap_id: UUID) -> CuratedAnswer | None:
    """The curated answer that came of a gap, unless it is retired."""
    row = await tx.row(f"{SELECT} AND k.retired_at IS NULL AND k.origin_gap_id = :id", id=gap_id)
    return to_curated(row) if row else None


def _hit(row: Any, similarity: float) -> CuratedHit:
    return CuratedHit(row.curated_answer_id, row.question, row.answer, similarity)


SELECT = """
    SELECT k.*, a.slug, u.name AS author FROM curated_answers k
    JOIN agents a ON a.workspace_id = k.workspace_id AND a.id = k.agent_id
    LEFT JOIN workspace_users u ON u.workspace_id = k.workspace_id AND u.user_id = k.created_by_user_id
    WHERE k.workspace_id = :ws
"""
EXACT = """
    SELECT curated_answer_id, question, answer FROM agent_version_answers
    WHERE workspace_id = :ws AND agent_version_id = :version AND normalised_hash = :hash
"""
_NEAREST = """
    SELECT curated_answer_id, question, answer, 1 - (embedding <=> cast(:vector AS halfvec)) AS similarity
    FROM agent_version_answers
    WHERE workspace_id = :ws AND agent_version_id = :version AND model_id = :model
    ORDER BY similarity DESC, normalised_hash LIMIT :k
"""
_INSERT = """
    INSERT INTO agent_version_answers (workspace_id, agent_version_id, normalised_hash, curated_answer_id, question,
                                       answer, embedding, model_id)
    SELECT :ws, :version, decode(one.hash, 'hex'), one.id, one.question, one.answer, cast(one.vector AS halfvec), :model
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS one (hash text, id uuid, question text, answer text, vector text)
"""
