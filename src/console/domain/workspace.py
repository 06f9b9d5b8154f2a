"""Workspaces, people and sign-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from console.domain.actor import Actor, Role
from console.ids import UserId, WorkspaceId
from console.text import SafeText

if TYPE_CHECKING:
    from console.domain.agent import Agent


@dataclass(frozen=True, slots=True)
class Workspace:
    """A tenant."""

    id: WorkspaceId
    slug: SafeText
    name: SafeText
    plan: SafeText
    time_zone: SafeText
    active: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """One of a person's workspaces."""

    workspace_id: WorkspaceId
    slug: SafeText
    name: SafeText
    role: Role


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a workspace."""

    user_id: UserId
    name: SafeText
    email: SafeText
    role: Role
    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A fresh session. `token` is shown once, to the keychain; the database has its hash."""

    token: str = field(repr=False)
    user_id: UserId
    name: SafeText
    email: SafeText
    memberships: tuple[Membership, ...]
    active_workspace_id: WorkspaceId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorkspace:
    """What a workspace begins with: its owner, and one agent, published when it is made."""

    slug: str
    name: str
    owner_email: str
    owner_name: str
    owner_password: str = field(repr=False)
    agent_slug: str
    agent_name: str
    plan: str = "free"


@dataclass(frozen=True, slots=True)
class Founded:
    """A workspace just made, its owner as an actor in it, and its agent."""

    workspace: Workspace
    owner: Actor
    agent: Agent
