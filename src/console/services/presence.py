"""Who is where: one row a console, which says nothing once it is stale; a visitor's is written by the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from console.db.engine import Database, WriteTx
from console.domain.actor import Actor, Role
from console.domain.presence import STALE_SECONDS, TYPING_SECONDS, Present
from console.ids import ConversationId, UserId
from console.services.conversations import visitor_name
from console.services.standing import no_such_conversation
from console.services.unit import reading, writing
from console.text import one_line

_ONLY = UUID(int=0)
THROTTLE_SECONDS = 2.0
"""What was said so short a time ago is not written again."""

# Nothing is locked, let alone written, when the row says the same already.
_HERE = """
    INSERT INTO presences (workspace_id, user_id, console_id, conversation_id, typing_until, seen_at)
    SELECT :ws, :me, :console, cast(:conversation AS uuid),
        CASE WHEN :typing THEN now() + make_interval(secs => :lasts) END, now()
    WHERE NOT EXISTS (SELECT FROM presences WHERE workspace_id = :ws AND user_id = :me AND console_id = :console
        AND conversation_id IS NOT DISTINCT FROM cast(:conversation AS uuid)
        AND coalesce(typing_until > now(), false) = :typing AND seen_at > now() - make_interval(secs => :throttle))
    ON CONFLICT (workspace_id, user_id, console_id) DO UPDATE SET conversation_id = excluded.conversation_id,
        typing_until = excluded.typing_until, seen_at = excluded.seen_at
    RETURNING 1
"""
_BEFORE = """
    SELECT conversation_id, coalesce(typing_until > now(), false) AS typing FROM presences
    WHERE workspace_id = :ws AND user_id = :me AND console_id = :console
        AND seen_at > now() - make_interval(secs => :stale)
"""
# The lock lets two consoles that go at once see each other go: the second one is the last.
_LEAVE = """
    WITH mine AS (
        SELECT console_id, conversation_id, seen_at > now() - make_interval(secs => :stale) AS alive
        FROM presences WHERE workspace_id = :ws AND user_id = :me ORDER BY console_id FOR UPDATE
    ), gone AS (
        DELETE FROM presences p USING mine WHERE p.workspace_id = :ws AND p.user_id = :me
            AND p.console_id = mine.console_id AND (mine.console_id = :console OR NOT mine.alive)
    )
    SELECT conversation_id, console_id <> :console AND alive AS other FROM mine
"""
_AROUND = """
    SELECT p.conversation_id, p.user_id, u.name, coalesce(max(p.typing_until) > now(), false) AS typing,
        CASE WHEN max(p.typing_until) > now() THEN max(p.typing_until)
            ELSE max(p.seen_at) + make_interval(secs => :stale) END AS until
    FROM presences p
    JOIN workspace_users u ON u.workspace_id = p.workspace_id AND u.user_id = p.user_id AND u.left_at IS NULL
    WHERE p.workspace_id = :ws AND p.conversation_id = ANY (:ids) AND p.user_id <> :me
        AND p.seen_at > now() - make_interval(secs => :stale)
    GROUP BY p.conversation_id, p.user_id, u.name
    UNION ALL
    SELECT v.conversation_id, NULL, k.name, true, v.typing_until FROM visitor_presences v
    JOIN conversations c ON c.workspace_id = v.workspace_id AND c.id = v.conversation_id
    LEFT JOIN contacts k ON k.workspace_id = c.workspace_id AND k.id = c.contact_id
    WHERE v.workspace_id = :ws AND v.conversation_id = ANY (:ids) AND v.typing_until > now()
    ORDER BY 1, 3
"""
_PRESENT = """
    SELECT user_id FROM presences WHERE workspace_id = :ws AND seen_at > now() - make_interval(secs => :stale)
"""


class Presence:
    """Where the staff is, and who types."""

    def __init__(self, db: Database, console_id: UUID = _ONLY) -> None:
        """`console_id` tells the consoles of one person apart."""
        self._db = db
        self._console_id = console_id
        self._said: tuple[Actor, ConversationId | None, bool] | None = None
        self._said_at = 0.0

    async def here(self, actor: Actor, conversation_id: ConversationId | None, *, typing: bool = False) -> None:
        """Say where the actor is: every 15 seconds and at each change; typing lasts 6 seconds.

        Calls may come at every key: one that says nothing new within 2 seconds writes nothing. Raises
        `NotFoundError` for no such conversation.
        """
        typing = typing and conversation_id is not None
        said = (actor, conversation_id, typing)
        if said == self._said and monotonic() - self._said_at < THROTTLE_SECONDS:
            return
        resource = ("conversation", conversation_id)
        async with writing(self._db, actor, "presence.here", resource, Role.VIEWER) as tx:
            if conversation_id is not None:
                await _require(tx, conversation_id)
            before = await tx.row(_BEFORE, me=actor.user_id, console=self._console_id, stale=STALE_SECONDS)
            written = await tx.row(
                _HERE, me=actor.user_id, console=self._console_id, conversation=conversation_id, typing=typing,
                lasts=TYPING_SECONDS, throttle=THROTTLE_SECONDS,
            )  # fmt: skip
            if written is not None:
                _hint(tx, before, conversation_id, typing)
        self._said, self._said_at = said, monotonic()

    async def leave(self, actor: Actor) -> bool:
        """Say that this console of the actor has gone, which whoever may do nothing any more may, too.

        Gives back whether another console of theirs is there still.
        """
        self._said = None
        async with self._db.write(actor.workspace_id) as tx:
            mine = await tx.rows(_LEAVE, me=actor.user_id, console=self._console_id, stale=STALE_SECONDS)
            for gone in {row.conversation_id for row in mine if not row.other} - {None}:
                tx.hint("presence", gone)
            return any(row.other for row in mine)

    async def around(self, actor: Actor, ids: Sequence[ConversationId]) -> tuple[Present, ...]:
        """The others seen in these conversations within 45 seconds, and their visitors who type."""
        async with reading(self._db, actor, "presence.read", ("workspace", actor.workspace_id)) as tx:
            rows = await tx.rows(_AROUND, ids=list(ids), me=actor.user_id, stale=STALE_SECONDS)
            return tuple(_present(row) for row in rows)

    async def present(self, actor: Actor) -> frozenset[UserId]:
        """Everybody of the workspace who was seen within 45 seconds, the actor too."""
        async with reading(self._db, actor, "presence.read", ("workspace", actor.workspace_id)) as tx:
            rows = await tx.rows(_PRESENT, stale=STALE_SECONDS)
            return frozenset(UserId(row.user_id) for row in rows)


async def _require(tx: WriteTx, id: ConversationId) -> None:
    if await tx.row("SELECT 1 FROM conversations WHERE workspace_id = :ws AND id = :id", id=id) is None:
        raise no_such_conversation(id)


def _hint(tx: WriteTx, before: Any, now: ConversationId | None, typing: bool) -> None:
    """Wake whoever looks at what changed; a mere heartbeat wakes nobody."""
    was = before.conversation_id if before else None
    moved = was != now
    if was is not None and moved:
        tx.hint("presence", was)
    if now is not None and (moved or typing or before.typing):
        tx.hint("presence", now)


def _present(row: Any) -> Present:
    id = ConversationId(row.conversation_id)
    if row.user_id is None:
        return Present(id, None, visitor_name(row.name, id), True, row.until)
    return Present(id, UserId(row.user_id), one_line(row.name), row.typing, row.until)
