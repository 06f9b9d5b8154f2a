"""What is shown where there is nothing yet: why, and the next key."""

from __future__ import annotations

import psycopg
import pytest

from tests.tui.support.desk import Desk
from tests.tui.support.stage import Running, running
from tests.tui.test_gaps import QUESTION, asked, to_gaps

Size = tuple[int, int]


async def unpublished(desk: Desk) -> None:
    """No version is live, and none is kept."""
    async with desk.db.write(desk.people.workspace_id) as tx:
        await tx.execute("UPDATE agents SET published_version_id = NULL WHERE workspace_id = :ws")
    await as_superuser(desk, "DELETE FROM agent_versions WHERE workspace_id = %s")


async def as_superuser(desk: Desk, statement: str) -> None:
    """What the console itself never does."""
    async with await psycopg.AsyncConnection.connect(desk.urls.superuser) as connection:
        await connection.execute(statement, [desk.people.workspace_id])


async def to_agents(it: Running, *words: str) -> None:
    await it.press("4")
    await it.sees(*words)


async def test_no_agent(desk: Desk, size: Size) -> None:
    await unpublished(desk)
    await as_superuser(desk, "DELETE FROM agents WHERE workspace_id = %s")
    async with running(desk.console(desk.people.admin), size) as it:
        await to_agents(it, "No agent yet.", "+ makes one")
        await it.press("i", "P", "v", "p", "o", "enter", "c")
        assert len(it.app.screen_stack) == 1
        await it.press("plus")
        await it.sees("A new agent")
        await it.press("escape", "3")
        await it.sees("No knowledge yet.")
        await it.press("f")
        await it.sees("No agent is published yet")


async def test_an_agent_without_versions_and_pages(desk: Desk, size: Size) -> None:
    await unpublished(desk)
    async with running(desk.console(desk.people.admin), size) as it:
        await to_agents(it, "Assistant", "not published")
        await it.press("v")
        await it.sees("Versions of Assistant", "No version yet: P publishes the draft.")
        await it.press("minus", "down", "enter")
        await it.press("escape", "o")
        await it.sees("No web page may talk with it yet.", "+ adds one")
        await it.press("x")
        await it.sees("No web page may talk with it yet.")
        await it.press("escape")
        await it.until(lambda: len(it.app.screen_stack) == 1, "closed")


@pytest.mark.parametrize(
    ("key", "words"), [("m", "this agent has no other gap"), ("s", "it was asked in these words alone")]
)
async def test_a_gap_with_nothing_to_pick(desk: Desk, size: Size, key: str, words: str) -> None:
    await asked(desk, QUESTION)
    async with running(desk.console(desk.people.admin), size) as it:
        await to_gaps(it, QUESTION)
        await it.press(key)
        await it.sees(words)
        await it.press("enter", "down", "escape")
        await it.until(lambda: len(it.app.screen_stack) == 1, "closed")


async def test_a_search_that_finds_nothing(desk: Desk, size: Size) -> None:
    async with running(desk.console(), size) as it:
        await it.press("3")
        await it.sees("No knowledge yet.")
        await it.press("f")
        await it.sees("Test a search as", "Assistant")
        await it.type("refund")
        await it.press("enter")
        await it.sees("Nothing found.", "this agent has no knowledge like that")
