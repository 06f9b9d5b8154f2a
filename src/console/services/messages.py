"""A person's words: fenced like the AI's, by holder, epoch and a live lease."""

from __future__ import annotations

from console.db.engine import Database, WriteTx
from console.domain.actor import Actor
from console.domain.message import Sent
from console.ids import ConversationId
from console.services.content import checked, same_content, snippet
from console.services.takeover import LEASE_SECONDS, lost, no_such_conversation, standing
from console.services.unit import writing

_SEND = """
    WITH c AS (
        UPDATE conversations SET last_seq = last_seq + 1, last_human_seq = last_seq + 1, last_message_at = now(),
            snippet = :snippet, snippet_role = 'human', updated_at = now(),
            lease_expires_at = now() + make_interval(secs => :lease)
        WHERE workspace_id = :ws AND id = :id AND claimed_by_user_id = :me AND epoch = :epoch
          AND lease_expires_at > now()
        RETURNING last_seq)
    INSERT INTO messages (workspace_id, conversation_id, seq, role, content, author_user_id, client_token)
    SELECT :ws, :id, last_seq, 'human', :content, :me, :token FROM c RETURNING seq
"""
_NOTE = """
    WITH c AS (
        UPDATE conversations SET last_seq = last_seq + 1, updated_at = now() WHERE workspace_id = :ws AND id = :id
        RETURNING last_seq)
    INSERT INTO messages (workspace_id, conversation_id, seq, role, content, author_user_id, client_token)
    SELECT :ws, :id, last_seq, 'note', :content, :me, :token FROM c RETURNING seq
"""


class Messages:
    """Replies and notes of the staff."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def send(self, actor: Actor, id: ConversationId, content: str, *, token: str, epoch: int) -> Sent:
        """Send a reply to the visitor. A repeated `token` returns the first message.

        Raises `InvalidInputError` for what can't be stored, `ConflictError` when the claim is gone.
        """
        content = checked(content)
        async with writing(self._db, actor, "message.send", ("conversation", id)) as tx:
            if earlier := await stored(tx, id, token, content):
                return earlier
            seq = await tx.scalar(
                _SEND, id=id, me=actor.user_id, epoch=epoch, content=content, token=token,
                snippet=snippet(content), lease=LEASE_SECONDS,
            )  # fmt: skip
            if seq is None:
                raise lost(await standing(tx, id), actor)
            await _forget_draft(tx, actor, id, "reply")
            tx.hint("conversation", id)
            return Sent(seq, repeated=False)

    async def note(self, actor: Actor, id: ConversationId, content: str, *, token: str) -> Sent:
        """Add a note that only the staff sees; needs no claim."""
        content = checked(content)
        async with writing(self._db, actor, "message.note", ("conversation", id)) as tx:
            if earlier := await stored(tx, id, token, content):
                return earlier
            seq = await tx.scalar(_NOTE, id=id, me=actor.user_id, content=content, token=token)
            await _forget_draft(tx, actor, id, "note")
            tx.hint("conversation", id)
            return Sent(seq, repeated=False)


async def stored(tx: WriteTx, id: ConversationId, token: str, content: str) -> Sent | None:
    """Lock the conversation, then look for a message already stored under this token.

    Raises `NotFoundError` for no such conversation, `ConflictError` when the token stands for other words.
    """
    found = await tx.row("SELECT 1 FROM conversations WHERE workspace_id = :ws AND id = :id FOR UPDATE", id=id)
    if found is None:
        raise no_such_conversation(id)
    row = await tx.row(
        "SELECT seq, content FROM messages"
        " WHERE workspace_id = :ws AND conversation_id = :id AND client_token = :token",
        id=id, token=token,
    )  # fmt: skip
    if row is None:
        return None
    same_content(row.content, content)
    return Sent(row.seq, repeated=True)


async def _forget_draft(tx: WriteTx, actor: Actor, id: ConversationId, kind: str) -> None:
    await tx.execute(
        "DELETE FROM drafts WHERE workspace_id = :ws AND conversation_id = :id AND user_id = :me AND kind = :kind",
        id=id, me=actor.user_id, kind=kind,
    )  # fmt: skip
