"""Identifiers: UUIDv7 (RFC 9562), made here so that no database default is needed."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

from console.errors import InvalidInputError

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


def new_id() -> UUID:
    """A fresh time-ordered id."""
    from uuid_utils.compat import uuid7

    return uuid7()


def parse_id(text: str, what: str) -> UUID:
    """Read an id given by a person or a request; `InvalidInputError` names `what` it should be."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInputError(f"{text[:80]!r} is no {what} id", hint="ids look like 0197f3c2-...") from None
