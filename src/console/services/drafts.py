"""What an operator has typed and not sent: kept per person, conversation and kind."""

from __future__ import annotations

from sqlalchemy import select

from console.db.engine import Database, ReadTx
from console.db.models.conversations import Conversation
from console.db.models.conversations import Draft as DraftRow
from console.domain.actor import Actor
from console.domain.message import MAX_MESSAGE_CHARS, Draft
from console.ids import ConversationId
from console.services.takeover import no_such_conversation
from console.services.unit import reading, writing
from console.text import sanitise


class Drafts:
    """The actor's own drafts; nobody sees another's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def load(self, actor: Actor, id: ConversationId, kind: str = "reply") -> Draft | None:
        """The draft, or None; `NotFoundError` when there is no such conversation."""
        async with reading(self._db, actor, "draft.read", ("conversation", id)) as tx:
            row = await tx.one(
                select(DraftRow)
                .where(DraftRow.workspace_id == actor.workspace_id, DraftRow.conversation_id == id)
                .where(DraftRow.user_id == actor.user_id, DraftRow.kind == kind)
            )
            if row is None:
                await _require(tx, id)
                return None
            return Draft(id, kind, sanitise(row.content), row.updated_at)

    async def save(self, actor: Actor, id: ConversationId, content: str, kind: str = "reply") -> None:
        """Keep the draft; empty content deletes it. `NotFoundError` when there is no such conversation."""
        content = content.replace("\x00", "")[:MAX_MESSAGE_CHARS]
        async with writing(self._db, actor, "draft.save", ("conversation", id)) as tx:
            await _require(tx, id)
            await tx.execute(_SAVE if content.strip() else _DELETE, id=id, me=actor.user_id, kind=kind, content=content)


async def _require(tx: ReadTx, id: ConversationId) -> None:
    known = select(Conversation.id).where(Conversation.workspace_id == tx.workspace_id, Conversation.id == id)
    if await tx.one(known) is None:
        raise no_such_conversation(id)


_SAVE = """
    INSERT INTO drafts (workspace_id, conversation_id, user_id, kind, content) VALUES (:ws, :id, :me, :kind, :content)
    ON CONFLICT (workspace_id, conversation_id, user_id, kind)
    DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
"""
_DELETE = """
    DELETE FROM drafts WHERE workspace_id = :ws AND conversation_id = :id AND user_id = :me AND kind = :kind
        AND cast(:content AS text) IS NOT NULL
"""
