"""Thanks, greetings and goodbyes: words that ask nothing, so nothing is searched and nobody is called."""

from __future__ import annotations

import re
from enum import StrEnum


class Courtesy(StrEnum):
    """What a message without a question is."""

    GREETING = "greeting"
    THANKS = "thanks"
    FAREWELL = "farewell"


REPLIES = {
    Courtesy.GREETING: "Hello! What can I help you with?",
    Courtesy.THANKS: "You're welcome! Is there anything else?",
    Courtesy.FAREWELL: "Goodbye, and thanks for getting in touch.",
}

_MOST_WORDS = 12
_WORDS = re.compile(r"[a-z']+")
_THANKS = {"thanks", "thank", "thankyou", "thx", "ty", "cheers", "appreciated", "appreciate", "grateful"}
_FAREWELL = {"bye", "goodbye", "cya", "farewell"}
_GREETING = {"hi", "hello", "hey", "hiya", "greetings", "morning", "afternoon", "evening", "howdy"}
_CONTENT = set(
    """great perfect cool awesome nice excellent super brilliant lovely wonderful ok okay alright""".split()  # noqa: SIM905
)
_FILLER = _CONTENT | set(
    """you so much very that's that is was it all good fine for now the a an your help helping info information quick
    answer clear got understood i my me will i'll do then and have day one this really well again there team helpful
    lot many everything solved works worked yes yep no problem makes sense weekend see later talk soon take care i'm
    am set just what needed need exactly guys anyone everybody everyone""".split()  # noqa: SIM905
)


def courtesy(text: str) -> Courtesy | None:
    """What kind of courtesy a message is, or None when it says anything else besides."""
    words = _WORDS.findall(text.casefold().replace("\u2019", "'"))
    if not words or len(words) > _MOST_WORDS or "?" in text:
        return None
    said = set(words)
    known = _THANKS | _FAREWELL | _GREETING | _FILLER
    if said - known:
        return None
    if said & _FAREWELL:
        return Courtesy.FAREWELL
    if said & _THANKS:
        return Courtesy.THANKS
    if said & _GREETING:
        return Courtesy.GREETING
    return Courtesy.THANKS if said & _CONTENT else None
