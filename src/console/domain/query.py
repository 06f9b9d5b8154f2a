"""What is typed to narrow the inbox: words like `label:billing`, `priority:high`, `who:me`, and plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from console.domain.conversation import Priority, Status

ME, NOBODY = "me", "nobody"

_WORD = re.compile(r'(?<!\S)(label|priority|who|status):(?:"([^"]*)"?|(\S+))', re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Query:
    """All must hold. `who` is a name's beginning, `ME` or `NOBODY`; `text` is looked for in names and last words."""

    text: str = ""
    labels: tuple[str, ...] = ()
    priority: Priority | None = None
    who: str = ""
    status: Status | None = None


def parse_query(typed: str) -> Query:
    """Read what is typed; nothing is wrong, a word that means nothing is plain text.

    A beginning stands for its priority or status (`status:sn`); of a word said twice the last one holds, but each
    label must be there. Values with blanks stand in quotes.
    """
    read = Query()

    def take(match: re.Match[str]) -> str:
        nonlocal read
        value = (match[2] or match[3] or "").strip()
        changes = _meant(read, match[1].lower(), value) if value else {}
        if changes is None:
            return match[0]
        read = replace(read, **changes)
        return ""

    rest = _WORD.sub(take, _UNSTORABLE.sub("\ufffd", typed))
    return replace(read, text=" ".join(rest.split()))


@dataclass(frozen=True, slots=True)
class Unknown:
    """A `word` like `status` whose `value` is none of those `known`."""

    word: str
    value: str
    known: tuple[str, ...]


_KNOWN = {"priority": tuple(each.label for each in Priority), "status": tuple(each.value for each in Status)}


def unknown_words(typed: str) -> tuple[Unknown, ...]:
    """The words that name a priority or status that there is not; `parse_query` has them as plain text."""
    found = []
    for match in _WORD.finditer(_UNSTORABLE.sub("\ufffd", typed)):
        word, value = match[1].lower(), (match[2] or match[3] or "").strip()
        if value and _meant(Query(), word, value) is None:
            found.append(Unknown(word, value, _KNOWN[word]))
    return tuple(found)


def _meant(read: Query, word: str, value: str) -> dict[str, Any] | None:
    match word:
        case "label":
            return {"labels": (*read.labels, value)}
        case "who":
            return {"who": value}
        case "priority":
            named: Any = next((each for each in Priority if each.label.startswith(value.lower())), None)
        case _:
            named = next((each for each in Status if each.value.startswith(value.lower())), None)
    return None if named is None else {word: named}
