"""Knowledge gaps and what admins answered; what visitors think of answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from console.db.models.columns import Empty, Key, List, Now, SmallZero, Zero, default
from console.db.scope import Base, BelongsToAgent, BelongsToWorkspace, tenant_key


class KnowledgeGap(Base, BelongsToAgent):
    """A question that an agent could not answer."""

    __tablename__ = "knowledge_gaps"
    id: Mapped[Key]
    agent_id: Mapped[UUID] = mapped_column()
    question: Mapped[str]
    normalised_hash: Mapped[bytes]
    embedding: Mapped[Any | None] = mapped_column(HALFVEC, deferred=True)
    model_id: Mapped[int | None] = mapped_column(
        SmallInteger, ForeignKey("embedding_models.id", name="knowledge_gaps_model")
    )
    trigger: Mapped[str]
    occurrences: Mapped[Zero]
    score: Mapped[float | None]
    threshold: Mapped[float | None]
    retrieval: Mapped[List]
    status: Mapped[str] = default("open")
    merged_into_gap_id: Mapped[UUID | None]
    priority: Mapped[SmallZero]
    draft_answer: Mapped[Empty]
    draft_origin: Mapped[Empty]
    drafted_at: Mapped[datetime | None]
    reviewed_by_user_id: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    first_seen_at: Mapped[Now]
    last_seen_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        tenant_key("knowledge_gaps_agent", "agent_id", "agents.id"),
        tenant_key("knowledge_gaps_into", "merged_into_gap_id", "knowledge_gaps.id"),
        tenant_key("knowledge_gaps_reviewer", "reviewed_by_user_id", "workspace_users.user_id"),
        Index("knowledge_gaps_question", "workspace_id", "agent_id", "normalised_hash", unique=True),
        Index("knowledge_gaps_queue", "workspace_id", "status", text("occurrences DESC"), "id"),
    )


class GapOccurrence(Base, BelongsToWorkspace):
    """One message behind a gap."""

    __tablename__ = "gap_occurrences"
    id: Mapped[Key]
    gap_id: Mapped[UUID]
    conversation_id: Mapped[UUID]
    seq: Mapped[int]
    run_id: Mapped[UUID | None]
    question: Mapped[str]
    normalised_hash: Mapped[bytes]
    trigger: Mapped[str]
    score: Mapped[float | None]
    threshold: Mapped[float | None]
    similarity: Mapped[float | None]
    created_at: Mapped[Now]
    __table_args__ = (
        tenant_key("gap_occurrences_gap", "gap_id", "knowledge_gaps.id"),
        tenant_key("gap_occurrences_message", "conversation_id seq", "messages.conversation_id messages.seq"),
        tenant_key("gap_occurrences_run", "run_id", "runs.id"),
        Index("gap_occurrences_message", "workspace_id", "conversation_id", "seq", unique=True),
        Index("gap_occurrences_gap", "workspace_id", "gap_id"),
        Index("gap_occurrences_question", "workspace_id", "normalised_hash"),
    )


class CuratedAnswer(Base, BelongsToAgent):
    """What an admin answered once, as a draft."""

    __tablename__ = "curated_answers"
    id: Mapped[Key]
    agent_id: Mapped[UUID] = mapped_column()
    questions: Mapped[list[Any]]
    answer: Mapped[str]
    origin_gap_id: Mapped[UUID | None]
    hits: Mapped[Zero]
    last_hit_at: Mapped[datetime | None]
    created_by_user_id: Mapped[UUID | None]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        tenant_key("curated_answers_agent", "agent_id", "agents.id"),
        tenant_key("curated_answers_gap", "origin_gap_id", "knowledge_gaps.id"),
        tenant_key("curated_answers_creator", "created_by_user_id", "workspace_users.user_id"),
        Index(
            "curated_answers_agent", "workspace_id", "agent_id", "id", postgresql_where=text("retired_at IS NULL")
        ),
        Index(
            "curated_answers_gap", "workspace_id", "origin_gap_id", unique=True,
            postgresql_where=text("origin_gap_id IS NOT NULL"),
        ),
    )  # fmt: skip


class AgentVersionAnswer(Base, BelongsToWorkspace):
    """A question that a published version answers in an admin's words."""

    __tablename__ = "agent_version_answers"
    agent_version_id: Mapped[Key]
    normalised_hash: Mapped[bytes] = mapped_column(primary_key=True)
    curated_answer_id: Mapped[UUID]
    question: Mapped[str]
    answer: Mapped[str]
    embedding: Mapped[Any | None] = mapped_column(HALFVEC, deferred=True)
    model_id: Mapped[int | None] = mapped_column(
        SmallInteger, ForeignKey("embedding_models.id", name="agent_version_answers_model")
    )
    __table_args__ = (
        tenant_key("agent_version_answers_version", "agent_version_id", "agent_versions.id"),
        tenant_key("agent_version_answers_answer", "curated_answer_id", "curated_answers.id"),
    )


class Feedback(Base, BelongsToWorkspace):
    """What a visitor thinks of an answer."""

    __tablename__ = "feedback"
    conversation_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(primary_key=True)
    rating: Mapped[str]
    comment: Mapped[Empty]
    handled_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        tenant_key("feedback_message", "conversation_id seq", "messages.conversation_id messages.seq"),
        Index(
            "feedback_unhandled",
            "workspace_id",
            postgresql_where=text("rating = 'down' AND handled_at IS NULL"),
        ),
    )
