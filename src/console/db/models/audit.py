"""Acts of power: a hash chain per workspace, its free text kept apart."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from console.db.models.columns import BigZero, List
from console.db.scope import Base, BelongsToWorkspace, tenant_key


class AuditHead(Base, BelongsToWorkspace):
    """The end of a workspace's chain, locked while an act is added."""

    __tablename__ = "audit_heads"
    seq: Mapped[BigZero]
    hash: Mapped[bytes]


class AuditEvent(Base, BelongsToWorkspace):
    """One act, ids only."""

    __tablename__ = "audit_events"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[UUID]
    actor_kind: Mapped[str]
    actor_user_id: Mapped[UUID | None]
    action: Mapped[str]
    outcome: Mapped[str]
    resource_kind: Mapped[str]
    resource_id: Mapped[UUID | None]
    run_id: Mapped[UUID | None]
    evidence: Mapped[List]
    text_hash: Mapped[bytes | None]
    created_at: Mapped[datetime]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
    __table_args__ = (ForeignKeyConstraint(["workspace_id"], ["audit_heads.workspace_id"], name="audit_events_head"),)


class AuditText(Base, BelongsToWorkspace):
    """An act's free text, which can be erased without breaking the chain."""

    __tablename__ = "audit_texts"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    salt: Mapped[bytes]
    content: Mapped[str]
    __table_args__ = (tenant_key("audit_texts_event", "seq", "audit_events.seq"),)
