"""Text from outside, made safe to show: the only way such text may reach a screen."""

from __future__ import annotations

import re
from typing import NewType

SafeText = NewType("SafeText", str)
"""Text without a code point that a terminal could obey or hide behind."""

EMPTY = SafeText("")

_NO_CHARACTERS = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ue000-\uf8ff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
    + _NO_CHARACTERS
    + "]"
)
_DELETE = 0x7F


def _visible(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x20:
        return chr(0x2400 + point)
    if point == _DELETE:
        return "\u2421"
    return f"\u27e8U+{point:04X}\u27e9"


def sanitise(text: str) -> SafeText:
    """Make every control, bidi, invisible, surrogate and private-use code point visible.

    Newline and tab stay. Works code point by code point, so a sequence split over two chunks
    can't pass, and applying it twice changes nothing.
    """
    return SafeText(_UNSAFE.sub(_visible, text.replace("\r\n", "\n")))


def one_line(text: str, limit: int = 200) -> SafeText:
    """Sanitise and fold to one line of at most `limit` characters."""
    folded = " ".join(text[: limit * 4].split())
    return sanitise(folded if len(folded) <= limit else folded[: limit - 1] + "\u2026")


_HOST = re.compile(r"^(?:[^/?#]*//)?(?:[^/?#]*@)?([^/?#:\s]+)")


def spelled(address: SafeText) -> SafeText:
    """An e-mail or web address, with the ASCII spelling (RFC 3492) behind a host whose letters may pass for others'."""
    found = _HOST.match(address)
    if found is None or found[1].isascii() or "." not in found[1]:
        return address
    labels = found[1].lower().split(".")
    plain = [each if each.isascii() else f"xn--{each.encode('punycode').decode()}" for each in labels]
    return SafeText(f"{address} ({'.'.join(plain)})")
