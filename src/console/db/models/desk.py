"""The staff's own tools: held sends, labels, canned replies, notifications, and who is where."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from console.db.models.columns import Empty, Key, Now
from console.db.scope import Base, BelongsToWorkspace, tenant_key


class HeldSend(Base, BelongsToWorkspace):
    """A reply that can still be undone."""

    __tablename__ = "held_sends"
    id: Mapped[Key]
    conversation_id: Mapped[UUID]
    user_id: Mapped[UUID]
    content: Mapped[str]
    client_token: Mapped[str]
    epoch: Mapped[int]
    due_at: Mapped[datetime]
    created_at: Mapped[Now]
    __table_args__ = (
        tenant_key("held_sends_conversation", "conversation_id", "conversations.id"),
        tenant_key("held_sends_user", "user_id", "workspace_users.user_id"),
        Index("held_sends_client_token", "workspace_id", "conversation_id", "client_token", unique=True),
        Index("held_sends_due", "workspace_id", "due_at"),
    )


class Label(Base, BelongsToWorkspace):
    """A word that conversations can be marked with."""

    __tablename__ = "labels"
    id: Mapped[Key]
    name: Mapped[str]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[Now]
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="labels_workspace"),
        tenant_key("labels_creator", "created_by_user_id", "workspace_users.user_id"),
        Index("labels_name", "workspace_id", text("lower(name)"), unique=True),
    )


class ConversationLabel(Base, BelongsToWorkspace):
    """A label on a conversation."""

    __tablename__ = "conversation_labels"
    conversation_id: Mapped[Key]
    label_id: Mapped[Key]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[Now]
    __table_args__ = (
        tenant_key("conversation_labels_conversation", "conversation_id", "conversations.id"),
        tenant_key("conversation_labels_label", "label_id", "labels.id", ondelete="CASCADE"),
        tenant_key("conversation_labels_creator", "created_by_user_id", "workspace_users.user_id"),
        Index("conversation_labels_label", "workspace_id", "label_id", "conversation_id"),
    )


class CannedReply(Base, BelongsToWorkspace):
    """Words to insert by their shortcut."""

    __tablename__ = "canned_replies"
    id: Mapped[Key]
    shortcut: Mapped[str]
    title: Mapped[Empty]
    content: Mapped[str]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="canned_replies_workspace"),
        tenant_key("canned_replies_creator", "created_by_user_id", "workspace_users.user_id"),
        Index("canned_replies_shortcut", "workspace_id", "shortcut", unique=True),
    )


class Notification(Base, BelongsToWorkspace):
    """What one person should know of."""

    __tablename__ = "notifications"
    id: Mapped[Key]
    user_id: Mapped[UUID]
    type: Mapped[str]
    actor_user_id: Mapped[UUID | None]
    resource_kind: Mapped[str]
    resource_id: Mapped[UUID]
    seq: Mapped[int | None]
    created_at: Mapped[Now]
    read_at: Mapped[datetime | None]
    __table_args__ = (
        tenant_key("notifications_user", "user_id", "workspace_users.user_id"),
        tenant_key("notifications_actor", "actor_user_id", "workspace_users.user_id"),
        Index("notifications_person", "workspace_id", "user_id", text("id DESC")),
        Index(
            "notifications_unread",
            "workspace_id",
            "user_id",
            text("id DESC"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )


class Presence(Base, BelongsToWorkspace):
    """Where an operator is, and whether they type."""

    __tablename__ = "presences"
    user_id: Mapped[Key]
    console_id: Mapped[Key]
    conversation_id: Mapped[UUID | None]
    typing_until: Mapped[datetime | None]
    seen_at: Mapped[Now]
    __table_args__ = (
        tenant_key("presences_user", "user_id", "workspace_users.user_id"),
        tenant_key("presences_conversation", "conversation_id", "conversations.id"),
        Index(
            "presences_conversation",
            "workspace_id",
            "conversation_id",
            postgresql_where=text("conversation_id IS NOT NULL"),
        ),
    )


class VisitorPresence(Base, BelongsToWorkspace):
    """Whether a visitor is there and types."""

    __tablename__ = "visitor_presences"
    conversation_id: Mapped[Key]
    typing_until: Mapped[datetime | None]
    seen_at: Mapped[Now]
    __table_args__ = (tenant_key("visitor_presences_conversation", "conversation_id", "conversations.id"),)
