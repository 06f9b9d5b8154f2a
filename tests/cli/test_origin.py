"""The web pages that may talk with an agent, on the command line."""

from __future__ import annotations

import pytest

from console.db.embedded.server import ServerUrls
from tests.cli.office import Office, open_office

SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def office(urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return open_office(urls, tmp_path_factory.mktemp("origin"))


def test_an_origin_is_added_listed_and_removed(office: Office) -> None:
    assert office.json("vera", "agent", "origin", "list", "help") == {"origins": []}
    done = office.call("vera", "agent", "origin", "list", "help")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no web page may talk" in done.stderr
    added = office.json("olivia", "agent", "origin", "add", "help", "HTTPS://Shop.Example:443")
    assert added == {"added": SHOP}
    assert office.out("olivia", "agent", "origin", "add", "help", "https://bücher.example") == (
        "added https://xn--bcher-kva.example\n"
    )
    assert "already" in office.refused(5, "olivia", "agent", "origin", "add", "help", SHOP)
    assert office.out("vera", "agent", "origin", "list", "help") == f"{SHOP}\nhttps://xn--bcher-kva.example\n"
    assert office.out("olivia", "agent", "origin", "remove", "help", SHOP) == f"removed {SHOP}\n"
    assert "not on the list" in office.refused(5, "olivia", "agent", "origin", "remove", "help", SHOP)


@pytest.mark.parametrize(
    ("code", "who", "words", "says"),
    [
        (4, "mia", ("add", "help", SHOP), "needs the role admin"),
        (4, "mia", ("remove", "help", SHOP), "needs the role admin"),
        (4, "nobody", ("list", "help"), "sign"),
        (5, "olivia", ("add", "nobody", SHOP), "there is no agent 'nobody'"),
        (1, "olivia", ("add", "help", "*"), "wildcards"),
        (1, "olivia", ("add", "help", "null"), "null"),
        (1, "olivia", ("add", "help", f"{SHOP}/a"), "no path"),
        (1, "olivia", ("add", "help", "\x1b]0;x\x07"), "an origin is"),
        (2, "olivia", ("add", "help"), "required: ORIGIN"),
        (2, "olivia", (), "needs a verb: list, add, remove"),
        (2, "olivia", ("lst",), "origin list"),
    ],
)
def test_what_can_not_be_done_is_one_clear_line(
    office: Office, code: int, who: str, words: tuple[str, ...], says: str
) -> None:
    told = office.refused(code, who, "agent", "origin", *words)
    assert says in told
    assert "\x1b" not in told
