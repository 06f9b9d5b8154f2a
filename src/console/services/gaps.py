"""Knowledge gaps: each unanswered question once, with every time it was asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.actor import Actor, Role
from console.domain.gap import Gap, GapDetail, GapStatus, GapTrigger
from console.errors import InvalidInputError, NotFoundError, RefusedError
from console.ids import AgentId, ConversationId, GapId, RunId, new_id, parse_beginning
from console.knowledge.requests import normalise_question
from console.services import gap_rows
from console.services.curated_rows import embedded_questions, written
from console.services.doubted import Doubted, doubted
from console.services.standing import no_such_conversation
from console.services.unit import reading, writing

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

SAME_QUESTION = 0.85
"""Cosine similarity from which two questions are one gap without asking anybody."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One unanswered question: where it was asked, and what retrieval saw.

    `embedding` is the packaged model's, as numbers or as the database reads them.
    """

    agent_id: AgentId
    conversation_id: ConversationId
    seq: int
    run_id: RunId | None
    question: str
    normalised: str
    embedding: Sequence[float] | str
    trigger: GapTrigger
    score: float | None
    threshold: float | None
    retrieval: Sequence[Mapping[str, Any]]
    disputed: bool = False
    """Somebody who was given the curated answer says that it is none."""


async def record(tx: WriteTx, seen: Occurrence) -> GapId:
    """Add an occurrence to its gap, which is found by words or meaning, or made. Repeating it changes nothing."""
    hashed = hashlib.sha256(seen.normalised.encode()).digest()
    vector = seen.embedding if isinstance(seen.embedding, str) else written(seen.embedding)
    gap_id, similarity = await _find(tx, seen, hashed, vector)
    gap_id = await _locked(tx, gap_id or await _make(tx, seen, hashed, vector))
    added = await tx.scalar(
        _OCCURRENCE, id=new_id(), gap=gap_id, conversation=seen.conversation_id, seq=seen.seq, run=seen.run_id,
        question=seen.question, hash=hashed, trigger=seen.trigger, score=seen.score, threshold=seen.threshold,
        similarity=similarity,
    )  # fmt: skip
    if added is not None:
        doubted = seen.disputed or seen.trigger == GapTrigger.FLAGGED
        await tx.execute(_COUNT, id=gap_id, hash=hashed, occurrence=added, doubted=doubted)
        tx.hint("gap", gap_id)
        return GapId(gap_id)
    # That message is counted already, and perhaps elsewhere: a person has sorted it.
    return GapId(await tx.scalar(_COUNTED, conversation=seen.conversation_id, seq=seen.seq))


async def _find(tx: ReadTx, seen: Occurrence, hashed: bytes, vector: str) -> tuple[UUID | None, float | None]:
    by_words = await tx.scalar(
        "SELECT coalesce(g.merged_into_gap_id, g.id) FROM knowledge_gaps g"
        " WHERE g.workspace_id = :ws AND g.agent_id = :agent AND (g.normalised_hash = :hash"
        " OR EXISTS (SELECT FROM gap_occurrences o WHERE o.workspace_id = :ws AND o.gap_id = g.id"
        " AND o.normalised_hash = :hash)) ORDER BY g.normalised_hash = :hash DESC, g.id LIMIT 1",
        agent=seen.agent_id, hash=hashed,
    )  # fmt: skip
    if by_words is not None:
        return by_words, 1.0
    nearest = await tx.row(
        "SELECT coalesce(merged_into_gap_id, id) AS id, 1 - (embedding <=> cast(:vector AS halfvec)) AS similarity"
        " FROM knowledge_gaps"
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
        " trigger, score, threshold, retrieval, first_seen_at, last_seen_at)"
        " SELECT :ws, :id, :agent, :question, :hash, cast(:vector AS halfvec), 1, :trigger, :score, :threshold,"
        " cast(:retrieval AS jsonb), at, at FROM coalesce(cast(:back AS timestamptz), now()) AS at"
        " ON CONFLICT (workspace_id, agent_id, normalised_hash) DO UPDATE SET question = knowledge_gaps.question"
        " RETURNING id",
        id=new_id(), agent=seen.agent_id, question=seen.question, hash=hashed, vector=vector, trigger=seen.trigger,
        score=seen.score, threshold=seen.threshold, retrieval=json.dumps(list(seen.retrieval)),
    )  # fmt: skip
    return made


async def _locked(tx: WriteTx, id: UUID) -> UUID:
    """The gap that this one is part of by now, locked: while another's merge was waited for, it may have gone on."""
    while True:
        await tx.execute("SAVEPOINT gap")
        into: UUID | None = await tx.scalar(_INTO, id=id)
        if into is None:
            return id
        # Let go of before the other is waited for: whoever merges that one on writes this row, too.
        await tx.execute("ROLLBACK TO SAVEPOINT gap")
        id = into


_INTO = """
    SELECT merged_into_gap_id FROM knowledge_gaps WHERE workspace_id = :ws AND id = :id FOR NO KEY UPDATE
"""
# Answered, and asked in words that nobody knew when it was approved, or the answer is doubted: it waits again, with
# the answer as its draft. A dismissed gap never does.
_COUNT = """
    UPDATE knowledge_gaps g SET occurrences = occurrences + 1, updated_at = now(),
        first_seen_at = least(first_seen_at, cast(:back AS timestamptz)),
        last_seen_at = greatest(last_seen_at, coalesce(cast(:back AS timestamptz), now())),
        status = CASE WHEN g.status = 'approved' AND (:doubted OR NOT EXISTS (
            SELECT FROM gap_occurrences o WHERE o.workspace_id = :ws AND o.gap_id = g.id AND o.id <> :occurrence
            AND o.normalised_hash = :hash AND o.created_at <= g.reviewed_at)) THEN 'drafted' ELSE g.status END
    WHERE g.workspace_id = :ws AND g.id = :id
"""
_COUNTED = """
    SELECT gap_id FROM gap_occurrences WHERE workspace_id = :ws AND conversation_id = :conversation AND seq = :seq
"""
_OCCURRENCE = """
    INSERT INTO gap_occurrences (workspace_id, id, gap_id, conversation_id, seq, run_id, question, normalised_hash,
                                 trigger, score, threshold, similarity, created_at)
    VALUES (:ws, :id, :gap, :conversation, :seq, :run, :question, :hash, :trigger, :score, :threshold, :similarity,
            coalesce(cast(:back AS timestamptz), now()))
    ON CONFLICT (workspace_id, conversation_id, seq) DO NOTHING RETURNING id
"""


class Gaps:
    """The review queue, as everybody in the workspace reads it; and a person's own word that an answer was none."""

    def __init__(self, db: Database, embedder: Embedder | None = None) -> None:
        """`embedder` is the packaged one."""
        self._db = db
        self._embedder = embedder

    async def list(
        self, actor: Actor, status: GapStatus | None = GapStatus.OPEN, *, limit: int = 200
    ) -> tuple[Gap, ...]:
        """Gaps of a status (None: of all but merged ones), most asked first."""
        async with reading(self._db, actor, "gap.read", ("workspace", actor.workspace_id)) as tx:
            return await gap_rows.gaps(tx, () if status is None else (status,), limit)

    async def queue(self, actor: Actor, *, limit: int = 500) -> tuple[Gap, ...]:
        """Gaps that wait for a decision, drafted or not, most asked first."""
        async with reading(self._db, actor, "gap.read", ("workspace", actor.workspace_id)) as tx:
            return await gap_rows.gaps(tx, (GapStatus.OPEN, GapStatus.DRAFTED), limit)

    async def find(self, actor: Actor, text: str) -> GapId:
        """The id that this stands for: a whole one as it is, else the one gap that begins so.

        Raises `InvalidInputError` for what is no id or stands for several, `NotFoundError` when it stands for none.
        """
        first, last = parse_beginning(text, "gap")
        if first == last:
            return GapId(first)
        async with reading(self._db, actor, "gap.read", ("workspace", actor.workspace_id)) as tx:
            rows = await tx.rows(_BEGINS, first=first, last=last)
        if not rows:
            raise NotFoundError(f"no gap here begins with {text[:40]}", hint="`console gap list` shows them")
        if len(rows) > 1:
            raise InvalidInputError(f"several gaps begin with {text[:40]}", hint="give more of it")
        return GapId(rows[0].id)

    async def counts(self, actor: Actor) -> dict[GapStatus, int]:
        """How many gaps each status has."""
        async with reading(self._db, actor, "gap.read", ("workspace", actor.workspace_id)) as tx:
            rows = await tx.rows("SELECT status, count(*) AS n FROM knowledge_gaps WHERE workspace_id = :ws GROUP BY 1")
            return dict.fromkeys(GapStatus, 0) | {GapStatus(row.status): row.n for row in rows}

    async def show(self, actor: Actor, id: GapId) -> GapDetail:
        """A gap with all that a reviewer looks at; `NotFoundError` when there is none."""
        async with reading(self._db, actor, "gap.read", ("gap", id)) as tx:
            return await gap_rows.detail(tx, id)

    async def flag(self, actor: Actor, id: ConversationId, seq: int) -> Gap:
        """Flag the AI's answer with that seq: each question that it answered becomes an occurrence of its gap.

        Returns the gap of the last of them; flagging it again changes nothing. `NotFoundError` for no such
        conversation, `RefusedError` when the message is no answer of the AI to a question.
        """
        async with reading(self._db, actor, "gap.flag", ("conversation", id), Role.MEMBER) as tx:
            answer = await _asked(tx, id, seq)
        asked = doubted(answer)
        vectors = await embedded_questions([one.question for one in asked], self._embedder)
        for one in asked:  # in a transaction of its own: no two gaps are locked at once
            async with writing(self._db, actor, "gap.flag", ("conversation", id)) as tx:
                found = await gap_rows.gap(tx, await record(tx, _flagged(id, answer, one, vectors[one.question])))
        return found


async def _asked(tx: ReadTx, id: ConversationId, seq: int) -> Any:
    row = await tx.row(_ASKED, id=id, seq=seq)
    if row is None:
        raise no_such_conversation(id)
    if row.role != "assistant":
        raise RefusedError(f"message {seq} is no answer of the AI", hint="choose one of its answers")
    if row.question is None or not normalise_question(row.question):
        raise RefusedError(f"there is no question before message {seq}", hint="choose an answer to a question")
    return row


def _flagged(id: ConversationId, answer: Any, asked: Doubted, vector: str) -> Occurrence:
    return Occurrence(
        agent_id=AgentId(answer.agent_id), conversation_id=id, seq=asked.seq,
        run_id=RunId(answer.run_id) if answer.run_id else None, question=asked.question,
        normalised=normalise_question(asked.question), embedding=vector, trigger=GapTrigger.FLAGGED,
        score=asked.score, threshold=(answer.output or {}).get("threshold"), retrieval=asked.retrieval,
    )  # fmt: skip


_BEGINS = "SELECT id FROM knowledge_gaps WHERE workspace_id = :ws AND id BETWEEN :first AND :last LIMIT 2"
_ASKED = """
    SELECT c.agent_id, m.role, m.run_id, m.confidence, r.output, q.seq,
        coalesce(r.output ->> 'own', q.content) AS question
    FROM conversations c
    LEFT JOIN messages m ON m.workspace_id = c.workspace_id AND m.conversation_id = c.id AND m.seq = :seq
    LEFT JOIN runs r ON r.workspace_id = m.workspace_id AND r.id = m.run_id
    LEFT JOIN LATERAL (SELECT seq, content FROM messages WHERE workspace_id = :ws AND conversation_id = :id
                       AND seq < :seq AND role = 'user' ORDER BY seq DESC LIMIT 1) q ON true
    WHERE c.workspace_id = :ws AND c.id = :id
"""
