"""The short words for states that every surface shows alike."""

from __future__ import annotations

from console.domain.conversation import HandoffReason, Status
from console.domain.inbox import InboxRow

REASONS = {
    HandoffReason.CUSTOMER_REQUEST: "asks for a person",
    HandoffReason.MISSING_KNOWLEDGE: "agent unsure",
    HandoffReason.UNSUPPORTED_REQUEST: "asks what the agent can't do",
    HandoffReason.POLICY_RESTRICTION: "a person must decide",
    HandoffReason.TOOL_FAILURE: "model unavailable",
    HandoffReason.USAGE_LIMIT: "over the plan's limit",
    HandoffReason.ABANDONED: "abandoned",
}


def percent(share: float) -> str:
    """A share of one as whole percent."""
    return f"{round(share * 100)}%"


def reason(why: HandoffReason | None, confidence: float | None) -> str:
    """Why a conversation waits for a person."""
    words = REASONS[why] if why else "waits for a person"
    if why is HandoffReason.MISSING_KNOWLEDGE and confidence is not None:
        return f"{words}, {percent(confidence)}"
    return words


def state(row: InboxRow) -> str:
    """Where a conversation stands, in a few words."""
    if row.status is not Status.OPEN:
        return row.status.value
    if row.waiting:
        return reason(row.handoff_reason, row.confidence)
    if row.mine:
        return "you"
    if row.holder_id is not None:
        return f"held by {row.holder_name}"
    if row.answering:
        return "ai is answering"
    return f"ai, {percent(row.confidence)}" if row.confidence is not None else "ai"
