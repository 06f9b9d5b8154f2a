from __future__ import annotations

import asyncio

import pytest

from console.domain.conversation import HandoffReason
from console.domain.inbox import InboxFilter
from console.tui.feed import Question
from console.tui.screens import inbox
from console.tui.screens.inbox import InboxScreen
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE, Running, running


def shown_place(stage: Running) -> int:
    return stage.rows.cursor * 2 - stage.rows.scroll_offset.y


async def read(stage: Running, count: int) -> None:
    await stage.until(lambda: len(stage.rows.rows) >= count, "inbox read")
    await stage.sees("live")


async def test_pages_come_as_the_cursor_nears_the_end(desk: Desk, size: tuple[int, int]) -> None:
    await desk.fill(230)
    async with running(desk.console(), size) as stage:
        await read(stage, 50)
        assert len(stage.rows.rows) == 50
        while stage.rows.more:
            count = len(stage.rows.rows)
            await stage.press("G")
            await stage.until(lambda count=count: len(stage.rows.rows) > count, "a page")  # type: ignore[misc]
        assert [row.visitor_name for row in stage.rows.rows] == [f"visitor {at:04}" for at in range(230)]
        await stage.press("G")
        assert stage.rows.current is not None
        assert stage.rows.current.visitor_name == "visitor 0229"
        await stage.sees("visitor 0229")
        assert len(stage.rows._drawn) < 200
        await stage.press("g")
        await stage.sees("visitor 0000")


async def test_moving(desk: Desk) -> None:
    await desk.fill(60)
    async with running(desk.console()) as stage:
        await read(stage, 50)
        moves = [("j", 1), ("down", 2), ("k", 1), ("up", 0), ("up", 0), ("pagedown", 17), ("ctrl+d", 25),
                 ("ctrl+u", 17), ("pageup", 0), ("g", 0)]  # fmt: skip
        for key, place in moves:
            await stage.press(key)
            assert stage.rows.cursor == place, key


async def test_changes_patch_rows_in_place_and_new_ones_are_announced(desk: Desk, size: tuple[int, int]) -> None:
    first = await desk.visitor("Third from the top")
    await desk.visitor("Second")
    await desk.visitor("Top")
    await desk.fill(60)
    async with running(desk.console(), size) as stage:
        await read(stage, 50)
        await stage.press("j", "j", "j")
        row, place = stage.rows.current, shown_place(stage)
        assert row is not None
        await desk.answers(first, "A person will help.", why=HandoffReason.CUSTOMER_REQUEST)
        await stage.sees("asks for a person")
        assert stage.rows.rows[2].waiting
        for name in ("Newcomer A", "Newcomer B"):
            await desk.waiting(name)
        await stage.sees("2 new above")
        assert stage.rows.current_key == row.id
        assert shown_place(stage) == place
        assert "Newcomer" not in stage.text
        await stage.press("R")
        await stage.until(lambda: stage.rows.cursor == 5, "taken in")
        assert stage.rows.current_key == row.id
        assert shown_place(stage) == place
        await stage.press("g")
        await stage.sees("Newcomer A", "Newcomer B")
        assert "new above" not in stage.text


async def test_until_a_key_is_pressed_the_cursor_is_on_what_comes_first(desk: Desk) -> None:
    await desk.fill(60)
    async with running(desk.console()) as stage:
        await read(stage, 50)
        for number in range(2):
            await desk.waiting(f"Newcomer {number}")
        await stage.sees("Newcomer 0", "Newcomer 1")
        assert stage.rows.cursor == 0
        assert "new above" not in stage.text


async def test_new_rows_come_in_above_when_the_cursor_is_at_the_top(desk: Desk) -> None:
    await desk.fill(60)
    async with running(desk.console()) as stage:
        await read(stage, 50)
        await stage.press("j", "k")
        here = stage.rows.current_key
        await desk.waiting("Newcomer")
        await stage.until(lambda: stage.rows.rows[0].visitor_name == "Newcomer", "taken in")
        assert stage.rows.current_key == here
        assert shown_place(stage) == 0
        await stage.sees("1 new above")
        await stage.press("R")
        await stage.quiet()
        assert "1 new above" in stage.text, "read again, it is above still"
        await stage.press("k")
        await stage.sees("Newcomer")
        assert "new above" not in stage.text


async def test_ages_wait_while_the_cursor_walks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []
    await desk.fill(5)
    async with running(desk.console(tick=600.0)) as stage:
        await read(stage, 5)
        screen = stage.app.screen
        assert isinstance(screen, InboxScreen)
        monkeypatch.setattr(stage.rows, "redraw_cells", lambda *cells: drawn.append(cells))
        monkeypatch.setattr(inbox, "WALK_SECONDS", 600.0)
        screen.tick()
        drawn.clear()
        await stage.press("j")
        screen._ages.clear()
        screen.tick()
        assert not drawn
        monkeypatch.setattr(inbox, "AGES_SECONDS", 0.0)
        screen.tick()
        assert len(drawn) == 5, "not for ever"


async def test_a_gap_in_the_link_reads_what_is_seen_again(desk: Desk, unpolled: None) -> None:
    """The notification of a change is lost with the listening connection, and the change is shown all the same."""
    talk = await desk.visitor()
    async with running(desk.console()) as stage:
        await stage.sees("Crystal Minh", "live")
        desk.gateway_db.on_commit = lambda _workspace, _hints: None
        await talk.say("said while nobody listened")
        async with desk.db.read(None) as tx:
            gone = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN %ws_%'"
            assert await tx.scalar(f"{gone} AND query LIKE '%{desk.people.workspace_id.hex}%'") == 1
        await stage.sees("said while nobody listened")


async def test_tabs(desk: Desk, size: tuple[int, int]) -> None:
    await desk.fill(3)
    await desk.waiting("Waiter", HandoffReason.TOOL_FAILURE)
    async with running(desk.console(), size) as stage:
        await stage.sees("waiting 1", "ai 3", "human 1", "[all 4]", "model unavailable")
        await stage.press("right")
        await stage.until(lambda: [row.visitor_name for row in stage.rows.rows] == ["Waiter"], "waiting only")
        await stage.sees("[waiting 1]")
        await stage.press("right")
        await stage.sees("You hold no conversation.")
        await stage.press("left", "left")
        await stage.until(lambda: len(stage.rows.rows) == 4, "all again")


async def test_filter(desk: Desk, size: tuple[int, int]) -> None:
    await desk.fill(30)
    async with running(desk.console(), size) as stage:
        await read(stage, 30)
        await stage.press("/")
        await stage.type("0007")
        await stage.until(lambda: [row.visitor_name for row in stage.rows.rows] == ["visitor 0007"], "filtered")
        await stage.press("enter")
        await stage.sees("/0007")
        assert stage.rows.has_focus
        await stage.press("escape")
        await stage.until(lambda: len(stage.rows.rows) == 30, "cleared")
        await stage.sees("/ filter")
        await stage.press("/")
        await stage.type("tebpq?12")
        await stage.sees("Nothing in all matches “tebpq?12”", "esc clears the filter")
        assert len(stage.app.screen_stack) == 1


@pytest.mark.parametrize("at", [(60, 18), NARROW, WIDE])
async def test_the_filter_says_what_it_looks_at(desk: Desk, at: tuple[int, int]) -> None:
    await desk.fill(1)
    async with running(desk.console(), at) as stage:
        await read(stage, 1)
        await stage.press("/")
        await stage.sees("name, subject, last words, label: who: status: priority:")
        await stage.type("hats")
        await stage.sees("Nothing in all matches “hats”", "looked at: names, subjects, last words", "esc clears")
        await stage.press("escape", "/")
        await stage.type("status:bogus")
        await stage.sees("No status begins with “bogus”.", "open, snoozed, resolved", "esc clears")
        await stage.press("escape", "/")
        await stage.type("label:x priority:9")
        await stage.sees("No priority begins with “9”.", "urgent, high, normal, low")
        await stage.press("escape", "/")
        await stage.type("label:x")
        await stage.sees("Nothing in all matches “label:x”")
        assert "looked at" not in stage.text


async def test_empty_says_why_until_somebody_comes(desk: Desk, size: tuple[int, int]) -> None:
    async with running(desk.console(), size) as stage:
        await stage.sees("No conversations yet.", "live")
        await desk.visitor("First")
        await stage.sees("First")


async def test_rows_keep_their_place_when_they_leave_the_tab(desk: Desk) -> None:
    talks = [await desk.waiting(f"W{at}") for at in range(4)]
    ids = [talk.id for talk in talks]
    async with running(desk.console()) as stage:
        await read(stage, 4)
        await stage.press("right")
        waiting = Question(InboxFilter.WAITING)
        await stage.until(lambda: stage.question == waiting, "tab")
        await stage.sees("[waiting 4]")
        await desk.services().takeover.claim(desk.people.other, ids[1])
        await stage.sees("held by max")
        assert [row.id for row in stage.rows.rows] == ids
        await stage.press("R")
        await stage.until(lambda: [row.id for row in stage.rows.rows] == [ids[0], ids[2], ids[3]], "taken in")


async def test_a_burst_is_read_together(desk: Desk) -> None:
    talks = [await desk.visitor(f"V{at}") for at in range(8)]
    async with running(desk.console()) as stage:
        await read(stage, 8)
        await asyncio.gather(*(talk.say(f"burst {at}") for at, talk in enumerate(talks)))
        await stage.sees(*(f"burst {at}" for at in range(8)))
