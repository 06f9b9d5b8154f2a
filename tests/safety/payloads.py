"""Texts that want a terminal, a markup parser or a reader to do something."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

BLNS = Path(__file__).resolve().parents[3] / "shared" / "data" / "blns" / "blns.json"

_CODES = (
    "0;title",
    "8;;http://evil.test",
    "52;c;aGk=",
    "52;c;?",
    "1337;File=name=eA==:aGk=",
    "9;4;1;50",
    "50;x",
    "104",
)
_ENDS = ("\x07", "\x1b\\", "\x9c", "")
_OTHERS = (
    "\x1b[2J", "\x1b[31mred", "\x1b[?1049l", "\x1b[6n", "\x1b[21t", "\x1b[5i", "\x1b[999b", "\x1bc", "\x1b7", "\x1b#8",
    "\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\", "\x1b_Ga=T;aGk=\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x1b G",
    "\x9b2J",    "\x90$qm\x9c", "\x9d52;c;aGk=\x9c", "real\rfake", "back\x08\x08\x08\x08over",
    "\x1b", "\x1b]", "\x1b[", "52;c;aGk=\x07",
)  # fmt: skip
_BIDI = tuple(
    f"a{chr(point)}gpj.exe" for point in (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
_HIDDEN = ("tag\U000e0041\U000e0042", "shy\xad", "bom\ufeff", "private\ue000", "line\u2028and\u2029", "non\ufffe\uffff")
MARKUP = (
    "[@click=app.quit]x[/]", "[@click=app.leave]x[/]", "[/", "[/]", "[/nope]", "[$x]", "[b", "x[/b", "[red]red[/red]",
    "[link=http://e]x[/link]", "\\[b]", "[bold", "]", "$x ${x}",
)  # fmt: skip
_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
_SHAPES = ("e" + "\u0301" * 100, _FAMILY * 5, "\u540d" * 90, "x" * 700, "\t\ttabs\t")


def generated() -> list[str]:
    """Escapes by every code and terminator, every control code at every place, bidi, markup, shapes."""
    found = [f"\x1b]{code}{end}" for code, end in product(_CODES, _ENDS)]
    controls = [chr(point) for point in (*range(1, 0x20), 0x7F, *range(0x80, 0xA0))]
    found += [f"{each}start mid{each}dle end{each}" for each in controls]
    return [*found, *_OTHERS, *_BIDI, *_HIDDEN, *MARKUP, *_SHAPES]


def naughty() -> list[str]:
    """The Big List of Naughty Strings; skips the test where its file is not at hand."""
    if not BLNS.is_file():
        pytest.skip(f"no {BLNS.name} beside the checkout")
    return [text for text in json.loads(BLNS.read_text("utf-8")) if isinstance(text, str)]


def storable(text: str) -> str:
    """The text without what no Postgres can store."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
