"""Feedback: a visitor's thumb on an answer; the last word counts."""

from __future__ import annotations

from console.clock import utc_now
from console.db.engine import Database, ReadTx
from console.domain.feedback import Feedback, Rating
from console.errors import InvalidInputError, NotFoundError
from console.ids import ConversationId
from console.services.visitor_access import authenticate, visitor_of
from console.text import sanitise

MOST_COMMENT = 2000
_ANSWERS = {"assistant", "human"}

_ROLE = "SELECT role FROM messages WHERE workspace_id = :ws AND conversation_id = :id AND seq = :seq"
_RATE = """
    INSERT INTO feedback AS f (workspace_id, conversation_id, seq, rating, comment, created_at, updated_at)
    VALUES (:ws, :id, :seq, :rating, :comment, :now, :now)
    ON CONFLICT (workspace_id, conversation_id, seq) DO UPDATE
    SET rating = excluded.rating, comment = excluded.comment, updated_at = :now
    WHERE (f.rating, f.comment) IS DISTINCT FROM (excluded.rating, excluded.comment)
"""
_ALL = """
    SELECT seq, rating, comment, updated_at FROM feedback
    WHERE workspace_id = :ws AND conversation_id = :id ORDER BY seq
"""


class NoAnswerError(NotFoundError):
    """There is no answer with that seq in the visitor's own conversation."""


class FeedbackDesk:
    """What a visitor may say about answers, over the gateway's database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def rate(self, token: str, id: ConversationId, seq: int, rating: Rating, comment: str = "") -> None:
        """Store the visitor's opinion of the answer with that seq in place of an earlier one.

        Raises `NotFoundError` when the token is not this conversation's, `NoAnswerError` when no answer has that seq,
        `InvalidInputError` for a comment that is too long.
        """
        if len(comment) > MOST_COMMENT:
            raise InvalidInputError(f"comment has {len(comment)} characters, more than {MOST_COMMENT}")
        visitor, secret = visitor_of(token, id)
        async with self._db.write(visitor.workspace_id) as tx:
            await authenticate(tx, visitor, secret)
            await _require_answer(tx, id, seq)
            await tx.execute(_RATE, id=id, seq=seq, rating=rating, comment=comment.strip(), now=utc_now())
            tx.hint("conversation", id)


async def _require_answer(tx: ReadTx, id: ConversationId, seq: int) -> None:
    role = await tx.scalar(_ROLE, id=id, seq=seq)
    if role is None:
        raise NoAnswerError(f"this conversation has no message {seq}", hint="give the seq of an answer")
    if role not in _ANSWERS:
        raise NoAnswerError(f"message {seq} is the visitor's own, not an answer", hint="give the seq of an answer")


async def feedback_of(tx: ReadTx, id: ConversationId) -> tuple[Feedback, ...]:
    """Every opinion in a conversation, by seq."""
    rows = await tx.rows(_ALL, id=id)
    return tuple(Feedback(row.seq, Rating(row.rating), sanitise(row.comment), row.updated_at) for row in rows)
