"""What an operator has typed and not sent: kept per person, conversation and kind."""

from __future__ import annotations

from console.db.engine import Database, ReadTx
from console.domain.actor import Actor
from console.domain.message import MAX_DRAFT_CHARS, Draft
from console.ids import ConversationId
from console.services.standing import no_such_conversation
from console.services.unit import reading, writing
from console.text import sanitise


class Drafts:
    """The actor's own drafts; nobody sees another's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def load(self, actor: Actor, id: ConversationId, kind: str = "reply") -> Draft | None:
        """The draft, or None; `NotFoundError` when there is no such conversation."""
        async with reading(self._db, actor, "draft.read", ("conversation", id)) as tx:
            row = await tx.row(_LOAD, id=id, me=actor.user_id, kind=kind)
            if row is None:
                await _require(tx, id)
                return None
            return Draft(id, kind, sanitise(row.content), row.updated_at)

    async def save(self, actor: Actor, id: ConversationId, content: str, kind: str = "reply") -> None:
        """Keep the draft; empty content deletes it. `NotFoundError` when there is no such conversation."""
        content = content.replace("\x00", "")[:MAX_DRAFT_CHARS]
        async with writing(self._db, actor, "draft.save", ("conversation", id)) as tx:
            await _require(tx, id)
            await tx.execute(_SAVE if content.strip() else _DELETE, id=id, me=actor.user_id, kind=kind, content=content)


async def _require(tx: ReadTx, id: ConversationId) -> None:
    if await tx.scalar("SELECT id FROM conversations WHERE workspace_id = :ws AND id = :id", id=id) is None:
        raise no_such_conversation(id)


_LOAD = """
    SELECT content, updated_at FROM drafts
    WHERE workspace_id = :ws AND conversation_id = :id AND user_id = :me AND kind = :kind
"""
_SAVE = """
    INSERT INTO drafts (workspace_id, conversation_id, user_id, kind, content) VALUES (:ws, :id, :me, :kind, :content)
    ON CONFLICT (workspace_id, conversation_id, user_id, kind)
    DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
"""
_DELETE = """
    DELETE FROM drafts WHERE workspace_id = :ws AND conversation_id = :id AND user_id = :me AND kind = :kind
        AND cast(:content AS text) IS NOT NULL
"""
