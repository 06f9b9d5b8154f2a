"""`@handle` in a note: whom it means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from console.domain.workspace import Member
from console.ids import UserId

_URL = re.compile(r"(?<![\w+.-])[\w+.-]+://\S+|(?:mailto:|www[.])\S+")
# An `@` inside an e-mail address follows a word, and what is before a dot or another `@` there is no whole handle.
_AT = re.compile(r"(?<![\w.+/@=-])@")
_GOES_ON = re.compile(r"\w|[.+_@-]\w")

Handles = Mapping[str, frozenset[UserId]]
"""Folded handles, and whom each means: two people may share one."""


def folded(text: str) -> str:
    """Text as handles are compared: without case and blanks, in one form of Unicode."""
    return "".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def handles_of(member: Member) -> tuple[str, ...]:
    """A person's handles, the usual one first: the e-mail's local part, then the name without blanks."""
    return tuple(filter(None, dict.fromkeys((folded(member.email.partition("@")[0]), folded(member.name)))))


def handles(members: Iterable[Member]) -> Handles:
    """All handles of these people."""
    found: dict[str, frozenset[UserId]] = {}
    for member in members:
        for handle in handles_of(member):
            found[handle] = found.get(handle, frozenset()) | {member.user_id}
    return found


def mentioned(content: str, known: Handles) -> frozenset[UserId]:
    """Whom the text mentions: at each `@` the longest handle that ends where a word ends."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", content).casefold())
    lengths = sorted({len(handle) for handle in known}, reverse=True)
    found: set[UserId] = set()
    text = _URL.sub(" ", text)
    for at in _AT.finditer(text):
        found |= _at(text, at.end(), known, lengths)
    return frozenset(found)


def _at(text: str, start: int, known: Handles, lengths: list[int]) -> frozenset[UserId]:
    for length in lengths:
        people = known.get(text[start : start + length])
        if people and not _GOES_ON.match(text, start + length):
            return people
    return frozenset()
