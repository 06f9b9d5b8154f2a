"""The truth of usage: append-only, ids and numbers only."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from console.db.models.columns import Empty, Key, NoCost, Now, Zero
from console.db.scope import Base, BelongsToAgent


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
