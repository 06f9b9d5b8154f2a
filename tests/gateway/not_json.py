"""Texts that are no JSON object (RFC 8259), after the kinds of error that JSONTestSuite has as n_*."""

from __future__ import annotations

from collections.abc import Iterator

NUMBERS = [
    "+1", "++1", "+Inf", "+inf", "-01", "-1.0.", "-2.", "-NaN", ".", ".-1", ".2e-3", ".123", "0.1.2", "0.3e",
    "0.3e+", "0.e1", "0e", "0E", "0e+", "0E+", "1.0e", "1.0e-", "1.0e+", "1_000", "1eE2", "2.e-3", "2.e3",
    "2.e+3", "9.e+", "012", "-012", "-.123", "-", "-foo", "-Infinity", "Infinity", "Inf", "NaN", "nan", "1+2",
    "0x1", "0x42", "0X1F", "1ea", "1e", "1e+", "1,5", "1a", "-1x", "1.8011670033376514H-308", "1.2a-3", "1.2a",
    "0b1", "0o7", "1f", "1L", "00", "--1", "-0x1",
]  # fmt: skip
WORDS = [
    "nul", "tru", "fals", "TRUE", "True", "None", "undefined", "a", "abc", "nulL", "falsee", "truetrue", "'x'",
    "\\u0041", "1true", "*",
]  # fmt: skip
STRINGS = [
    '"a', 'a"', '"', "'a'", '"\\"', '"\\x00"', '"\\u"', '"\\u00A"', '"\\u00G0"', '"\\uD800\\u"',
    '"\\uD800\\u1x"', '"\\a"', '"\\\U0001f600"', '"a\tb"', '"a\nb"', '"a\rb"', '"a\x00b"', '"a\x1fb"',
    '"\\\x00"', '"\\u 0041"', '""a', '"a" "b"', '"\\\\\\"',
]  # fmt: skip
WHOLE = [
    "", " ", "\n", "{", "}", "[", "]", "{]", "[}", "{,}", "[,]", "[,1]", "[1,]", "[1,,2]", "[1,,]", "[1", "[1,",
    "[1}", "[1]]", '["a"', '["a",', '["a" "b"]', '["a":1]', "[1 true]", "[1\n2]", "[[[", "[]x", "[]#", "[]/**/",
    "/**/[]", "//x\n{}", "{}#", "{}}", "{}{}", "{},", "{}//", "{}/", "{:1}", "{1:1}", "{null:1}", "{a:1}",
    "{'a':1}", '{"a"}', '{"a":}', '{"a" 1}', '{"a",1}', '{"a"::1}', '{"a":1:2}', '{"a":1,}', '{"a":1,,"b":2}',
    '{"a":1 "b":2}', '{"a":1', '{"a', '{"a":', '{"a":"b', '{"a":1}x', '{"a":1}{"b":1}', '{,"a":1}',
    '{"a":/**/1}', '{"a":1/**/}', '{{"a":1}}', "{[]:1}", '{"a":1;"b":2}', "{\x0c}", "{\xa0}", "{\u2060}",
    "\u2060{}", "\x00{}", "{}\x00", "\ufeff", "\ufeff{}", "<null>", "<html>", "data: {}", "content=a", "[\x0c]",
    "[\x0b]", "[\xe5]", "[\uff11]", "*", '["\\', "[\\n]", "\x1b[0m{}", "(1)", '"text"', "1", "null", "true",
    "[]", "[{}]",
]  # fmt: skip
BYTES = [
    b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\xfe\xff\x00{\x00}", b"{\x00}\x00", b"\xff", b"\xe5",
    b'{"a": "\xff"}', b'{"a": "\xe5"}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\xc0\x80"}',
    b'{"a": "\xf4\x90\x80\x80"}', b'{"a": "\xf0\x9f"}', b'{"\xff": 1}', b"{\xff}",
    b'{"a": ' + b"1" * 5000 + b"}",
]  # fmt: skip


def no_json() -> Iterator[bytes]:
    """Each of them; what is wrong with a value stands where the message should be, and alone in an array."""
    for wrong in (*NUMBERS, *WORDS, *STRINGS):
        yield f'{{"content": {wrong}}}'.encode()
        yield f"[{wrong}]".encode()
    yield from (text.encode() for text in WHOLE)
    yield from BYTES
