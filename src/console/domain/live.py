"""What the live link tells a screen: which rows to read again, and how fresh it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Link(StrEnum):
    """How changes reach this process now."""

    LIVE = "live"
    POLLING = "polling"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link's state changed."""

    link: Link


@dataclass(frozen=True, slots=True)
class Changed:
    """Conversations that may have changed; None means: read everything again (after a gap, or a poll)."""

    conversations: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Conversations where somebody came, went or types."""

    conversations: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class ThingsChanged:
    """Other things than conversations that changed, by kind: `source`, `gap`, `agent`, `usage` and so on."""

    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Notified:
    """This person has something new to know of."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class SchemaMoved:
    """The database has a migration, of this name, that this program does not know."""

    name: str


LiveEvent = LinkChanged | Changed | PresenceChanged | ThingsChanged | Notified | SchemaMoved
