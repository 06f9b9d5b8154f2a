"""How many answers in a row the AI may give before a person looks at the conversation."""

from __future__ import annotations

from console.domain.agent import Published
from console.domain.agent_settings import DEFAULT_TURNS
from console.domain.conversation import HandoffReason
from console.domain.run import Answer, AnswerKind

_SAID = "We have been at this for a while, so I'm passing you to a person, who will answer you here."


def turn_budget(published: Published) -> int:
    """The answers that a version may give in a conversation until a person hands it back."""
    return int(published.snapshot.get("model_config", {}).get("max_turns", DEFAULT_TURNS))


def spent(published: Published) -> Answer:
    """The handoff when they have been given."""
    trace = {"decision": f"the budget of {turn_budget(published)} turns is spent"}
    return Answer(AnswerKind.HANDOFF, _SAID, (), 0.0, published.threshold, HandoffReason.POLICY_RESTRICTION, trace)
