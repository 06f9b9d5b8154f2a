"""Whether a visitor's token opens a conversation: asked first in each transaction of the gateway."""

from __future__ import annotations

import hashlib
import hmac

from console.db.engine import ReadTx
from console.domain.actor import Visitor
from console.domain.keys import parse_visitor_token
from console.errors import NotFoundError
from console.ids import ConversationId


def visitor_of(token: str, id: ConversationId) -> tuple[Visitor, str]:
    """The visitor whom the token names, and its secret; `NotFoundError` when it is another conversation's."""
    workspace_id, conversation_id, secret = parse_visitor_token(token)
    if conversation_id != id:
        raise unknown()
    return Visitor(workspace_id, conversation_id), secret


# A token ends thirty days after the last word was said.
_STORED_HASH = (
    "SELECT visitor_token_hash FROM conversations WHERE workspace_id = :ws AND id = :id"
    " AND last_message_at > now() - interval '30 days'"
)
_STORED_HASH_LOCKED = _STORED_HASH + " FOR NO KEY UPDATE"


async def authenticate(tx: ReadTx, visitor: Visitor, secret: str, *, lock: bool = False) -> None:
    """Raise `NotFoundError` unless the secret is the conversation's own; `lock` takes the conversation's row lock."""
    stored = await tx.scalar(_STORED_HASH_LOCKED if lock else _STORED_HASH, id=visitor.conversation_id)
    if stored is None or not hmac.compare_digest(bytes(stored), secret_hash(secret)):
        raise unknown()


def unknown() -> NotFoundError:
    """The one answer to every wrong token."""
    return NotFoundError("no conversation answers to this token")


def secret_hash(secret: str) -> bytes:
    """What is stored of a token's secret."""
    return hashlib.sha256(secret.encode()).digest()
