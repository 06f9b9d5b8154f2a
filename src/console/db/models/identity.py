"""People, workspaces, memberships, sessions."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text, true
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column, synonym

from console.db.models.columns import BigZero, Empty, Key, Map, Now, default
from console.db.scope import Base, BelongsToWorkspace, tenant_key


class User(Base):
    """A person, whatever the workspaces; the app role can't read this table."""

    __tablename__ = "users"
    id: Mapped[Key]
    email: Mapped[str]
    name: Mapped[str]
    avatar_url: Mapped[str | None]
    external_subject: Mapped[str | None]
    password_hash: Mapped[str]
    totp_secret_sealed: Mapped[bytes | None]
    totp_offered_sealed: Mapped[bytes | None]
    totp_last_step: Mapped[BigZero]
    role: Mapped[str] = default("customer")
    settings: Mapped[Map]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        Index("users_email", text("lower(email)"), unique=True),
        Index(
            "users_external_subject",
            "external_subject",
            unique=True,
            postgresql_where=text("external_subject IS NOT NULL"),
        ),
    )


class Workspace(Base, BelongsToWorkspace):
    """A tenant; it belongs to itself, its id is its workspace."""

    __tablename__ = "workspaces"
    id: Mapped[Key]
    workspace_id: Mapped[UUID] = synonym("id")
    slug: Mapped[str]
    name: Mapped[str]
    plan: Mapped[str] = default("free")
    active: Mapped[bool] = mapped_column(server_default=true())
    time_zone: Mapped[str] = default("UTC")
    settings: Mapped[Map]
    billing_state: Mapped[str] = default("none")
    billing_email: Mapped[str | None]
    billing_anchor: Mapped[datetime] = mapped_column(server_default=text("date_trunc('day', now(), 'UTC')"))
    stripe_customer_id: Mapped[str | None]
    max_seats: Mapped[int | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (Index("workspaces_slug", "slug", unique=True),)


class WorkspaceUser(Base, BelongsToWorkspace):
    """A membership; it ends (`left_at`) and never vanishes."""

    __tablename__ = "workspace_users"
    workspace_id: Mapped[UUID] = mapped_column(
        ForeignKey("workspaces.id", name="workspace_users_workspace"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", name="workspace_users_user"), primary_key=True)
    role: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    settings: Mapped[Map]
    joined_at: Mapped[Now]
    left_at: Mapped[datetime | None]
    updated_at: Mapped[Now]
    __table_args__ = (Index("workspace_users_user", "user_id"),)


class WorkspaceCredential(Base, BelongsToWorkspace):
    """A key of another service, sealed."""

    __tablename__ = "workspace_credentials"
    workspace_id: Mapped[UUID] = mapped_column(
        ForeignKey("workspaces.id", name="workspace_credentials_workspace"), primary_key=True
    )
    id: Mapped[Key]
    kind: Mapped[str]
    name: Mapped[Empty]
    sealed: Mapped[bytes]
    last_characters: Mapped[Empty]
    set_by_user_id: Mapped[UUID | None]
    set_at: Mapped[Now]
    __table_args__ = (
        tenant_key("workspace_credentials_setter", "set_by_user_id", "workspace_users.user_id"),
        Index("workspace_credentials_kind", "workspace_id", "kind", "name", unique=True),
    )


class UserSession(Base):
    """A sign-in, known by the hash of its token; the app role can't read this table."""

    __tablename__ = "sessions"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", name="sessions_user"))
    active_workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", name="sessions_workspace"))
    user_agent: Mapped[str | None]
    ip: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
    created_at: Mapped[Now]
    last_seen_at: Mapped[Now]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (Index("sessions_user", "user_id"),)


class RecoveryCode(Base):
    """A code that signs in once, known by its hash; the app role can't read this table."""

    __tablename__ = "recovery_codes"
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", name="recovery_codes_user"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[Now]
    used_at: Mapped[datetime | None]


class LoginAttempts(Base):
    """Failed sign-ins by keyed hash of an e-mail or an address; the app role can't read this table."""

    __tablename__ = "login_attempts"
    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]
    __table_args__ = (Index("login_attempts_time", "failed_at"),)


class AuthSecret(Base):
    """Random bytes that never leave the server; the app role can't read this table."""

    __tablename__ = "auth_secrets"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes]
