"""What one person should know of: a mention in a note, a conversation assigned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.actor import Actor, Role
from console.domain.mention import folded, handles, handles_of, mentioned
from console.domain.notification import Notification, NotificationType
from console.domain.workspace import Member
from console.ids import ConversationId, UserId, new_id
from console.services.content import SNIPPET_CHARS
from console.services.members import to_member
from console.services.quota_notices import words
from console.services.unit import reading, writing
from console.text import one_line

_ALL = """
    SELECT n.*, u.name AS actor_name, coalesce(m.content, c.snippet, '') AS words FROM notifications n
    LEFT JOIN workspace_users u ON u.workspace_id = n.workspace_id AND u.user_id = n.actor_user_id
    LEFT JOIN conversations c ON c.workspace_id = n.workspace_id AND c.id = n.resource_id
    LEFT JOIN messages m ON m.workspace_id = n.workspace_id AND m.conversation_id = n.resource_id AND m.seq = n.seq
    WHERE n.workspace_id = :ws AND n.user_id = :me AND (n.resource_kind = 'conversation' OR n.type = 'quota')
        AND {which}
    ORDER BY n.id DESC LIMIT :limit
"""
_UNREAD = "n.read_at IS NULL"
_COUNT = "SELECT count(*) FROM notifications WHERE workspace_id = :ws AND user_id = :me AND read_at IS NULL"


class Notifications:
    """The actor's own notifications; nobody sees another's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self, actor: Actor, *, unread_only: bool = True, limit: int = 50) -> tuple[Notification, ...]:
        """The newest first."""
        statement = _ALL.format(which=_UNREAD if unread_only else "true")
        async with reading(self._db, actor, "notification.list", ("user", actor.user_id)) as tx:
            return tuple(_notification(row) for row in await tx.rows(statement, me=actor.user_id, limit=limit))

    async def unread(self, actor: Actor) -> int:
        """How many are unread."""
        async with reading(self._db, actor, "notification.list", ("user", actor.user_id)) as tx:
            count: int = await tx.scalar(_COUNT, me=actor.user_id)
            return count

    async def read(self, actor: Actor, ids: Sequence[UUID] | None = None) -> int:
        """Mark these of the actor's as read, or all; returns how many were unread."""
        async with writing(self._db, actor, "notification.read", ("user", actor.user_id), Role.VIEWER) as tx:
            marked = await tx.rows(
                "UPDATE notifications SET read_at = now() WHERE workspace_id = :ws AND user_id = :me"
                " AND read_at IS NULL AND (:every OR id = ANY (cast(:ids AS uuid[]))) RETURNING id",
                me=actor.user_id, every=ids is None, ids=list(ids or ()),
            )  # fmt: skip
            if marked:
                tx.hint("person", actor.user_id)
            return len(marked)

    async def mentionable(self, actor: Actor, prefix: str = "") -> tuple[Member, ...]:
        """The others whom `@prefix` could mean, by name."""
        begins = folded(prefix)
        async with reading(self._db, actor, "member.list", ("workspace", actor.workspace_id)) as tx:
            others = [member for member in await _present(tx) if member.user_id != actor.user_id]
        return tuple(m for m in others if any(handle.startswith(begins) for handle in handles_of(m)))


async def notify(
    tx: WriteTx,
    actor: Actor,
    type: NotificationType,
    people: Iterable[UserId],
    id: ConversationId,
    seq: int | None = None,
) -> None:
    """Tell these people, but never the actor, of something in a conversation."""
    for person in sorted(set(people) - {actor.user_id}):
        await tx.execute(
            "INSERT INTO notifications"
            " (workspace_id, id, user_id, type, actor_user_id, resource_kind, resource_id, seq)"
            " VALUES (:ws, :id, :person, :type, :me, 'conversation', :conversation, :seq)",
            id=new_id(), person=person, type=type.value, me=actor.user_id, conversation=id, seq=seq,
        )  # fmt: skip
        tx.hint("person", person)


async def notify_mentioned(tx: WriteTx, actor: Actor, id: ConversationId, seq: int, content: str) -> None:
    """Tell each member whom this note mentions; words that mean nobody here stay words."""
    if "@" in content or "\uff20" in content:
        people = mentioned(content, handles(await _present(tx)))
        await notify(tx, actor, NotificationType.MENTION, people, id, seq)


async def _present(tx: ReadTx) -> list[Member]:
    here = await tx.rows("SELECT * FROM workspace_users WHERE workspace_id = :ws AND left_at IS NULL")
    return sorted(map(to_member, here), key=lambda member: (folded(member.name), member.user_id))


def _notification(row: Any) -> Notification:
    is_quota = row.type == NotificationType.QUOTA
    return Notification(
        id=row.id,
        type=NotificationType(row.type),
        actor_name=one_line(row.actor_name or ""),
        conversation_id=None if is_quota else ConversationId(row.resource_id),
        seq=None if is_quota else row.seq,
        snippet=one_line(words(row.resource_kind, row.seq) if is_quota else row.words, SNIPPET_CHARS),
        created_at=row.created_at,
        read_at=row.read_at,
    )
