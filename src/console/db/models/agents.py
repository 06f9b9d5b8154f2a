"""Agents and their published versions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column, synonym

from console.db.models.columns import Empty, Key, List, Map, Now, One, default
from console.db.scope import Base, BelongsToAgent, tenant_key


class Agent(Base, BelongsToAgent):
    """An agent's draft; `published_version_id` names the version that visitors meet."""

    __tablename__ = "agents"
    id: Mapped[Key]
    agent_id: Mapped[UUID] = synonym("id")
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[Empty]
    type: Mapped[str] = default("support")
    status: Mapped[str] = default("active")
    visibility: Mapped[str] = default("public")
    persona: Mapped[Map]
    theme: Mapped[Map]
    system_prompt: Mapped[Empty]
    guardrails: Mapped[List]
    behaviour_rules: Mapped[List]
    ctas: Mapped[List]
    model_config: Mapped[Map]
    retrieval_config: Mapped[Map]
    capabilities: Mapped[List]
    scheduling: Mapped[Map]
    draft_revision: Mapped[One]
    draft_hash: Mapped[bytes]
    published_version_id: Mapped[UUID | None]
    widget_key: Mapped[str]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="agents_workspace"),
        tenant_key(
            "agents_published",
            "id published_version_id",
            "agent_versions.agent_id agent_versions.id",
            use_alter=True,
        ),
        Index("agents_slug", "workspace_id", "slug", unique=True),
        Index("agents_widget_key", "workspace_id", "widget_key", unique=True),
    )


class AgentVersion(Base, BelongsToAgent):
    """An immutable, numbered snapshot of an agent."""

    __tablename__ = "agent_versions"
    id: Mapped[Key]
    agent_id: Mapped[UUID] = mapped_column()
    number: Mapped[int]
    snapshot: Mapped[dict[str, Any]]
    content_hash: Mapped[bytes]
    note: Mapped[Empty]
    author_user_id: Mapped[UUID | None]
    created_at: Mapped[Now]
    __table_args__ = (
        tenant_key("agent_versions_agent", "agent_id", "agents.id"),
        tenant_key("agent_versions_author", "author_user_id", "workspace_users.user_id"),
        Index("agent_versions_number", "workspace_id", "agent_id", "number", unique=True),
        Index("agent_versions_agent", "workspace_id", "agent_id", "id", unique=True),
    )


class AgentSource(Base, BelongsToAgent):
    """A source that an agent may retrieve from."""

    __tablename__ = "agent_sources"
    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[Key]
    __table_args__ = (
        tenant_key("agent_sources_agent", "agent_id", "agents.id"),
        tenant_key("agent_sources_source", "source_id", "sources.id", ondelete="CASCADE"),
    )


class AgentOrigin(Base, BelongsToAgent):
    """A web origin whose pages may talk to the gateway for an agent."""

    __tablename__ = "agent_origins"
    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[Now]
    __table_args__ = (
        tenant_key("agent_origins_agent", "agent_id", "agents.id"),
        tenant_key("agent_origins_creator", "created_by_user_id", "workspace_users.user_id"),
        Index("agent_origins_origin", "origin"),
    )
