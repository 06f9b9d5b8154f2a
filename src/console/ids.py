"""Identifiers: UUIDv7 (RFC 9562), made here so that no database default is needed."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

from console.errors import MalformedError

WorkspaceId = NewType("WorkspaceId", UUID)
UserId = NewType("UserId", UUID)
AgentId = NewType("AgentId", UUID)
VersionId = NewType("VersionId", UUID)
SourceId = NewType("SourceId", UUID)
DocumentId = NewType("DocumentId", UUID)
ChunkId = NewType("ChunkId", UUID)
ContactId = NewType("ContactId", UUID)
ConversationId = NewType("ConversationId", UUID)
RunId = NewType("RunId", UUID)
GapId = NewType("GapId", UUID)
CuratedId = NewType("CuratedId", UUID)


def new_id() -> UUID:
    """A fresh time-ordered id."""
    from uuid_utils.compat import uuid7

    return uuid7()


def parse_id(text: str, what: str) -> UUID:
    """Read an id given by a person or a request; `MalformedError` names `what` it should be."""
    try:
        return UUID(text)
    except ValueError:
        raise MalformedError(f"{text[:80]!r} is no {what} id", hint="ids look like 0197f3c2-...") from None


def parse_beginning(text: str, what: str) -> tuple[UUID, UUID]:
    """The first and last id that begin with these 8 or more hex digits; twice the same for a whole id.

    `MalformedError` names `what` it should be.
    """
    digits = text.replace("-", "").lower()
    if 8 <= len(digits) < 32 and not set(digits) - set("0123456789abcdef"):
        return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    whole = parse_id(text, what)
    return whole, whole
