"""Gaps and curated answers from the command line: what visitors asked in vain is answered once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.ids import RunId, WorkspaceId
from console.services.answering import Answering
from console.services.answers import Answers
from console.services.search import Search
from tests.cli.office import Office, open_office, over
from tests.services.curated_support import MODEL

QUESTION = "do you ship outside the US?"
ANSWER = "We ship within the United States only."
NOWHERE = "0197f3c2-0000-7000-8000-000000000000"


@pytest.fixture
def office(urls: ServerUrls, tmp_path: Path) -> Office:
    return open_office(urls, tmp_path)


async def _answer_all(db: Database, workspace_id: WorkspaceId) -> None:
    async with db.read(workspace_id) as tx:
        runs = [row.id for row in await tx.rows("SELECT id FROM runs WHERE workspace_id = :ws AND state = 'queued'")]
    for id in runs:
        await Answers(db, Answering(Search(db, MODEL), MODEL)).run(workspace_id, RunId(id))


def asked(office: Office, *questions: str) -> list[str]:
    """Conversations in which each was asked, and the AI had its turn."""
    talks = [office.talk(question) for question in questions]
    asyncio.run(over(office.urls.app, lambda db: _answer_all(db, office.workspace_id)))
    return talks


def test_a_gap_from_the_question_to_the_published_answer(office: Office) -> None:
    first, _ = asked(office, QUESTION, "Do you ship outside the us")
    (gap,) = office.lines("vera", "gap", "list")
    assert (gap["question"], gap["occurrences"], gap["status"]) == (QUESTION, 2, "open")
    assert "no passage" in office.out("vera", "gap", "list")
    shown = office.json("vera", "gap", "show", gap["id"])
    assert (shown["visitors"], shown["questions"]) == (2, ["Do you ship outside the us"])
    assert first in {one["conversation_id"] for one in shown["occurrences"]}
    assert QUESTION in office.out("vera", "gap", "show", gap["id"][:18])
    assert "no draft to approve" in office.refused(1, "olivia", "gap", "approve", gap["id"])
    assert "no person has answered" in office.refused(1, "mia", "gap", "draft", gap["id"], "--from-reply")
    assert office.json("mia", "gap", "draft", gap["id"], "-", stdin=f"{ANSWER}\n")["draft"] == ANSWER
    assert "needs the role admin" in office.refused(4, "mia", "gap", "approve", gap["id"])
    approved = office.json("olivia", "gap", "approve", gap["id"], "--publish")
    assert (approved["again"]["asked"], approved["again"]["answered"], approved["again"]["failed"]) == (1, 1, [])
    assert (approved["curated"]["answer"], approved["published_version"]) == (ANSWER, 2)
    asked_again = office.json("mia", "ask", "--agent", "help", QUESTION)
    assert (asked_again["kind"], asked_again["answer"], asked_again["confidence"]) == ("curated", ANSWER, 1.0)
    assert (asked_again["citations"], asked_again["curated"]["id"]) == ([], approved["curated"]["id"])
    (one,) = office.lines("vera", "curated", "list")
    assert (one["hits"], one["gap_id"]) == (0, gap["id"])
    asked(office, QUESTION)
    assert office.json("vera", "curated", "show", one["id"][:13])["hits"] == 1


def test_a_second_approval_is_refused_in_one_line_with_the_first_ones_name(office: Office) -> None:
    asked(office, QUESTION)
    (gap,) = office.lines("vera", "gap", "list")
    said = office.out("olivia", "gap", "approve", gap["id"], "--answer", ANSWER)
    assert "asked again: 1 of 1 answered from the draft" in said
    again = office.refused(5, "olivia", "gap", "approve", gap["id"], "--answer", "Never.")
    assert again.startswith("console: error: Olivia Marsh approved this gap on ")
    assert "approved this gap on " in office.refused(5, "olivia", "gap", "dismiss", gap["id"])
    assert office.refused(5, "olivia", "gap", "draft", gap["id"], "x")


def test_gaps_are_dismissed_merged_and_split(office: Office) -> None:
    asked(office, "do you deliver to canada", "do you ship to canada", "is there a shop in paris")
    gaps = {gap["question"]: gap["id"] for gap in office.lines("vera", "gap", "list")}
    paris = gaps["is there a shop in paris"]
    assert "never returns" in office.out("olivia", "gap", "dismiss", paris, "--reason", "no")
    assert [gap["id"] for gap in office.lines("vera", "gap", "list", "--status", "dismissed")] == [paris]
    into = gaps["do you ship to canada"]
    merged = office.json("olivia", "gap", "merge", gaps["do you deliver to canada"], into)
    assert (merged["id"], merged["occurrences"]) == (into, 2)
    assert "into itself" in office.refused(1, "olivia", "gap", "merge", into, into)
    assert "is merged" in office.refused(5, "mia", "gap", "draft", gaps["do you deliver to canada"], "x")
    apart = office.json("olivia", "gap", "split", into, "do you deliver to canada")
    assert (apart["id"], apart["occurrences"]) == (gaps["do you deliver to canada"], 1)
    assert "was not asked" in office.refused(1, "olivia", "gap", "split", into, "something else")


_MOVED = """
    WITH g AS (
        UPDATE knowledge_gaps SET reviewed_at = now() - make_interval(secs => :age)
        WHERE workspace_id = :ws AND id = :id RETURNING reviewed_at
    )
    UPDATE curated_answers SET created_at = g.reviewed_at FROM g WHERE workspace_id = :ws AND origin_gap_id = :id
"""


def decided(office: Office, id: str, *, ago: int) -> None:
    """Move the decision: a slow machine has time to undo it, or it is too late."""

    async def move(db: Database) -> None:
        async with db.write(office.workspace_id) as tx:
            await tx.execute(_MOVED, id=UUID(id), age=ago)

    asyncio.run(over(office.urls.app, move))


def test_a_decision_is_undone_by_who_made_it_while_it_is_fresh(office: Office) -> None:
    asked(office, QUESTION)
    (gap,) = office.lines("vera", "gap", "list")
    assert "only your own decision" in office.refused(5, "olivia", "gap", "undo", gap["id"])
    office.out("olivia", "gap", "dismiss", gap["id"])
    assert "needs the role admin" in office.refused(4, "mia", "gap", "undo", gap["id"])
    decided(office, gap["id"], ago=-600)
    assert office.out("olivia", "gap", "undo", gap["id"][:18]) == f"“{QUESTION}” is open again\n"
    office.out("olivia", "gap", "approve", gap["id"], "--answer", ANSWER)
    decided(office, gap["id"], ago=9)
    assert "of the last 8 seconds" in office.refused(5, "olivia", "gap", "undo", gap["id"])
    decided(office, gap["id"], ago=-600)
    undone = office.json("olivia", "gap", "undo", gap["id"])
    assert (undone["status"], undone["draft"]) == ("drafted", ANSWER)
    assert office.lines("vera", "curated", "list") == []


@pytest.mark.parametrize("verb", ["show", "draft", "approve", "dismiss", "undo"])
def test_a_gap_that_is_not_there_is_not_found(office: Office, verb: str) -> None:
    words = ["x"] if verb == "draft" else []
    assert "there is no gap" in office.refused(5, "olivia", "gap", verb, NOWHERE, *words)
    assert "no gap here begins with" in office.refused(5, "olivia", "gap", verb, "0197f3c2", *words)
    office.refused(2, "olivia", "gap", verb, "nonsense", *words)


def test_curated_answers_by_hand(office: Office) -> None:
    made = office.json("olivia", "curated", "add", "help", ANSWER, "--question", QUESTION, "--question", "abroad?")
    assert made["questions"] == [QUESTION, "abroad?"]
    taken = office.refused(5, "olivia", "curated", "add", "help", "Never.", "--question", "Abroad")
    assert f"'abroad?' is answered already, by the curated answer {made['id']}" in taken
    assert "needs the role admin" in office.refused(4, "mia", "curated", "add", "help", "x", "--question", "y")
    office.refused(2, "olivia", "curated", "add", "help", "x")
    assert "empty answer" in office.refused(1, "olivia", "curated", "add", "help", " ", "--question", "y")
    assert "no agent" in office.refused(5, "olivia", "curated", "add", "nobody", "x", "--question", "y")
    changed = office.json("olivia", "curated", "edit", made["id"], "Only in the US.", "--question", "overseas?")
    assert (changed["answer"], changed["questions"]) == ("Only in the US.", ["overseas?"])
    assert "Only in the US." in office.out("vera", "curated", "show", made["id"])
    assert office.json("olivia", "agent", "show", "help")["changed_since_publish"] is True
    assert "overseas?" in office.out("vera", "curated", "list", "--agent", "help")
    office.out("olivia", "curated", "remove", made["id"])
    assert office.lines("vera", "curated", "list") == []
    assert "no curated answer" in office.refused(5, "olivia", "curated", "show", made["id"])
    assert office.json("olivia", "agent", "show", "help")["changed_since_publish"] is False


def test_an_answer_is_flagged(office: Office) -> None:
    office.json("olivia", "curated", "add", "help", ANSWER, "--question", QUESTION)
    office.out("olivia", "agent", "publish", "help")
    (talk,) = asked(office, QUESTION)
    gap = office.json("mia", "conv", "flag", talk, "2")
    assert (gap["question"], gap["trigger"]) == (QUESTION, "flagged")
    assert "is a gap now" in office.out("mia", "conv", "flag", talk, "2")
    assert "no answer of the AI" in office.refused(1, "mia", "conv", "flag", talk, "1")
    assert "needs the role member" in office.refused(4, "vera", "conv", "flag", talk, "2")
