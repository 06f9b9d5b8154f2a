"""Leads: who left an address with an agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.ids import ConversationId
from console.text import SafeText

LEFT = ("name", "phone", "message")
"""What a visitor may leave beside an address."""


@dataclass(frozen=True, slots=True)
class Lead:
    """One e-mail address left with one agent, however often; the conversation is the first one."""

    id: UUID
    agent_slug: SafeText
    email: SafeText
    name: SafeText
    phone: SafeText
    message: SafeText
    conversation_id: ConversationId | None
    created_at: datetime
    updated_at: datetime
