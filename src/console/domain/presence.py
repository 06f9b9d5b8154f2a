"""Who is where: operators in a conversation, and whoever types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.ids import ConversationId, UserId
from console.text import SafeText

TYPING_SECONDS = 6
STALE_SECONDS = 45
"""Who was not seen for so long is not there."""


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody else in a conversation; `user_id` is None for its visitor, who is shown only while typing.

    At `until` this is over, unless it is read again by then and still holds.
    """

    conversation_id: ConversationId
    user_id: UserId | None
    name: SafeText
    typing: bool
    until: datetime
