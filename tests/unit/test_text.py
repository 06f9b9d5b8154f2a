"""No code point that a terminal could obey or hide behind gets through, whole or in pieces."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from console.text import one_line, sanitise, spelled
from tests.safety.grammar import printable
from tests.safety.payloads import generated, naughty

# After the cases of OpenSSH's regress/unittests/utf8/tests.c (public domain): what goes in, what is shown.
CASES = {
    "": "",
    "x": "x",
    "a\nb\tc": "a\nb\tc",
    "a\r\nb": "a\nb",
    "real\rfake": "real\u240dfake",
    "\x1b[31m": "\u241b[31m",
    "\x1b]52;c;aGk=\x07": "\u241b]52;c;aGk=\u2407",
    "a\x00b\x7f": "a\u2400b\u2421",
    "\x9b31m": "\u27e8U+009B\u27e931m",
    "gpj\u202eexe": "gpj\u27e8U+202E\u27e9exe",
    "\ud800": "\u27e8U+D800\u27e9",
    "\ue000\U000e0041\ufffe": "\u27e8U+E000\u27e9\u27e8U+E0041\u27e9\u27e8U+FFFE\u27e9",
    "\u540d\u524d e\u0301 \U0001f469\u200d\U0001f680": "\u540d\u524d e\u0301 \U0001f469\u200d\U0001f680",
}


@pytest.mark.parametrize("text", CASES, ids=ascii)
def test_cases(text: str) -> None:
    assert sanitise(text) == CASES[text]


def test_every_code_point_comes_out_visible() -> None:
    leaks = []
    for point in range(sys.maxunicode + 1):
        shown = sanitise(chr(point))
        if shown not in {"\n", "\t"} and not all(map(printable, shown)):
            leaks.append(f"U+{point:04X}")
    assert leaks == []


def test_what_can_be_read_stays_as_it_is() -> None:
    kept = [chr(point) for point in range(0x20, sys.maxunicode + 1) if unicodedata.category(chr(point))[0] in "PSN"]
    assert [each for each in kept if sanitise(each) != each] == []


def test_a_sequence_in_pieces_is_as_harmless_as_whole() -> None:
    for text in [*generated(), *naughty()]:
        safe = sanitise(text)
        assert sanitise(safe) == safe
        plain = text.replace("\r\n", "\n")
        for at in range(len(plain) + 1):
            assert sanitise(plain[:at]) + sanitise(plain[at:]) == sanitise(plain)


def test_one_line_is_one_bounded_line() -> None:
    for text in [*generated(), *naughty(), "x " * 100_000, "\n\r\t\x0b\x0c\x85\u2028\u2029" * 50]:
        shown = one_line(text, 40)
        assert all(map(printable, shown)), ascii(text)
        assert sanitise(shown) == shown
    assert one_line("a\n\n b\tc") == "a b c"
    assert one_line("x" * 41, 40) == "x" * 39 + "\u2026"


@pytest.mark.parametrize(
    ("address", "behind"),
    [
        ("shop.example/returns", ""),
        ("/na\u00efve", ""),
        ("shop.example/na\u00efve?q=\u0430@b.c", ""),
        ("\u0430pple.com/returns", " (xn--pple-43d.com)"),
        ("https://\u0430pple.com:8080/x", " (xn--pple-43d.com)"),
        ("bob@\u0430pple.com", " (xn--pple-43d.com)"),
        ("https://apple.com@\u0430pple.com/", " (xn--pple-43d.com)"),
        ("bob@B\u00fccher.example", " (xn--bcher-kva.example)"),
        ("bob\u202e@shop.example", ""),
        ("", ""),
    ],
)
def test_a_host_that_could_pass_for_another_is_spelled_out(address: str, behind: str) -> None:
    assert spelled(sanitise(address)) == sanitise(address) + behind
