"""`console lead`: who left an address, as a table, JSON and CSV that no spreadsheet obeys; thumbs in a transcript."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.cli.csv_lines import csv_lines
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.feedback import Rating
from console.services.answers import Answers
from console.services.feedback import FeedbackDesk
from console.services.leads import Leads
from console.services.visitors import Visitors
from tests.cli.office import Office, open_office, over
from tests.services.run_support import Fixed, good

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", " =1", '=cmd|"/c calc"!A1')


@pytest.fixture(scope="module")
def office(urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return open_office(urls, tmp_path_factory.mktemp("office"))


def leave(office: Office, *leads: Mapping[str, str]) -> list[str]:
    """Leave each in a conversation of its own; the ids of these."""
    ids = []

    async def left(db: Database) -> None:
        for lead in leads:
            started = await Visitors(db).start(office.public_key, {})
            await Leads(db).leave(started.visitor_token, started.conversation_id, lead)
            ids.append(str(started.conversation_id))

    asyncio.run(over(office.urls.gateway, left))
    return ids


def test_leads_in_every_form(office: Office) -> None:
    assert "nobody has left an address" in office.call("vera", "lead", "list").stderr
    evil = {"email": "+evil@example.test", "name": "=HYPERLINK(1)", "phone": "+49 30 1", "message": 'a,"b"\r\nc\x1b[2J'}
    leave(office, {"email": "tess@example.test", "name": "Tess"}, evil)
    newest, oldest = office.lines("vera", "lead", "list")
    assert (oldest["email"], oldest["name"], newest["message"]) == ("tess@example.test", "Tess", 'a,"b"\nc\u241b[2J')
    assert "tess@example.test" in office.out("mia", "lead", "list")
    head, first, second = csv.reader(io.StringIO(office.out("mia", "lead", "list", "--csv"), newline=""))
    assert head[:4] == ["email", "name", "phone", "message"]
    assert first[:4] == ["'+evil@example.test", "'=HYPERLINK(1)", "'+49 30 1", 'a,"b"\nc\u241b[2J']
    assert second[0] == "tess@example.test"
    assert len(office.lines("mia", "lead", "list", "--limit", "1")) == 1


def test_what_a_later_one_says_is_in_its_conversation(urls: ServerUrls, tmp_path: Path) -> None:
    office = open_office(urls, tmp_path)
    again = {"email": "later@example.test", "message": "a_b"}
    first, second = leave(office, {"email": "later@example.test", "message": "one"}, again)
    listed = {row["id"] for row in office.lines("vera", "conv", "list")}
    assert {first, second} <= listed  # though nothing was said in them
    assert "a_b" not in office.out("vera", "conv", "show", first)
    assert "the visitor left address message a_b" in office.out("vera", "conv", "show", second)
    assert [event["detail"] for event in office.json("vera", "conv", "show", second)["events"]] == ["message a_b"]
    assert "the visitor left address message a_b" in office.out("vera", "conv", "tail", second, "--for", "0")


def test_bad_calls(office: Office) -> None:
    assert "exclude each other" in office.refused(2, "mia", "lead", "list", "--csv", "--json")
    office.refused(4, "nobody", "lead", "list")
    office.refused(2, "mia", "lead", "list", "--limit", "none")


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_is_a_formula(cell: str) -> None:
    ((found, plain),) = csv.reader(io.StringIO(csv_lines([(cell, "a-b=c")]), newline=""))
    assert found == f"'{cell}".replace("\r", "\n")
    assert plain == "a-b=c"


def test_a_thumb_is_in_the_transcript(office: Office, tmp_path: Path) -> None:
    async def rated(db: Database) -> str:
        visitors = Visitors(db)
        started = await visitors.start(office.public_key, {})
        await visitors.send(started.visitor_token, started.conversation_id, "why?", key="k")
        await over(office.urls.app, answer)
        await FeedbackDesk(db).rate(started.visitor_token, started.conversation_id, 2, Rating.DOWN, "wrong\x1b]0;x\x07")
        return str(started.conversation_id)

    async def answer(db: Database) -> None:
        async with db.read(office.workspace_id) as tx:
            run = await tx.scalar("SELECT id FROM runs WHERE state = 'queued'")
        await Answers(db, Fixed(good())).run(office.workspace_id, run)

    id = asyncio.run(over(office.urls.gateway, rated))
    shown = office.out("vera", "conv", "show", id)
    assert "90%  visitor: not helpful" in shown
    assert "visitor: wrong\u241b]0;x\u2407" in shown
    said = office.json("vera", "conv", "show", id)["messages"][1]["feedback"]
    assert (said["seq"], said["rating"], said["comment"]) == (2, "down", "wrong\u241b]0;x\u2407")
