"""Labels: short words that conversations are marked with."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from console.errors import InvalidInputError
from console.text import SafeText, one_line

MAX_LABEL_CHARS = 40


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the workspace, and how many conversations bear it."""

    id: UUID
    name: SafeText
    conversations: int


def checked_label(text: str) -> str:
    """The name in NFC, with single blanks; `InvalidInputError` unless it is one line of 1 to 40 characters to show."""
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not 1 <= len(name) <= MAX_LABEL_CHARS:
        raise InvalidInputError(f"the label has {len(name)} characters, not 1 to {MAX_LABEL_CHARS}")
    # What a screen shows of a label must name it.
    if len(text.strip().splitlines()) > 1 or one_line(name) != name:
        raise InvalidInputError(f"the label {one_line(text, 60)!r} is not one line of plain text")
    return name
