"""Words given to a verb: as an argument, on standard input, or in the person's editor."""

from __future__ import annotations

import sys

from console.domain.message import MAX_MESSAGE_CHARS
from console.errors import InvalidInputError

_MAX_BYTES = 4 * MAX_MESSAGE_CHARS


def given(text: str) -> str:
    """The words themselves, or for `-` those on standard input, without the last line's end.

    Raises `InvalidInputError` for more than a message can hold, and for what is no UTF-8.
    """
    if text != "-":
        return text
    data = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise InvalidInputError(f"the message has more than {_MAX_BYTES:,} bytes", hint="split it")
    try:
        return data.decode("utf-8").rstrip("\n")
    except UnicodeDecodeError:
        raise InvalidInputError("standard input is no UTF-8 text") from None
