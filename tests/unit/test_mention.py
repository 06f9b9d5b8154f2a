"""Whom a note means by `@`."""

from __future__ import annotations

import pytest

from console.clock import utc_now
from console.domain.actor import Role
from console.domain.mention import handles, mentioned
from console.domain.workspace import Member
from console.ids import UserId, new_id
from console.text import sanitise
from tests.effort import LINEAR, growth

PEOPLE = {
    name: Member(UserId(new_id()), sanitise(full), sanitise(email), Role.MEMBER, utc_now(), None)
    for name, full, email in (
        ("mia", "Mia Moore", "mia@acme.test"),
        ("mia2", "Mia M\u00fcller", "mia.m@acme.test"),
        ("max", "Max", "m.power+desk@acme.test"),
        ("zoe", "Zoe\u0301 O'Neil", "zo\u00eb@acme.test"),
        ("twin", "Max", "twin@acme.test"),
        ("short", "Zo\u00e9 O", "short@acme.test"),
    )
}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@mia", "mia"),
        ("ask @MIA, please", "mia"),
        ("(@mia)", "mia"),
        ("cc:@mia.", "mia"),
        ("@mia's case", "mia"),
        ("@mia/@miamoore", "mia"),
        ("\uff20mia", "mia"),
        ("@mia.m", "mia2"),
        ("@mia.m.", "mia2"),
        ("@miamu\u0308ller", "mia2"),
        ("@MIAM\u00dcLLER", "mia2"),
        ("@m.power+desk and @zo\u00eb", "max zoe"),
        ("@zo\u00e9o'neil", "zoe"),
        ("@zo\u00e9o's", "short"),
        ("@max", "max twin"),
        ("@mia @mia @mia", "mia"),
        ("line\n@mia\n", "mia"),
    ],
)
def test_meant(text: str, meant: str) -> None:
    assert mentioned(text, handles(PEOPLE.values())) == {PEOPLE[name].user_id for name in meant.split()}


@pytest.mark.parametrize(
    "text",
    [
        "@", "@ mia", "mia", "@nobody", "@miaow", "@mia.x", "@mia-x", "@mia_x", "@mia2", "@moore",
        "joe@mia", "joe@mia.test", "joe.@mia", "joe+@mia", "mia@acme.test", "@mia@social.test",
        "https://x.test/@mia", "https://x.test/?to=@mia", "x.test/@mia", "www.x.test/a,@mia", "mailto:a,@mia",
        "see...https://x.test/a,@mia", "git+ssh://@mia", "@@mia", "=@mia",
    ],
)  # fmt: skip
def test_not_meant(text: str) -> None:
    assert mentioned(text, handles(PEOPLE.values())) == frozenset()


@pytest.mark.parametrize("unit", ["@ ", "a", "a.b-c+", "www.", "://"])
def test_the_longest_notes_are_read_at_once(unit: str) -> None:
    def read(chars: int) -> None:
        text = unit * (chars // len(unit))
        assert mentioned(f"{text} @mia", handles(PEOPLE.values())) == {PEOPLE["mia"].user_id}

    assert growth(read, 5_000) < LINEAR


def test_a_person_of_no_handle_is_never_meant() -> None:
    blank = Member(UserId(new_id()), sanitise(" "), sanitise("@x"), Role.MEMBER, utc_now(), None)
    assert mentioned("@ @@ @", handles([blank])) == frozenset()
