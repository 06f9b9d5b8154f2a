"""A person's words: fenced like the AI's, by holder, epoch and a live lease."""

from __future__ import annotations

from uuid import UUID

from console.db.engine import Database, WriteTx
from console.domain.actor import Actor
from console.domain.held import Held
from console.domain.message import Sent
from console.errors import ConflictError
from console.ids import ConversationId
from console.services import held
from console.services.content import checked, same_content
from console.services.notifications import notify_mentioned
from console.services.replies import reply
from console.services.standing import lock, lost, standing
from console.services.unit import reading, writing

_NOTE = """
    WITH c AS (
        UPDATE conversations SET last_seq = last_seq + 1, updated_at = now() WHERE workspace_id = :ws AND id = :id
        RETURNING last_seq)
    INSERT INTO messages (workspace_id, conversation_id, seq, role, content, author_user_id, client_token,
                          created_at)
    SELECT :ws, :id, last_seq, 'note', :content, :me, :token, coalesce(cast(:back AS timestamptz), now())
    FROM c RETURNING seq
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
            # What was said before goes out before, and may be this very reply.
            if await held.send_held(tx, id, actor.user_id) and (earlier := await stored(tx, id, token, content)):
                return earlier
            seq = await reply(tx, id, actor.user_id, content, token=token, epoch=epoch)
            if seq is None:
                raise lost(await standing(tx, id), actor)
            await _forget_draft(tx, actor, id, "reply", content)
            tx.hint("conversation", id)
            return Sent(seq, repeated=False)

    async def hold(self, actor: Actor, id: ConversationId, content: str, *, token: str, epoch: int) -> Held:
        """Keep a reply for `HOLD_SECONDS`, then it goes out, whatever becomes of this process; fenced like `send`.

        A repeated `token` returns the same one, with a due time in the past once it went out. Raises as `send`.
        """
        content = checked(content)
        async with writing(self._db, actor, "message.hold", ("conversation", id)) as tx:
            if await stored(tx, id, token, content):
                return await held.gone_out(tx, actor, id, token)
            if earlier := await held.by_token(tx, actor, id, token, content):
                return earlier
            kept = await held.hold(tx, actor, id, content, token=token, epoch=epoch)
            if kept is None:
                raise lost(await standing(tx, id), actor)
            await _forget_draft(tx, actor, id, "reply", content)
            return kept

    async def held(self, actor: Actor, id: ConversationId) -> tuple[Held, ...]:
        """My replies to this conversation that have not gone out yet, oldest first; nobody sees another's."""
        async with reading(self._db, actor, "message.held", ("conversation", id)) as tx:
            await standing(tx, id)
            return await held.found(tx, actor, id)

    async def cancel_held(self, actor: Actor, id: ConversationId, held_id: UUID) -> Held:
        """Call my reply back: its words come first in my draft. `ConflictError` when it went out."""
        async with writing(self._db, actor, "message.cancel_held", ("conversation", id)) as tx:
            await lock(tx, id)
            back = await held.call_back(tx, actor, id, held_id)
            if back is None:
                raise ConflictError("that reply is not held back any more: it went out, or is your draft again")
            return back

    async def release_held(self, actor: Actor, id: ConversationId) -> int:
        """Send what I hold back now; returns how many went out."""
        async with writing(self._db, actor, "message.release_held", ("conversation", id)) as tx:
            await lock(tx, id)
            return await held.send_held(tx, id, actor.user_id)

    async def note(self, actor: Actor, id: ConversationId, content: str, *, token: str) -> Sent:
        """Add a note that only the staff sees; needs no claim."""
        content = checked(content)
        async with writing(self._db, actor, "message.note", ("conversation", id)) as tx:
            if earlier := await stored(tx, id, token, content):
                return earlier
            await held.refuse_token(tx, id, token)
            seq = await tx.scalar(_NOTE, id=id, me=actor.user_id, content=content, token=token)
            await notify_mentioned(tx, actor, id, seq, content)
            await _forget_draft(tx, actor, id, "note", content)
            tx.hint("conversation", id)
            return Sent(seq, repeated=False)


async def stored(tx: WriteTx, id: ConversationId, token: str, content: str) -> Sent | None:
    """Lock the conversation, then look for a message already stored under this token.

    Raises `NotFoundError` for no such conversation, `ConflictError` when the token stands for other words.
    """
    await lock(tx, id)
    row = await tx.row(
        "SELECT seq, content FROM messages"
        " WHERE workspace_id = :ws AND conversation_id = :id AND client_token = :token",
        id=id, token=token,
    )  # fmt: skip
    if row is None:
        return None
    same_content(row.content, content)
    return Sent(row.seq, repeated=True)


async def _forget_draft(tx: WriteTx, actor: Actor, id: ConversationId, kind: str, said: str) -> None:
    """The draft of what is said now, as far as it was kept; other words, a reply called back for one, stay."""
    await tx.execute(
        "DELETE FROM drafts WHERE workspace_id = :ws AND conversation_id = :id AND user_id = :me AND kind = :kind"
        " AND starts_with(:said, content)",
        id=id, me=actor.user_id, kind=kind, said=said,
    )  # fmt: skip
