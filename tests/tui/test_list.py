from __future__ import annotations

import pytest

from console.domain.conversation import HandoffReason
from console.domain.inbox import InboxFilter
from console.domain.live import Changed
from tests.tui.support.fake import World
from tests.tui.support.stage import Stage, console


def fill(world: World, count: int) -> None:
    for at in range(count):
        world.conversation(f"visitor {at:04}", minutes=at + 1, said=f"question {at}")


def shown_place(stage: Stage) -> int:
    return stage.rows.cursor * 2 - stage.rows.scroll_offset.y


async def test_pages_come_as_the_cursor_nears_the_end(world: World, size: tuple[int, int]) -> None:
    fill(world, 230)
    async with console(world, size) as stage:
        assert len(stage.rows.rows) == 50
        for _ in range(12):
            await stage.press("G")
        await stage.until(lambda: len(stage.rows.rows) == 230 and not stage.rows.more, "all pages")
        assert [row.visitor_name for row in stage.rows.rows] == [f"visitor {at:04}" for at in range(230)]
        await stage.press("G")
        assert stage.rows.current is not None
        assert stage.rows.current.visitor_name == "visitor 0229"
        await stage.sees("visitor 0229")
        await stage.press("g")
        await stage.sees("visitor 0000")


async def test_moving(world: World) -> None:
    fill(world, 60)
    async with console(world) as stage:
        moves = [("j", 1), ("down", 2), ("k", 1), ("up", 0), ("up", 0), ("pagedown", 17), ("ctrl+d", 25),
                 ("ctrl+u", 17), ("pageup", 0), ("G", 49), ("g", 0)]  # fmt: skip
        for key, place in moves:
            await stage.press(key)
            assert stage.rows.cursor == place, key


async def test_changes_patch_rows_in_place(world: World, size: tuple[int, int]) -> None:
    fill(world, 60)
    async with console(world, size) as stage:
        await stage.press("j", "j", "j")
        row, place = stage.rows.current, shown_place(stage)
        assert row is not None
        world.visitor_says(row.id, "one more thing")
        other = stage.rows.rows[5]
        world.begins_to_wait(other.id)
        await stage.sees("one more thing", "asks for a person")
        assert stage.rows.current_key == row.id
        assert shown_place(stage) == place
        assert stage.rows.rows[5].waiting
        assert [each.id for each in stage.rows.rows[:3]] != [other.id]


async def test_new_rows_are_announced_and_taken_in_on_refresh(world: World, size: tuple[int, int]) -> None:
    fill(world, 60)
    async with console(world, size) as stage:
        await stage.press("j", "j")
        here, place = stage.rows.current_key, shown_place(stage)
        for name in ("Newcomer A", "Newcomer B"):
            world.store.tell(world.conversation(name, waiting=HandoffReason.CUSTOMER_REQUEST, minutes=0))
        await stage.sees("2 new above")
        assert stage.rows.current_key == here
        assert shown_place(stage) == place
        assert "Newcomer" not in stage.text
        await stage.press("R")
        await stage.until(lambda: stage.rows.cursor == 4, "taken in")
        assert stage.rows.current_key == here
        assert shown_place(stage) == place
        await stage.press("g")
        await stage.sees("Newcomer A", "Newcomer B")
        assert "new above" not in stage.text


async def test_new_rows_come_in_above_when_the_cursor_is_at_the_top(world: World) -> None:
    fill(world, 60)
    async with console(world) as stage:
        here = stage.rows.current_key
        world.store.tell(world.conversation("Newcomer", waiting=HandoffReason.CUSTOMER_REQUEST, minutes=0))
        await stage.until(
            lambda: len(stage.rows.rows) > 0 and stage.rows.rows[0].visitor_name == "Newcomer", "taken in"
        )
        assert stage.rows.current_key == here
        assert shown_place(stage) == 0
        await stage.sees("1 new above")
        await stage.press("k")
        await stage.sees("Newcomer")
        assert "new above" not in stage.text


async def test_a_gap_in_the_link_reads_what_is_seen_again(world: World) -> None:
    fill(world, 5)
    async with console(world) as stage:
        row = stage.rows.rows[2]
        listeners, world.store.listeners = world.store.listeners, []
        world.visitor_says(row.id, "said while the link was down")
        world.store.listeners = listeners
        world.store.emit(Changed(None))
        await stage.sees("said while the link was down")


async def test_tabs(world: World, size: tuple[int, int]) -> None:
    fill(world, 3)
    world.conversation("Waiter", waiting=HandoffReason.TOOL_FAILURE, minutes=2)
    async with console(world, size) as stage:
        await stage.sees("waiting 1", "ai 3", "human 1", "[all 4]", "model unavailable")
        await stage.press("right")
        await stage.until(lambda: [row.visitor_name for row in stage.rows.rows] == ["Waiter"], "waiting only")
        await stage.sees("[waiting 1]")
        await stage.press("right")
        await stage.sees("You hold no conversation.")
        await stage.press("left", "left")
        await stage.until(lambda: len(stage.rows.rows) == 4, "all again")


async def test_filter(world: World, size: tuple[int, int]) -> None:
    fill(world, 30)
    async with console(world, size) as stage:
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
        await stage.type("nobody")
        await stage.sees("Nothing in all matches", "esc clears the filter")


async def test_letters_are_letters_in_the_filter(world: World) -> None:
    id = world.conversation("tebpq", waiting=HandoffReason.CUSTOMER_REQUEST)
    async with console(world) as stage:
        await stage.press("/")
        await stage.type("tebpq?12")
        await stage.until(lambda: stage.app.screen.query_one("#filter").value == "tebpq?12", "typed")  # type: ignore[attr-defined]
        assert world.of(id).holder is None
        assert stage.app.is_running
        assert len(stage.app.screen_stack) == 1


async def test_empty_says_why(world: World, size: tuple[int, int]) -> None:
    async with console(world, size) as stage:
        await stage.sees("No conversations yet.")
        world.store.tell(world.conversation("First"))
        await stage.sees("First")


async def test_rows_keep_their_place_when_they_leave_the_tab(world: World) -> None:
    ids = [world.conversation(f"W{at}", waiting=HandoffReason.CUSTOMER_REQUEST, minutes=9 - at) for at in range(4)]
    async with console(world) as stage:
        await stage.press("right")
        await stage.until(lambda: stage.app.screen.question.filter is InboxFilter.WAITING, "tab")  # type: ignore[attr-defined]
        await stage.until(lambda: len(stage.rows.rows) == 4, "waiting rows")
        await world.other_claims(ids[1])
        await stage.sees("held by Dana Okafor")
        assert [row.id for row in stage.rows.rows] == ids
        await stage.press("R")
        await stage.until(lambda: [row.id for row in stage.rows.rows] == [ids[0], ids[2], ids[3]], "taken in")


@pytest.mark.parametrize("count", [10_000])
async def test_a_long_list_moves_like_a_short_one(world: World, count: int) -> None:
    fill(world, 51)
    async with console(world) as stage:
        rows = [stage.world.store.row(stored) for stored in world.store.conversations.values()]
        many = [row for _ in range(count // 51) for row in rows]
        stage.rows._rows, stage.rows.more = many, False
        stage.rows._resized()
        await stage.press("G")
        assert stage.rows.cursor == len(many) - 1
        assert len(stage.rows._drawn) < 100
