"""The allow-list grammar of what the console may write to a terminal; whatever else appears is a leak."""

from __future__ import annotations

import re
import unicodedata

SCREEN = re.compile(
    r"\x1b\[\d+;\d+H"  # move
    r"|\x1b\[[\d;]*m"  # colour
    r"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    r"|\x1b\[\?(?:2026|2048)\$p"  # ask what the terminal can do
    r"|\x1b\[>\d+u|\x1b\[<u"  # kitty's keys
    r"|\x1b\]22;(?:default|pointer|text)(?:\x07|\x1b\\)"  # the mouse pointer's shape
    r"|\x1b\]2;(?:console(?P<title>[^\x00-\x1f\x7f-\x9f]{0,80}))?\x07|\x1b\[2[23];2t"  # the title, and its stack
    r"|\r|\n"
)
PLAIN = re.compile(r"\r?\n")
_JOINERS = "\u200c\u200d"
# of category Cf, and drawn all the same
_MARKS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
_CONTEXT = 24


def offences(data: bytes, allowed: re.Pattern[str] = SCREEN) -> list[str]:
    """Every sequence in `data` beyond the grammar, named, with what stands around it."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [f"no UTF-8: {data[max(0, error.start - 8) : error.end + 8]!r}"]
    found, at = [], 0
    while at < len(text):
        if match := allowed.match(text, at):
            at = match.end()
            title = match.groupdict().get("title") or ""
            found += [f"{each!r} in the title" for each in title if not printable(each)]
            continue
        if not printable(text[at]):
            found.append(f"{text[at : at + _CONTEXT]!r} after {text[max(0, at - _CONTEXT) : at]!r}")
        at += 1
    return found


def printable(character: str) -> bool:
    """Whether a terminal shows this code point and does nothing else: no control, bidi, surrogate, private use."""
    if character in _JOINERS or character in _MARKS:
        return True
    hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return not hidden and ord(character) & 0xFFFE != 0xFFFE
