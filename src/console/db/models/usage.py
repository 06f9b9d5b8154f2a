"""The truth of usage, append-only, ids and numbers only; and what is counted and limited from it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from console.db.models import domains
from console.db.models.columns import Big, Cost, Empty, Key, List, NoCost, Now, SmallZero, Zero
from console.db.models.domains import Amount, AmountZero
from console.db.scope import Base, BelongsToAgent, BelongsToWorkspace

_Word = Annotated[str, mapped_column(primary_key=True)]
_Time = Annotated[datetime, mapped_column(primary_key=True)]
_Limit = Annotated[int | None, mapped_column(BigInteger)]


class UsageEvent(Base, BelongsToAgent):
    """Something that was used; it outlives what it counts."""

    __tablename__ = "usage_events"
    id: Mapped[Key]
    idempotency_key: Mapped[str]
    metric: Mapped[str]
    quantity: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    agent_id: Mapped[UUID | None]
    agent_version_id: Mapped[UUID | None]
    conversation_id: Mapped[UUID | None]
    run_id: Mapped[UUID | None]
    model: Mapped[Empty]
    domain: Mapped[Empty]
    tokens_in: Mapped[Zero]
    tokens_out: Mapped[Zero]
    cost_usd: Mapped[NoCost]
    duration_ms: Mapped[int | None]
    occurred_at: Mapped[Now]
    __table_args__ = (
        Index("usage_events_key", "workspace_id", "idempotency_key", unique=True),
        Index("usage_events_time", "workspace_id", "occurred_at"),
    )


class ModelPrice(Base):
    """US dollars for a million tokens of a model."""

    __tablename__ = "model_prices"
    model: Mapped[str] = mapped_column(primary_key=True)
    input_usd: Mapped[Decimal]
    output_usd: Mapped[Decimal]
    updated_at: Mapped[Now]


class Plan(Base):
    """What a workspace may subscribe to."""

    __tablename__ = "plans"
    id: Mapped[_Word]
    name: Mapped[str]
    position: Mapped[SmallZero]


class PlanLimit(Base):
    """How much of a metric a plan allows in a window."""

    __tablename__ = "plan_limits"
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id", name="plan_limits_plan"), primary_key=True)
    metric: Mapped[_Word]
    period: Mapped[str] = mapped_column(primary_key=True, server_default="month")
    soft: Mapped[_Limit]
    hard: Mapped[_Limit]


class WorkspaceLimit(Base, BelongsToWorkspace):
    """A workspace's own ceiling."""

    __tablename__ = "workspace_limits"
    metric: Mapped[_Word]
    period: Mapped[str] = mapped_column(primary_key=True, server_default="month")
    soft: Mapped[_Limit]
    hard: Mapped[_Limit]
    updated_at: Mapped[Now]
    __table_args__ = (ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="workspace_limits_workspace"),)


class UsageCounter(Base, BelongsToWorkspace):
    """What is used and reserved of a metric in one window."""

    __tablename__ = "usage_counters"
    metric: Mapped[_Word]
    period: Mapped[_Word]
    window_start: Mapped[_Time]
    window_end: Mapped[datetime]
    used: Mapped[AmountZero]
    reserved: Mapped[AmountZero]
    warned_at: Mapped[datetime | None]
    updated_at: Mapped[Now]


class UsageReservation(Base, BelongsToWorkspace):
    """What a run has set aside until it is published."""

    __tablename__ = "usage_reservations"
    run_id: Mapped[Key]
    metric: Mapped[_Word]
    period: Mapped[_Word]
    window_start: Mapped[datetime]
    n: Mapped[Amount]
    state: Mapped[str] = mapped_column(domains.RESERVATION, server_default="held")
    expires_at: Mapped[datetime]
    created_at: Mapped[Now]
    __table_args__ = (
        Index("usage_reservations_held", "workspace_id", "expires_at", postgresql_where=text("state = 'held'")),
    )


class UsageRollup(Base, BelongsToAgent):
    """Sums and counts of the events in a bucket of time."""

    __tablename__ = "usage_rollups"
    grain: Mapped[_Word]
    bucket: Mapped[_Time]
    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True, server_default="")
    domain: Mapped[str] = mapped_column(primary_key=True, server_default="")
    metric: Mapped[_Word]
    events: Mapped[Big]
    quantity: Mapped[Big]
    tokens_in: Mapped[Big]
    tokens_out: Mapped[Big]
    cost_usd: Mapped[Cost]
    duration_ms: Mapped[Big]
    timed: Mapped[Big]
    latency: Mapped[List]


class UsageWatermark(Base, BelongsToWorkspace):
    """Up to when a grain's rollups hold all events."""

    __tablename__ = "usage_watermarks"
    grain: Mapped[_Word]
    until: Mapped[datetime]
