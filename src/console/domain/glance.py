"""All my workspaces in one list: what each needs, read under its own tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.credential import Credential
from console.domain.quota import Window
from console.domain.workspace import Member, Membership, Workspace
from console.ids import UserId
from console.text import EMPTY, SafeText


@dataclass(frozen=True, slots=True)
class Publish:
    """The newest version that was published in a workspace."""

    agent_slug: SafeText
    number: int
    at: datetime
    author_name: SafeText


@dataclass(frozen=True, slots=True)
class Glance:
    """A workspace of mine now; `trouble` says why it can't be read, and then the rest says nothing."""

    membership: Membership
    waiting: int | None = None
    failing_sources: int | None = None
    quota_percent: int | None = None
    quota_soft: bool = False
    last_publish: Publish | None = None
    trouble: SafeText = EMPTY


@dataclass(frozen=True, slots=True)
class WorkspaceDetails:
    """What is set in a workspace and who is in it; `credentials` is None for those who may not see them.

    `endpoint` is the host of the model, empty where answers are extracts. `present` are the members seen just now.
    """

    workspace: Workspace
    created_at: datetime
    window: Window
    max_seats: int | None
    endpoint: SafeText
    chat: SafeText
    embedding: SafeText
    credentials: tuple[Credential, ...] | None
    members: tuple[Member, ...]
    present: frozenset[UserId]
