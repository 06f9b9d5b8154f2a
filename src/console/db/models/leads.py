"""Who left an address with an agent."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Computed, Index
from sqlalchemy.orm import Mapped, mapped_column

from console.db.models.columns import Empty, Key, Now
from console.db.scope import Base, BelongsToAgent, tenant_key


class Lead(Base, BelongsToAgent):
    """One row for each agent and e-mail."""

    __tablename__ = "leads"
    id: Mapped[Key]
    agent_id: Mapped[UUID] = mapped_column()
    conversation_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(Computed("lower(email)", persisted=True))
    name: Mapped[Empty]
    phone: Mapped[Empty]
    message: Mapped[Empty]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        tenant_key("leads_agent", "agent_id", "agents.id"),
        tenant_key("leads_conversation", "conversation_id", "conversations.id"),
        tenant_key("leads_contact", "contact_id", "contacts.id"),
        Index("leads_email", "workspace_id", "agent_id", "email_key", unique=True),
    )
