"""What one person should know of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from console.ids import ConversationId
from console.text import SafeText


class NotificationType(StrEnum):
    """Why somebody is told."""

    MENTION = "mention"
    ASSIGNED = "assigned"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing to know: who did it (empty: the console), where (None: in no conversation), and how its words begin."""

    id: UUID
    type: NotificationType
    actor_name: SafeText
    conversation_id: ConversationId | None
    seq: int | None
    snippet: SafeText
    created_at: datetime
    read_at: datetime | None
