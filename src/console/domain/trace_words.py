"""The words for why the assistant said something, alike on every surface."""

from __future__ import annotations

from console.domain.run import AnswerKind, Trace, TracePassage
from console.domain.words import percent
from console.text import SafeText

_KINDS = {
    AnswerKind.CURATED: "a curated answer, word for word",
    AnswerKind.MODEL: "written by the model from the passages below",
    AnswerKind.EXTRACTIVE: "quoted from the passages below",
    AnswerKind.HANDOFF: "handed to a person",
}


def outcome(trace: Trace) -> str:
    """What became of the question."""
    return f"{_KINDS[trace.kind]}, {trace.state.value}" if trace.kind else trace.state.value


def is_sure(trace: Trace) -> bool:
    """Whether the answer's confidence reached the threshold, where both are known."""
    return trace.confidence is None or trace.threshold is None or trace.confidence >= trace.threshold


def against_threshold(trace: Trace) -> str:
    """How the confidence stands to the threshold; empty where there is none."""
    if trace.confidence is None or trace.threshold is None:
        return ""
    return f"{'above' if is_sure(trace) else 'below'} the threshold of {percent(trace.threshold)}"


def how_near(similarity: float | None) -> str:
    """How near a question was to the one of the curated answer."""
    return "the same words" if similarity in {None, 1.0} else f"{similarity:.2f} alike"


def mark(trace: Trace, passage: TracePassage) -> str:
    """What the assistant made of a passage; nothing was quoted to a visitor who was handed over."""
    if not passage.quoted:
        return ""
    return "nearest" if trace.kind is AnswerKind.HANDOFF else "quoted"


def place(passage: TracePassage) -> str:
    """Title and heading."""
    return under(passage.title, passage.heading)


def under(title: SafeText, heading: SafeText) -> str:
    """Title and heading; headings of a page often begin with its title."""
    return heading if heading and heading.startswith(title) else " / ".join(filter(None, (title, heading)))
