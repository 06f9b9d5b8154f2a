"""Words that carry meaning: the Python twin of what full-text search calls lexemes."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_STOP_WORDS = (
    "a about after all also am an and any are aren't as at be because been before being both but by can can't "
    "could did didn't do does doesn't doing don't for from get give had has have having he her hers him his how "
    "i i'd i'll i'm i've if in into is isn't it it's its just let like may me might more most much must my need "
    "no nor not of off on once one only or other our out over own please same she should so some such tell than "
    "thank thanks that that's the their them then there these they this those through to too under until up us "
    "very want was wasn't we were what what's when where which while who whom whose why will with won't would "
    "you you're your yours hi hello hey name called"
)
_STOP = frozenset(_STOP_WORDS.split())
_SUFFIXES = ("ations", "ation", "ings", "ing", "ies", "ied", "edly", "ed", "es", "ly", "s", "e", "y")
_STEM = 3


def terms(text: str) -> list[str]:
    """The words of a text that carry meaning, in order, case-folded and roughly stemmed."""
    words = (match[0].casefold().replace("’", "'") for match in _WORD.finditer(text))
    return [_stem(word) for word in words if word not in _STOP]


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _STEM:
            return word.removesuffix(suffix)
    return word
