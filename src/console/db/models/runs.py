"""Everything a model does."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from console.db.models import domains
from console.db.models.columns import Empty, Key, Map, NoCost, Now, One, Zero
from console.db.scope import Base, BelongsToAgent, BelongsToWorkspace, tenant_key


class Run(Base, BelongsToAgent):
    """One run of a model; a queued answer row is the truth of the queue."""

    __tablename__ = "runs"
    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(domains.RUN_KIND)
    state: Mapped[str] = mapped_column(domains.RUN_STATE, server_default="queued")
    agent_id: Mapped[UUID | None]
    agent_version_id: Mapped[UUID | None]
    conversation_id: Mapped[UUID | None]
    epoch: Mapped[int | None]
    visitor_seq: Mapped[int | None]
    not_before: Mapped[datetime | None]
    attempt: Mapped[Zero]
    max_attempts: Mapped[int] = mapped_column(server_default=text("3"))
    lease_token: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    checkpoint: Mapped[dict[str, Any] | None]
    model: Mapped[Empty]
    config: Mapped[Map]
    tokens_in: Mapped[Zero]
    tokens_out: Mapped[Zero]
    cost_usd: Mapped[NoCost]
    duration_ms: Mapped[int | None]
    iterations: Mapped[Zero]
    max_iterations: Mapped[One]
    searches: Mapped[Zero]
    results: Mapped[Zero]
    response_length: Mapped[int | None]
    success: Mapped[bool | None]
    error: Mapped[Empty]
    output_text: Mapped[str | None]
    output: Mapped[Map]
    created_at: Mapped[Now]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    __table_args__ = (
        tenant_key("runs_conversation", "conversation_id", "conversations.id"),
        tenant_key("runs_agent", "agent_id", "agents.id"),
        tenant_key("runs_version", "agent_version_id", "agent_versions.id"),
        Index(
            "runs_queued_answer",
            "workspace_id",
            "conversation_id",
            unique=True,
            postgresql_where=text("kind = 'answer' AND state = 'queued'"),
        ),
        Index(
            "runs_conversation",
            "workspace_id",
            "conversation_id",
            "id",
            postgresql_where=text("conversation_id IS NOT NULL"),
        ),
        Index("runs_pending", "workspace_id", "created_at", postgresql_where=text("state IN ('queued', 'running')")),
    )


class RunEvent(Base, BelongsToWorkspace):
    """One step in a run's ordered trace."""

    __tablename__ = "run_events"
    run_id: Mapped[Key]
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(domains.RUN_EVENT)
    duration_ms: Mapped[int | None]
    model: Mapped[Empty]
    tokens_in: Mapped[Zero]
    tokens_out: Mapped[Zero]
    data: Mapped[Map]
    created_at: Mapped[Now]
    __table_args__ = (tenant_key("run_events_run", "run_id", "runs.id"),)
