"""Rows of gaps, as the reviewer reads them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, select

from console.db.engine import ReadTx
from console.db.models.agents import Agent
from console.db.models.conversations import Message
from console.db.models.identity import WorkspaceUser
from console.db.models.review import GapOccurrence as OccurrenceRow
from console.db.models.review import KnowledgeGap
from console.domain.gap import (
    DraftOrigin,
    Gap,
    GapDetail,
    GapOccurrence,
    GapStatus,
    GapTrigger,
    HumanReply,
    NearPassage,
    SimilarGap,
)
from console.domain.message import MessageRole
from console.errors import NotFoundError
from console.ids import AgentId, ConversationId, GapId
from console.services.conversations import visitor_name
from console.services.curated_rows import of_gap
from console.text import one_line, sanitise

ALIKE = 0.60
"""Cosine from which two gaps may be the same: a person decides."""

_SHOWN = 500
_NEAR, _SIMILAR, _REPLIES = 3, 5, 5


async def gap(tx: ReadTx, id: UUID) -> Gap:
    """A gap; `NotFoundError` when there is none."""
    row = await tx.row(_gaps(tx).where(KnowledgeGap.id == id))
    if row is None:
        raise no_such_gap(id)
    return _gap(row)


async def gaps(tx: ReadTx, statuses: Collection[GapStatus], limit: int) -> tuple[Gap, ...]:
    """Gaps of these statuses (none: of all but merged ones), most asked first."""
    wanted = KnowledgeGap.status.in_(statuses) if statuses else KnowledgeGap.status != GapStatus.MERGED
    ordered = _gaps(tx).where(wanted).order_by(
        KnowledgeGap.occurrences.desc(), KnowledgeGap.last_seen_at.desc(), KnowledgeGap.id
    )  # fmt: skip
    rows = await tx.rows(ordered.limit(limit))
    return tuple(map(_gap, rows))


async def detail(tx: ReadTx, id: UUID) -> GapDetail:
    """A gap with all that a reviewer looks at; `NotFoundError` when there is none."""
    found = await gap(tx, id)
    rows = await tx.rows(_OCCURRENCES, id=id, limit=_SHOWN)
    return GapDetail(
        gap=found,
        visitors=await tx.scalar(_VISITORS, id=id),
        occurrences=tuple(map(_occurrence, rows)),
        questions=tuple(one_line(text, 500) for text in await questions(tx, id)),
        near=await _near(tx, id),
        similar=await _similar(tx, id, found.agent_id),
        replies=await replies(tx, id),
        curated=await of_gap(tx, id),
    )


async def questions(tx: ReadTx, id: UUID) -> list[str]:
    """A gap's questions, each once however it is spelt, most asked first, 500 at most."""
    return [question for question, _ in await question_hashes(tx, id)]


async def question_hashes(tx: ReadTx, id: UUID) -> list[tuple[str, bytes]]:
    """As `questions`, each with the hash that it is stored by."""
    rows = await tx.rows(
        "SELECT (array_agg(question ORDER BY created_at DESC))[1] AS question, normalised_hash FROM gap_occurrences"
        " WHERE workspace_id = :ws AND gap_id = :id GROUP BY normalised_hash"
        " ORDER BY count(*) DESC, max(created_at) DESC, normalised_hash LIMIT :limit",
        id=id, limit=_SHOWN,
    )  # fmt: skip
    return [(row.question, row.normalised_hash) for row in rows]


async def replies(tx: ReadTx, id: UUID) -> tuple[HumanReply, ...]:
    """What persons answered after it was asked, the fullest of each conversation, newest first."""
    rows = await tx.rows(_ANSWERED, id=id, limit=_REPLIES)
    return tuple(
        HumanReply(
            sanitise(row.content), one_line(row.author or ""), ConversationId(row.conversation_id), row.seq,
            row.created_at,
        )
        for row in rows
    )  # fmt: skip


def no_such_gap(id: UUID) -> NotFoundError:
    """The same words for a foreign id and a random one."""
    return NotFoundError(f"there is no gap {id} here", hint="`console gap list` shows them")


async def _near(tx: ReadTx, id: UUID) -> tuple[NearPassage, ...]:
    rows = await tx.rows(_PASSAGES, id=id, limit=_NEAR)
    return tuple(NearPassage(one_line(row.title or row.uri), one_line(row.heading_path), row.score) for row in rows)


async def _similar(tx: ReadTx, id: UUID, agent_id: AgentId) -> tuple[SimilarGap, ...]:
    rows = await tx.rows(_ALIKE, id=id, agent=agent_id, least=ALIKE, limit=_SIMILAR)
    return tuple(
        SimilarGap(GapId(row.id), one_line(row.question, 500), GapStatus(row.status), row.occurrences, row.similarity)
        for row in rows
    )


def _gaps(tx: ReadTx) -> Select[Any]:
    """Select the workspace's gaps, each with where it was asked and who decided it."""
    asked = and_(
        OccurrenceRow.workspace_id == KnowledgeGap.workspace_id, OccurrenceRow.gap_id == KnowledgeGap.id
    )  # fmt: skip
    answers = and_(
        Message.workspace_id == OccurrenceRow.workspace_id, Message.conversation_id == OccurrenceRow.conversation_id,
        Message.seq > OccurrenceRow.seq, Message.role == MessageRole.HUMAN,
    )  # fmt: skip
    by = and_(
        WorkspaceUser.workspace_id == KnowledgeGap.workspace_id,
        WorkspaceUser.user_id == KnowledgeGap.reviewed_by_user_id,
    )
    return (
        select(
            KnowledgeGap,
            select(func.count(OccurrenceRow.conversation_id.distinct())).where(asked).label("conversations"),
            exists(select(1).select_from(OccurrenceRow).join(Message, answers).where(asked)).label("answered"),
            Agent.slug.label("slug"),
            WorkspaceUser.name.label("reviewer"),
        )
        .join(Agent, and_(Agent.workspace_id == KnowledgeGap.workspace_id, Agent.id == KnowledgeGap.agent_id))
        .outerjoin(WorkspaceUser, by)
        .where(KnowledgeGap.workspace_id == tx.workspace_id)
    )


def _gap(found: Any) -> Gap:
    row: KnowledgeGap = found.KnowledgeGap
    return Gap(
        id=GapId(row.id),
        question=one_line(row.question, 500),
        status=GapStatus(row.status),
        trigger=GapTrigger(row.trigger),
        occurrences=row.occurrences,
        conversations=found.conversations,
        score=row.score,
        threshold=row.threshold,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        agent_id=AgentId(row.agent_id),
        agent_slug=sanitise(found.slug),
        answered=found.answered,
        draft=sanitise(row.draft_answer),
        draft_origin=DraftOrigin(row.draft_origin),
        drafted_at=row.drafted_at,
        reviewer_name=one_line(found.reviewer or ""),
        reviewed_at=row.reviewed_at,
    )


def _occurrence(row: Any) -> GapOccurrence:
    return GapOccurrence(
        ConversationId(row.conversation_id), row.seq, one_line(row.question, 500),
        visitor_name(row.visitor, row.conversation_id),
        GapTrigger(row.trigger), row.score, row.threshold, row.similarity, row.created_at,
    )  # fmt: skip


_OCCURRENCES = """
    SELECT o.*, k.name AS visitor FROM gap_occurrences o
    JOIN conversations c ON c.workspace_id = o.workspace_id AND c.id = o.conversation_id
    LEFT JOIN contacts k ON k.workspace_id = c.workspace_id AND k.id = c.contact_id
    WHERE o.workspace_id = :ws AND o.gap_id = :id ORDER BY o.created_at DESC, o.id DESC LIMIT :limit
"""
_VISITORS = """
    SELECT count(DISTINCT coalesce(c.contact_id::text, c.visitor_id)) FROM gap_occurrences o
    JOIN conversations c ON c.workspace_id = o.workspace_id AND c.id = o.conversation_id
    WHERE o.workspace_id = :ws AND o.gap_id = :id
"""
_PASSAGES = """
    SELECT d.title, d.uri, c.heading_path, cast(seen.one ->> 'score' AS float) AS score
    FROM knowledge_gaps g, jsonb_array_elements(g.retrieval) WITH ORDINALITY AS seen (one, place),
        chunks c, documents d
    WHERE g.workspace_id = :ws AND g.id = :id AND c.workspace_id = :ws AND c.id = cast(seen.one ->> 'chunk_id' AS uuid)
      AND d.workspace_id = :ws AND d.id = c.document_id
    ORDER BY seen.place LIMIT :limit
"""
_ALIKE = """
    SELECT g.id, g.question, g.status, g.occurrences, 1 - (g.embedding <=> one.embedding) AS similarity
    FROM knowledge_gaps one, knowledge_gaps g
    WHERE one.workspace_id = :ws AND one.id = :id AND g.workspace_id = :ws AND g.agent_id = :agent
      AND g.id <> one.id AND g.status IN ('open', 'drafted', 'approved') AND g.model_id = one.model_id
      AND 1 - (g.embedding <=> one.embedding) >= :least
    ORDER BY similarity DESC, g.id LIMIT :limit
"""
_ANSWERED = """
    SELECT r.*, u.name AS author FROM (
        SELECT DISTINCT ON (o.conversation_id) m.content, m.author_user_id, m.conversation_id, m.seq, m.created_at
        FROM gap_occurrences o
        JOIN messages m ON m.workspace_id = o.workspace_id AND m.conversation_id = o.conversation_id
            AND m.seq > o.seq AND m.seq <= o.seq + 20 AND m.role = 'human'
        WHERE o.workspace_id = :ws AND o.gap_id = :id
        ORDER BY o.conversation_id, length(m.content) DESC, m.seq) r
    LEFT JOIN workspace_users u ON u.workspace_id = :ws AND u.user_id = r.author_user_id
    ORDER BY r.created_at DESC, r.conversation_id LIMIT :limit
"""
