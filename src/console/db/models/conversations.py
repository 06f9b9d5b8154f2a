"""Conversations, their messages, and who has read, drafted and held what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Computed, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from console.db.models import domains
from console.db.models.columns import Empty, Key, List, Map, Now, Zero, default
from console.db.scope import Base, BelongsToAgent, BelongsToWorkspace, tenant_key


class Contact(Base, BelongsToWorkspace):
    """A person who writes to a workspace."""

    __tablename__ = "contacts"
    id: Mapped[Key]
    name: Mapped[Empty]
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(Computed("lower(email)", persisted=True))
    phone: Mapped[str | None]
    external_ids: Mapped[Map]
    attributes: Mapped[Map]
    raw: Mapped[Map]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="contacts_workspace"),
        Index(
            "contacts_email",
            "workspace_id",
            "email_key",
            unique=True,
            postgresql_where=text("email_key IS NOT NULL"),
        ),
    )


def _newest_first(name: str, *columns: str, where: str) -> Index:
    order = [text("last_message_at DESC"), text("id DESC")]
    return Index(name, "workspace_id", *columns, *order, postgresql_where=text(where))


class Conversation(Base, BelongsToAgent):
    """A conversation; `status` says where the work stands, `control` who speaks, `epoch` fences late writers."""

    __tablename__ = "conversations"
    id: Mapped[Key]
    agent_id: Mapped[UUID] = mapped_column()
    contact_id: Mapped[UUID | None]
    visitor_id: Mapped[str]
    visitor_token_hash: Mapped[bytes | None]
    channel: Mapped[str] = default("web")
    domain: Mapped[Empty]
    page: Mapped[Empty]
    external_id: Mapped[str | None]
    raw: Mapped[Map]
    subject: Mapped[Empty]
    priority: Mapped[int] = mapped_column(domains.PRIORITY, server_default=text("2"))
    status: Mapped[str] = mapped_column(domains.STATUS, server_default="open")
    control: Mapped[str] = mapped_column(domains.CONTROL, server_default="ai")
    claimed_by_user_id: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]
    assigned_to_user_id: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    epoch: Mapped[Zero]
    last_seq: Mapped[Zero]
    last_visitor_seq: Mapped[Zero]
    last_human_seq: Mapped[Zero]
    last_answered_seq: Mapped[Zero]
    supersessions: Mapped[Zero]
    ai_turns: Mapped[Zero]
    snippet: Mapped[Empty]
    snippet_role: Mapped[str | None]
    last_confidence: Mapped[float | None]
    waiting_since: Mapped[datetime | None]
    handoff_reason: Mapped[str | None] = mapped_column(domains.REASON)
    snoozed_until: Mapped[datetime | None]
    started_at: Mapped[Now]
    ended_at: Mapped[datetime | None]
    last_message_at: Mapped[Now]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        tenant_key("conversations_agent", "agent_id", "agents.id"),
        tenant_key("conversations_contact", "contact_id", "contacts.id"),
        tenant_key("conversations_holder", "claimed_by_user_id", "workspace_users.user_id"),
        tenant_key("conversations_assignee", "assigned_to_user_id", "workspace_users.user_id"),
        Index("conversations_visitor", "workspace_id", "visitor_id"),
        Index(
            "conversations_external",
            "workspace_id",
            "channel",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(
            "conversations_waiting",
            "workspace_id",
            "priority",
            "waiting_since",
            "id",
            postgresql_where=text("status = 'open' AND control = 'human' AND claimed_by_user_id IS NULL"),
        ),
        _newest_first("conversations_held", "claimed_by_user_id", where="claimed_by_user_id IS NOT NULL"),
        _newest_first(
            "conversations_assigned",
            "assigned_to_user_id",
            where="assigned_to_user_id IS NOT NULL AND status = 'open'",
        ),
        Index("conversations_snoozed", "workspace_id", "snoozed_until", postgresql_where=text("status = 'snoozed'")),
        _newest_first("conversations_open", where="status = 'open'"),
        _newest_first("conversations_closed", where="status <> 'open'"),
        Index(
            "conversations_lease",
            "workspace_id",
            "lease_expires_at",
            postgresql_where=text("lease_expires_at IS NOT NULL"),
        ),
    )


class Message(Base, BelongsToWorkspace):
    """One message; `seq` is its place in the conversation."""

    __tablename__ = "messages"
    conversation_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(domains.ROLE)
    content: Mapped[str]
    citations: Mapped[List]
    confidence: Mapped[float | None]
    agent_version_id: Mapped[UUID | None]
    run_id: Mapped[UUID | None]
    author_user_id: Mapped[UUID | None]
    client_token: Mapped[str | None]
    delivery: Mapped[str] = mapped_column(domains.DELIVERY, server_default="sent")
    reply_to_seq: Mapped[int | None]
    attachments: Mapped[List]
    raw: Mapped[Map]
    created_at: Mapped[Now]
    __table_args__ = (
        tenant_key("messages_conversation", "conversation_id", "conversations.id"),
        tenant_key("messages_version", "agent_version_id", "agent_versions.id"),
        tenant_key("messages_run", "run_id", "runs.id"),
        tenant_key("messages_author", "author_user_id", "workspace_users.user_id"),
        Index(
            "messages_client_token",
            "workspace_id",
            "conversation_id",
            "client_token",
            unique=True,
            postgresql_where=text("client_token IS NOT NULL"),
        ),
    )


class ConversationEvent(Base, BelongsToWorkspace):
    """What happened to a conversation besides its messages."""

    __tablename__ = "conversation_events"
    conversation_id: Mapped[Key]
    id: Mapped[Key]
    after_seq: Mapped[int]
    kind: Mapped[str]
    epoch: Mapped[int]
    actor_user_id: Mapped[UUID | None]
    detail: Mapped[Map]
    created_at: Mapped[Now]
    __table_args__ = (
        tenant_key("conversation_events_conversation", "conversation_id", "conversations.id"),
        tenant_key("conversation_events_actor", "actor_user_id", "workspace_users.user_id"),
        Index("conversation_events_newest", "workspace_id", text("id DESC")),
    )


class ConversationRead(Base, BelongsToWorkspace):
    """How far one operator has read."""

    __tablename__ = "conversation_reads"
    conversation_id: Mapped[Key]
    user_id: Mapped[Key]
    last_read_seq: Mapped[Zero]
    updated_at: Mapped[Now]
    __table_args__ = (
        tenant_key("conversation_reads_conversation", "conversation_id", "conversations.id"),
        tenant_key("conversation_reads_user", "user_id", "workspace_users.user_id"),
    )


class Draft(Base, BelongsToWorkspace):
    """What an operator has typed and not sent."""

    __tablename__ = "drafts"
    conversation_id: Mapped[Key]
    user_id: Mapped[Key]
    kind: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
    updated_at: Mapped[Now]
    __table_args__ = (
        tenant_key("drafts_conversation", "conversation_id", "conversations.id"),
        tenant_key("drafts_user", "user_id", "workspace_users.user_id"),
    )
