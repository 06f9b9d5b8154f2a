"""The short words for why a question is a gap."""

from __future__ import annotations

from console.domain.gap import Gap, GapTrigger
from console.domain.words import percent

GAP_REASONS = {
    GapTrigger.LOW_CONFIDENCE: "unsure",
    GapTrigger.NO_HIT: "no passage",
    GapTrigger.HANDOFF: "handed over",
    GapTrigger.THUMBS_DOWN: "thumbs down",
    GapTrigger.HUMAN_ANSWERED: "person answered",
    GapTrigger.FLAGGED: "flagged",
}


def gap_reason(gap: Gap) -> str:
    """Why a question is a gap."""
    if gap.answered:
        return GAP_REASONS[GapTrigger.HUMAN_ANSWERED]
    words = GAP_REASONS[gap.trigger]
    if gap.trigger is GapTrigger.LOW_CONFIDENCE and gap.score is not None:
        return f"{words} {percent(gap.score)}"
    return words
