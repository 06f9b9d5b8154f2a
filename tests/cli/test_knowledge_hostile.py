"""What bad hands wrote into pages, their names and their errors reaches a terminal as text, whatever the verb."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import psycopg
import pytest

from console.db.embedded.server import ServerUrls
from tests.cli.office import Office, open_office
from tests.cli.test_conv import EVIL, NAUGHTY
from tests.safety.grammar import PLAIN, offences
from tests.safety.payloads import MARKUP

PAGE = "# Returns\n\nUnworn items can be returned within 30 days of delivery.\n"
BAD = EVIL + " ".join((*NAUGHTY, *MARKUP))
TEXT = re.compile(rf"{PLAIN.pattern}|\t")
QUESTION = "within how many days can unworn items be returned?"
_SPOIL = """
    UPDATE sources SET name = %(bad)s, status = 'failed', error = %(bad)s WHERE workspace_id = %(ws)s;
    UPDATE crawl_runs SET state = 'failed', error = %(bad)s WHERE workspace_id = %(ws)s;
    UPDATE documents SET title = %(bad)s, uri = %(bad)s, excerpt = %(bad)s, error = %(bad)s,
        media_type = %(bad)s WHERE workspace_id = %(ws)s;
    UPDATE chunks SET text = replace(text, 'delivery.', 'delivery ' || %(bad)s || '.'), heading_path = %(bad)s
        WHERE workspace_id = %(ws)s
"""


@pytest.fixture(scope="module")
def office(urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office that has read one page, of which everything is bad since."""
    office = open_office(urls, tmp_path_factory.mktemp("office"))
    page = office.home / "returns.md"
    page.write_text(PAGE)
    office.out("olivia", "source", "add", "file", str(page), "--wait")
    with psycopg.connect(urls.superuser, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(_SPOIL, {"bad": BAD, "ws": office.workspace_id})
    return office


@pytest.mark.parametrize("json", [False, True], ids=["text", "json"])
def test_every_verb_prints_text(office: Office, json: bool) -> None:
    as_json = ["--json"] * json
    (source, *_) = office.lines("olivia", "source", "list")
    asked = ("search", "--agent", "help", QUESTION)
    (best, *_) = office.json("olivia", *asked)["results"]
    verbs = [
        ("source", "list"), ("source", "show", source["id"]), asked, (*asked, "--explain", best["chunk_id"]),
        ("ask", "--agent", "help", QUESTION), ("agent", "show", "help"), ("agent", "list"),
    ]  # fmt: skip
    told = ""
    for verb in verbs:
        done = office.call("olivia", *verb, *as_json)
        assert done.returncode == 0, (verb, done.stderr)
        told += done.stdout
        for written in (done.stdout, done.stderr):
            assert offences(written.encode(), TEXT) == [], verb
    assert ("\\u241b" if json else "\u241b") in told
    assert "owned" in told


def test_a_name_that_is_not_there_is_said_as_text(office: Office) -> None:
    for words in (("source", "show", EVIL), ("ask", "--agent", EVIL, "x"), ("search", "--agent", EVIL, "x")):
        said = office.refused(5, "olivia", *words)
        assert offences(said.encode(), PLAIN) == []


def test_a_page_of_bad_words_is_read_and_shown_as_text(office: Office, tmp_path: Path) -> None:
    page = tmp_path / "evil.md"
    # With control codes in it a file is no text.
    bad = "".join(sign for sign in BAD if unicodedata.category(sign) != "Cc")
    page.write_text(f"# {bad}\n\nZebras can be returned on Sundays. {bad}\n", encoding="utf-8")
    added = office.call("olivia", "source", "add", "file", str(page), "--wait")
    found = office.call("olivia", "search", "--agent", "help", "zebras on Sundays")
    for done in (added, found):
        assert done.returncode == 0, done.stderr
        assert offences((done.stdout + done.stderr).encode(), TEXT) == []
    assert "Zebras" in found.stdout
