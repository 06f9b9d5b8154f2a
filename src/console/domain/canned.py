"""Canned replies: words to insert by their shortcut."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.errors import InvalidInputError
from console.text import SafeText, one_line

MAX_TITLE_CHARS = 120
_SHORTCUT = re.compile("[a-z0-9][a-z0-9-]{0,31}")
_PLACEHOLDER = re.compile("( ?)[{](visitor|agent|me)[}]")


@dataclass(frozen=True, slots=True)
class CannedReply:
    """Words that the staff keeps ready; `shortcut` names them."""

    id: UUID
    shortcut: SafeText
    title: SafeText
    content: SafeText
    updated_at: datetime


def checked_shortcut(text: str) -> str:
    """The shortcut, or `InvalidInputError`."""
    if not _SHORTCUT.fullmatch(text):
        raise InvalidInputError(
            f"{one_line(text, 60)!r} is no shortcut: 1 to 32 of a-z, 0-9 and -, not beginning with -",
            hint="for instance returns",
        )
    return text


def filled_in(content: str, values: Mapping[str, str]) -> str:
    """The content with its placeholders replaced in one pass: what was filled in is never looked at again.

    An empty value takes the blank before it along; braces around other words stay as they are.
    """

    def value(match: re.Match[str]) -> str:
        found = values[match[2]]
        return match[1] + found if found else ""

    return _PLACEHOLDER.sub(value, content)
