"""Whether two questions that lie near in meaning may have one answer: where an embedding is blind, words decide."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from console.knowledge.requests import normalise_question

SAME_ENOUGH = 0.92
"""Cosine of the packaged model from which a question is answered by a curated answer to another.

With ten questions kept for three intents in four, five times drawn, and `may_be_same` beside it: of 746 answers to
some 19,800 questions of BANKING77 732 were right, and all of 510 to 18,250 of CLINC150; at 0.90 97.7 and 99.7 in a
hundred.
"""

_PART = re.compile(r"[-+]?\.?\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?|\S")
_JOINT = re.compile(r"(?<=\w)-(?=[^\W\d_])|[.&](?!\d)")
_NOT = {"no", "not", "never", "none", "nor", "neither", "without", "cannot", "cant", "dont", "doesnt", "didnt", "isnt",
        "wasnt", "wont", "havent", "hasnt", "unable", "couldnt", "shouldnt", "wouldnt", "arent", "werent", "hadnt",
        "aint", "mustnt", "neednt", "non", "nothing", "nobody", "nowhere", "hardly", "lack", "lacks",
        "except"}  # fmt: skip
_TEENS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred"
_NUMBERS = dict(zip(_TEENS.split(), map(str, range(21)), strict=True)) | dict(
    zip(_TENS.split(), map(str, range(30, 101, 10)), strict=True)
)
_AMOUNTS = {"thousand", "million", "billion", "dozen", "half", "third", "quarter", "once", "twice", "thrice", "single",
            "double", "triple", "first", "second", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
            "tenth"}  # fmt: skip
_PERSONS = {"i", "we", "you", "me", "my", "mine", "our", "your", "yours", "he", "she", "they", "him", "her", "his",
            "their", "them", "myself", "yourself"}  # fmt: skip
_WRITTEN = {"u": "you", "ur": "your", "im": "i", "ive": "i", "id": "i", "youre": "you"}
_SMALL = {"a", "an", "the", "is", "are", "am", "was", "were", "be", "been", "do", "does", "did", "can", "could",
          "will", "would", "shall", "should", "may", "might", "has", "have", "had", "what", "how", "where",
          "which", "who", "why", "it", "its", "this", "that", "these", "those", "there", "and", "s", "please",
          "yet", "just"}  # fmt: skip
_BETWEEN = {"to", "from", "in", "on", "at", "of", "for", "by", "with", "into", "onto", "after", "before", "if", "when",
            "or", "than", "as", "not"}  # fmt: skip
_PREFIXES = ("un", "in", "il", "im", "ir", "non", "dis", "de", "mis", "re", "pre", "anti", "over", "under", "ex")
_ENDING = re.compile(r"|e|d|y|ies|.?(?:s|ed|ing)")
_FEW = 2
_OPPOSED = (
    "inside|within outside", "before after", "enable|activate|enabled disable|deactivate|disabled",
    "open opening opens|close closing closes", "buy sell", "more less|fewer", "increase|raise decrease|lower",
    "minimum|min maximum|max", "first last", "old new", "cheapest dearest",
    "monday tuesday wednesday thursday friday saturday sunday weekend weekday weekdays",
    "january february march april may june july august september october november december",
    "import export", "upload download", "add remove|delete", "upgrade downgrade", "incoming outgoing", "send receive",
    "today tomorrow yesterday", "daily weekly monthly yearly|annual|annually",
    "include|includes|including|included exclude|excludes|excluding|excluded except", "early|earlier late|later",
    "allow|allowed|allows|permitted|legal forbid|forbidden|forbids|prohibited|banned|illegal", "hot cold", "on off",
    "morning afternoon evening night", "online offline", "in out", "up down", "to from", "with without", "over under",
    "above below", "all some none", "always sometimes never", "best worst", "big|large small", "cheap|cheaper"
    " expensive|dearer", "accept|accepted|approve|approved decline|declined|reject|rejected|refuse|refused",
    "start|starts|begin stop|stops|end|ends", "lock|locked|block|blocked unlock|unlocked|unblock|unblocked",
    "credit debit", "borrow lend", "arrive|arrival depart|departure|leave", "push pull", "most least", "public private",
    "free paid", "deposit withdraw|withdrawal", "pass|passed fail|failed", "lost|lose found|find", "win lose|lost",
    "he|him|his she|her|hers", "true false", "yes no", "left right", "top bottom", "north south east west",
    "hour|hours|hourly minute|minutes second|seconds day|days week|weeks month|months year|years",
    "adult|adults child|children|kid|kids", "login logout", "show hide", "same different", "since until|till",
    "when where who|whom why", "much many long often far", "can|could must|should|required",
)  # fmt: skip
_SIDES: dict[str, list[tuple[int, int]]] = {}
for _group, _words in enumerate(_OPPOSED):
    for _side, _named in enumerate(_words.split()):
        for _word in _named.split("|"):
            _SIDES.setdefault(_word, []).append((_group, _side))


def may_be_same(one: str, other: str) -> bool:
    """Whether nothing in their words says that they differ.

    Numbers, signs and denials must be the same; the words of both stand in the same order; nobody else does it; no
    word is the opposite of another's, and no one or two words alone tell them apart.
    """
    left, right = _parts(one), _parts(other)
    return (
        _told(left) == _told(right)
        and left.count("not") == right.count("not")
        and _in_order(left, right)
        and not _others(set(left) & _PERSONS, set(right) & _PERSONS)
        and not _opposed(_sides(left), _sides(right))
        and not (_negated(left, right) or _negated(right, left))
        and not _exchanged(left, right)
    )


def _parts(text: str) -> list[str]:
    return [_part(part) for part in _PART.findall(_JOINT.sub(" ", normalise_question(text)))]


def _part(part: str) -> str:
    if part in _NOT or part.endswith("n't"):
        return "not"
    bare = part.split("'", maxsplit=1)[0] or part
    return _NUMBERS.get(bare) or _WRITTEN.get(bare, bare)


def _told(parts: Sequence[str]) -> list[str]:
    """Numbers and signs, and words of another script, which the packaged model can hardly read."""
    return [part for part in parts if not (part.isascii() and part.isalpha()) or part in _AMOUNTS]


def _in_order(left: Sequence[str], right: Sequence[str]) -> bool:
    here, there = Counter(left), Counter(right)
    both = {part for part in here if here[part] == there[part]} - _SMALL
    return [part for part in left if part in both] == [part for part in right if part in both]


def _others(left: set[str], right: set[str]) -> bool:
    return bool(left - right and right - left)


def _sides(parts: Sequence[str]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for part in parts:
        for group, side in _SIDES.get(part, ()):
            found.setdefault(group, set()).add(side)
    return found


def _opposed(left: dict[int, set[int]], right: dict[int, set[int]]) -> bool:
    return any(left[group] != right[group] for group in left.keys() & right.keys())


def _negated(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether a word alone of the one is a word alone of the other with `un-`, `-less` or the like."""
    bare, made = set(left) - set(right), set(right) - set(left)
    return any(
        not made.isdisjoint([*(prefix + word for prefix in _PREFIXES), word + "less", word + "ful"])
        or (word.endswith("ful") and word[:-3] + "less" in made)
        for word in bare
    )


def _exchanged(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether one or two words stand for as many others, and are not only other forms of them."""
    mine, yours = _alone(left, right), _alone(right, left)
    return len(mine) == len(yours) <= _FEW and not all(map(_one_word, mine, yours))


def _alone(parts: Sequence[str], others: Sequence[str]) -> list[str]:
    left_out = _SMALL | _BETWEEN | _PERSONS | set(others)
    return [part for part in parts if part not in left_out]


def _one_word(one: str, other: str) -> bool:
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return same > 2 and bool(_ENDING.fullmatch(one[same:]) and _ENDING.fullmatch(other[same:]))
