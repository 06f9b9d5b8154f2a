"""Agents, their drafts and their published versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.ids import AgentId, SourceId, VersionId
from console.text import SafeText


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as a list shows it."""

    id: AgentId
    slug: SafeText
    name: SafeText
    status: str
    draft_revision: int
    published_version_id: VersionId | None
    published_number: int | None
    published_at: datetime | None
    changed_since_publish: bool
    public_key: str


@dataclass(frozen=True, slots=True)
class AgentDraft:
    """The mutable draft of an agent and the revision it was read at (optimistic lock)."""

    agent: Agent
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """An immutable published snapshot."""

    id: VersionId
    agent_id: AgentId
    number: int
    note: SafeText
    author_name: SafeText
    created_at: datetime
    snapshot: Mapping[str, Any]
    live: bool


@dataclass(frozen=True, slots=True)
class Published:
    """What the runtime needs of a published version: nothing of the draft is in it.

    `sources` is None when the agent may use every source of its workspace. One of number 0 is the draft, which only
    those who edit it ever ask; no version has its id.
    """

    agent_id: AgentId
    version_id: VersionId
    number: int
    name: str
    threshold: float
    sources: tuple[SourceId, ...] | None
    snapshot: Mapping[str, Any]

    @property
    def is_draft(self) -> bool:
        """Whether this is no version yet."""
        return self.number == 0
