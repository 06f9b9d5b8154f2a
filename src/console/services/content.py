"""What may be stored as a message."""

from __future__ import annotations

import re

from console.domain.message import MAX_MESSAGE_CHARS
from console.errors import ConflictError, InvalidInputError
from console.text import one_line

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
SNIPPET_CHARS = 160


def checked(content: str) -> str:
    """The content, or `InvalidInputError` when it is empty, too long, or can't be stored."""
    if not content.strip():
        raise InvalidInputError("an empty message is not sent", hint="type something first")
    if len(content) > MAX_MESSAGE_CHARS:
        raise InvalidInputError(
            f"the message has {len(content):,} characters, more than {MAX_MESSAGE_CHARS:,}", hint="split it"
        )
    if _UNSTORABLE.search(content):
        raise InvalidInputError("the message holds a NUL byte or half a character", hint="send plain text")
    return content


def snippet(content: str) -> str:
    """The message's beginning as one safe line, kept beside the conversation for the inbox."""
    return one_line(content, SNIPPET_CHARS)


def same_content(stored: str, given: str) -> None:
    """Raise `ConflictError` when a repeated token comes with other words."""
    if stored != given:
        raise ConflictError("this token was used for another message", hint="use a fresh token for each message")
