"""Characters that a person does not see and a model reads: taken out before it, and after it."""

from __future__ import annotations

import re

# Zero-width joiner and non-joiner stay: emoji and several scripts are written with them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)


def visible(text: str) -> str:
    """The text without controls (newline and tab stay), tags (U+E0000), bidi, zero-width and private characters."""
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
