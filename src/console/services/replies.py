"""The one statement that stores a person's reply, fenced by holder and epoch."""

from __future__ import annotations

from uuid import UUID

from console.db.engine import WriteTx
from console.ids import ConversationId
from console.services.content import snippet
from console.services.standing import LEASE_SECONDS

# A token stands for one message, whatever else may carry it.
_REPLY = """
    WITH c AS (
        UPDATE conversations SET last_seq = last_seq + 1, last_human_seq = last_seq + 1,
            last_message_at = coalesce(cast(:back AS timestamptz), now()), snippet = :snippet,
            snippet_role = 'human', waiting_since = NULL, updated_at = now() {renewed}
        WHERE workspace_id = :ws AND id = :id AND claimed_by_user_id = :author AND epoch = :epoch {live}
          AND NOT EXISTS (SELECT FROM messages WHERE workspace_id = :ws AND conversation_id = :id
                          AND client_token = :token)
        RETURNING last_seq)
    INSERT INTO messages (workspace_id, conversation_id, seq, role, content, author_user_id, client_token,
                          created_at)
    SELECT :ws, :id, last_seq, 'human', :content, :author, :token, coalesce(cast(:back AS timestamptz), now())
    FROM c RETURNING seq
"""
_RENEWED = ", lease_expires_at = now() + make_interval(secs => :lease)"
_AT_ONCE = _REPLY.format(renewed=_RENEWED, live="AND lease_expires_at > now()")
_HELD = _REPLY.format(renewed="", live="")


async def reply(
    tx: WriteTx, id: ConversationId, author: UUID, content: str, *, token: str, epoch: int, held: bool = False
) -> int | None:
    """Store a reply and return its seq; None when the fence refused it.

    Said at once it needs a live lease and renews it; one that was `held` had one when it was held.
    """
    lease = {} if held else {"lease": LEASE_SECONDS}
    seq: int | None = await tx.scalar(
        _HELD if held else _AT_ONCE, id=id, author=author, content=content, token=token, epoch=epoch,
        snippet=snippet(content), **lease,
    )  # fmt: skip
    return seq
