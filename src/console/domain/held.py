"""A reply on its way that can still be called back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.ids import ConversationId, UserId
from console.text import SafeText

HOLD_SECONDS = 8
"""How long a reply is held, and a resolve, snooze or hand-back can be undone."""


@dataclass(frozen=True, slots=True)
class Held:
    """A reply that goes out when it is due."""

    id: UUID
    conversation_id: ConversationId
    content: SafeText
    author_id: UserId
    author_name: SafeText
    due_at: datetime
    created_at: datetime
