"""What columns of the hot tables may hold: the domains of the schema."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.orm import mapped_column


class _Words(DOMAIN):
    operator_classes = Text.operator_classes


class _Number(DOMAIN):
    operator_classes = BigInteger.operator_classes


def _words(name: str, *allowed: str) -> _Words:
    quoted = ", ".join(f"'{word}'" for word in allowed)
    return _Words(name, Text(), check=f"VALUE IN ({quoted})")


STATUS = _words("conversation_status", "open", "snoozed", "resolved")
CONTROL = _words("conversation_control", "ai", "human")
REASON = _words(
    "handoff_reason", "customer_request", "missing_knowledge", "unsupported_request", "policy_restriction",
    "tool_failure", "usage_limit", "abandoned",
)  # fmt: skip
ROLE = _words("message_role", "user", "assistant", "human", "system", "tool", "note")
DELIVERY = _words("message_delivery", "sent", "delivered", "failed")
RUN_KIND = _words("run_kind", "answer", "draft", "eval", "extract", "task")
RUN_STATE = _words(
    "run_state", "queued", "running", "awaiting_input", "paused", "complete", "superseded", "failed", "cancelled",
    "refused",
)  # fmt: skip
RUN_EVENT = _words(
    "run_event_type", "llm_call", "tool_call", "retrieval", "decision", "human_input_requested",
    "human_input_received", "error", "checkpoint",
)  # fmt: skip
RESERVATION = _words("reservation_state", "held", "committed", "refunded")
PRIORITY = _Number("conversation_priority", SmallInteger(), check="VALUE BETWEEN 0 AND 3")
_AMOUNT = _Number("usage_amount", BigInteger(), check="VALUE >= 0")

Amount = Annotated[int, mapped_column(_AMOUNT)]
AmountZero = Annotated[int, mapped_column(_AMOUNT, server_default=text("0"))]
