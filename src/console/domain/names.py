"""Slugs, names and e-mail addresses as people give them."""

from __future__ import annotations

import re
import unicodedata

from console.errors import InvalidInputError
from console.text import one_line

MAX_NAME = 200
MAX_EMAIL = 254
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def is_slug(text: str) -> bool:
    """Whether the text could be a slug."""
    return _SLUG.fullmatch(text) is not None


def check_slug(text: str) -> str:
    """The slug, or `InvalidInputError`."""
    if not is_slug(text):
        raise InvalidInputError(
            f"{one_line(text, 80)!r} is no slug: 1 to 63 of a-z, 0-9 and -, not beginning with -",
            hint=f"for instance {slug_of(text)}",
        )
    return text


def slug_of(name: str) -> str:
    """A slug made from a name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-") or "main"


def check_name(text: str, what: str = "name") -> str:
    """The name without blanks around it; `InvalidInputError` when it is empty, long or not plain text."""
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInputError(f"the {what} has {len(name)} characters, not 1 to {MAX_NAME}")
    if not is_plain(name):
        raise InvalidInputError(f"the {what} holds control characters")
    return name


def check_email(text: str) -> str:
    """The address without blanks around it; `InvalidInputError` when it can't be one."""
    email = text.strip()
    if len(email) > MAX_EMAIL or not is_plain(email) or _EMAIL.fullmatch(email) is None:
        raise InvalidInputError(f"{one_line(email, 80)!r} is no e-mail address", hint="like mia@example.com")
    return email


def is_plain(text: str) -> bool:
    """Whether the text is one line without control characters and lone surrogates."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
