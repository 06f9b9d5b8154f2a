"""What a model says: read however it is written, and made fit for a visitor."""

from __future__ import annotations

import json

import pytest

from console.knowledge.confidence import best_case, judged
from console.knowledge.invisible import visible
from console.knowledge.outgoing import cleaned, holds, hosts_of
from console.knowledge.prompt import messages
from console.knowledge.reply import ModelReply, Verdict, read_reply
from tests.effort import LINEAR, growth

HOSTS = hosts_of(["https://Help.shop.test/returns?x=1", "returns.md", "ftp://no.test/x"])


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ('{"answer": "Yes", "citations": [1, "2"], "verdict": "Sure"}', ModelReply("Yes", (1, 2), Verdict.SURE)),
        ('```json\n{"answer": "Yes", "citations": [], "verdict": "unsure"}\n```',
         ModelReply("Yes", (), Verdict.UNSURE)),
        ('Here: {"x": 1} {"answer": "Yes [2, 3] and [1].", "citations": [2]} bye',
         ModelReply("Yes and.", (2, 3, 1), None)),
        ('{"verdict": "cannot"}', ModelReply("", (), Verdict.CANNOT)),
        ('{"answer": 7, "citations": "1", "verdict": []}', ModelReply("", (), None)),
        ('{"answer": "two\nlines", "citations": [true, null, -1, 1.5]}', ModelReply("two\nlines", (), None)),
        ("Thirty days [1].", ModelReply("Thirty days.", (1,), None)),
        ("I don't know that.", ModelReply("I don't know that.", (), Verdict.CANNOT)),
        ("The passages do not mention it.", ModelReply("The passages do not mention it.", (), Verdict.CANNOT)),
        ("", None),
        ('{"answer": "cut of', None),
        ("[1](https://x.test) stays", ModelReply("[1](https://x.test) stays", (), None)),
        ("{" * 100_000, None),
        ("[" * 100_000 + "{", ModelReply("[" * 100_000 + "{", (), None)),
    ],
)  # fmt: skip
def test_replies(text: str, reply: ModelReply | None) -> None:
    assert read_reply(text) == reply


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("See [here](https://help.shop.test/returns).", "See [here](https://help.shop.test/returns)."),
        ("See https://help.shop.test/returns for it.", "See https://help.shop.test/returns for it."),
        ("See [here](http://evil.test/?q=1).", "See here."),
        ("See ![it](http://evil.test/x.png)!", "See it!"),
        ("![it](https://help.shop.test/x.png)", "it"),
        ("[![a](http://evil.test/1)](http://evil.test/2)", "a"),
        ("![a][1]\n[1]: http://evil.test\nend", "a\n\nend"),
        ("[x](https://help.shop.test@evil.test/)", "x"),
        ("[x](https://help.shop.test.evil.test/)", "x"),
        ("[x](https://evil.test\\@help.shop.test/)", "x"),
        ("[x](//evil.test)", "x"),
        ("[x](javascript:alert(1))", "x"),
        ("[x](data:text/html;base64,aaaa)", "x"),
        ("<https://evil.test/?q=1>", ""),
        ("go to https://evil.test/?q=1 now", "go to [link removed] now"),
        ("go to HTTPS://EVIL.test/ now", "go to [link removed] now"),
        ("go to https:/\\evil.test now", "go to [link removed] now"),
        ("go to www.evil.test now", "go to [link removed] now"),
        ("go to evil.test/?q=1 now", "go to [link removed] now"),
        ("javascript:alert(1)", "[link removed])"),
        ("a <img src=x onerror=alert(1)> b", "a  b"),
        ("a <b>bold</b> if x < y and y > z", "a <b>bold</b> if x < y and y > z"),
        ("<scr<script>ipt>alert(1)</script>", "alert(1)"),
        ("<img src='http://evil.test/", ""),
        ("<!-- x -->y", "y"),
        ("open 24/7, and/or e.g. call us at a@shop.test", "open 24/7, and/or e.g. call us at a@shop.test"),
        ("tags \U000e0041 and \u202e bidi \x1b[31m", "tags  and  bidi [31m"),
        ("family 👨\u200d👩\u200d👧 stays", "family 👨\u200d👩\u200d👧 stays"),
    ],
)  # fmt: skip
def test_what_a_visitor_sees(said: str, shown: str) -> None:
    assert cleaned(said, HOSTS) == shown
    assert cleaned(shown, HOSTS) == shown


def test_a_long_answer_ends_at_a_sentence() -> None:
    assert cleaned("One sentence. " * 50, (), 100) == "One sentence. " * 6 + "One sentence.…"
    assert len(cleaned("x" * 10_000, (), 100)) == 100


@pytest.mark.parametrize(
    ("begin", "part", "end"),
    [
        ("", "![", ""), ("", "[a](", ""), ("", "<", ""), ("", "[", "](x)"), ("", "a.", ""), ("", "a", ""),
        ("", "(", ""), ("", "<!--", ""), ("", "http://", ""), ("", "<a ", ""), ("<a", "=", "<"), ("[a](", "x", ""),
        ("[a](", " ", "("), ("![a](", "()", ""), ("a", " ", "b"), ("a", "\n", "b"), ("", "-" + "a" * 40 + ".", ""),
    ],
)  # fmt: skip
def test_no_text_takes_long(begin: str, part: str, end: str) -> None:
    def read(chars: int) -> None:
        text = begin + part * (chars // len(part)) + end
        cleaned(text, HOSTS)
        read_reply(text)

    assert growth(read, 5_900) < LINEAR


def test_a_mark_is_found_however_it_is_written() -> None:
    mark = "0a1b2c3d4e5f"
    for text in (mark, mark.upper(), "-".join(mark), mark[::-1], f"x{mark}y", "0a1b2c\n3d4e5f"):
        assert holds(text, mark)
    assert not holds("0a1b2c3d4e5", mark)


def test_confidence_is_moved_by_the_verdict_and_never_made_by_it() -> None:
    for retrieval in (0.0, 0.1, 0.5, 0.9, 1.0):
        sure, unsure, cannot = (judged(retrieval, verdict, cites=True) for verdict in ("sure", "unsure", "cannot"))
        assert 0 < cannot < unsure < judged(retrieval, None, cites=True) < sure < 1
        assert judged(retrieval, "sure", cites=False) < sure
        assert sure == best_case(retrieval)
    assert best_case(0.1) < 0.5
    assert judged(0.8, "unsure", cites=True) < 0.5 < judged(0.8, "sure", cites=True)
    assert judged(0.7, None, cites=True) == pytest.approx(0.7)


def test_what_hides_is_taken_out() -> None:
    assert visible("a\u200bb\U000e0041c\u202ed\x00e\r\nf\rg\th") == "abcde\nf\ng\th"


def test_an_empty_version_makes_a_prompt() -> None:
    from console.domain.agent import Published
    from console.ids import AgentId, VersionId, new_id

    version = Published(AgentId(new_id()), VersionId(new_id()), 1, "", 0.5, None, {})
    system, given, taken = messages(version, (), (), "ab" * 12)
    assert [system["role"], given["role"], taken["role"]] == ["system", "user", "assistant"]
    assert "ab" * 12 in system["content"]
    assert "ab" * 12 not in json.dumps([given, taken])
