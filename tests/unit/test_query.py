"""What is typed to narrow the inbox."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.conversation import Priority, Status
from console.domain.query import Query, parse_query, unknown_words

STATUSES, PRIORITIES = ("open", "snoozed", "resolved"), ("urgent", "high", "normal", "low")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Query()),
        ("where is my parcel", Query("where is my parcel")),
        ("label:billing", Query(labels=("billing",))),
        ('parcel label:"two words" label:vip late', Query("parcel late", ("two words", "vip"))),
        ("priority:urgent", Query(priority=Priority.URGENT)),
        ("PRIORITY:Hi", Query(priority=Priority.HIGH)),
        ("priority:low priority:high", Query(priority=Priority.HIGH)),
        ("status:sn who:me", Query(status=Status.SNOOZED, who="me")),
        ('who:"Mia Mole', Query(who="Mia Mole")),
        ("who:", Query("who:")),
        ('who:"" label:"  "', Query()),
        ("status:lost", Query("status:lost")),
        ("priority:0", Query("priority:0")),
        ("see http://acme.test:80 nolabel:x", Query("see http://acme.test:80 nolabel:x")),
        ("a\x00b \ud800", Query("a\ufffdb \ufffd")),
        ("label:\x1b]0;x\x07", Query(labels=("\x1b]0;x\x07",))),
    ],
)
def test_what_is_meant(typed: str, meant: Query) -> None:
    assert parse_query(typed) == meant


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("status:bogus parcel", [("status", "bogus", STATUSES)]),
        ('PRIORITY:0 status:"at rest"', [("priority", "0", PRIORITIES), ("status", "at rest", STATUSES)]),
        ("status:sn priority:Hi label:bogus who:bogus status: nostatus:bogus", []),
    ],
)
def test_what_is_no_status_or_priority_is_named(typed: str, named: list[tuple[str, str, tuple[str, ...]]]) -> None:
    assert [(one.word, one.value, one.known) for one in unknown_words(typed)] == named


@given(st.text())
def test_nothing_is_wrong(typed: str) -> None:
    query = parse_query(typed)
    for text in (query.text, query.who, *query.labels):
        assert "\x00" not in text
        text.encode()
