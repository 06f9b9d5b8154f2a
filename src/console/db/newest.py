"""A quick look whether a workspace has moved on: what it costs does not grow with the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from console.db.begin import begin, for_driver
from console.db.hangup import Impatient
from console.db.whole import whole

_NEWEST = for_driver("""
    SELECT pg_current_snapshot()::text,
        (SELECT last_message_at FROM conversations WHERE workspace_id = :ws AND status = 'open'
         ORDER BY last_message_at DESC LIMIT 1),
        (SELECT id FROM conversation_events WHERE workspace_id = :ws ORDER BY id DESC LIMIT 1),
        (SELECT seq FROM audit_heads WHERE workspace_id = :ws)
""").encode()


@dataclass(frozen=True, slots=True)
class Newest:
    """`here` is another after any message, act on a conversation or audited act; `anywhere` after any commit at all."""

    here: tuple[Any, ...]
    anywhere: str


async def newest(connection: Impatient, workspace_id: UUID) -> Newest:
    """What is newest now, in one round trip."""
    found = await whole(connection, begin(workspace_id, read_only=True).encode(), _NEWEST, {"ws": workspace_id})
    anywhere, *here = found.rows[0]
    return Newest(tuple(here), anywhere)
