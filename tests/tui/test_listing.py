"""What all list screens have in common, on one of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.content import Content

from console.errors import RefusedError
from console.tui.present.tone import toned
from console.tui.screens.listing import ListScreen
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE, Running, running

pytestmark = pytest.mark.usefixtures("unpolled")


class Fruits(ListScreen[str]):
    """Three fruits, and what is known of each."""

    kinds = frozenset({"fruit"})
    what = "the fruits"
    tabs = ("ripe", "green")

    def __init__(self) -> None:
        super().__init__()
        self.shelf = {"ripe": ["apple", "pear", "plum"], "green": list[str]()}
        self.broken = False

    async def read_rows(self, tab: str) -> Sequence[str]:
        if self.broken:
            raise RefusedError("the shelf is closed", hint="open it")
        return list(self.shelf[tab])

    def row_key(self, row: str) -> Hashable:
        return row

    def row_lines(self, row: str, width: int) -> Sequence[Content]:
        return [Content(row), toned(f"{len(row)} letters", "quiet")]

    def row_text(self, row: str) -> str:
        return row

    def empty(self, tab: str) -> Content:
        return Content(f"nothing is {tab}")

    async def read_detail(self, row: str) -> str:
        return row.upper()

    def detail_lines(self, row: str, detail: Any, width: int) -> Content:
        return Content(f"all about {row}\n{detail or 'reading'}\n" + "word " * width)


@asynccontextmanager
async def fruits(desk: Desk, size: tuple[int, int]) -> AsyncIterator[tuple[Running, Fruits]]:
    async with running(desk.console(), size) as it:
        await it.sees("live")
        await it.quiet()  # each gap in the link is a reason to read again
        screen = Fruits()
        await it.app.push_screen(screen)
        await it.sees("apple", "5 letters", "plum")
        yield it, screen


async def test_beside_the_list_when_there_is_room(desk: Desk) -> None:
    async with fruits(desk, WIDE) as (it, screen):
        await it.sees("all about apple", "APPLE")
        await it.press("j")
        await it.sees("all about pear", "PEAR")
        await it.press("enter")
        assert screen.pane.has_focus
        await it.press("escape")
        assert screen.rows.has_focus


async def test_in_the_place_of_the_list_when_there_is_not(desk: Desk) -> None:
    async with fruits(desk, NARROW) as (it, screen):
        assert "all about" not in it.text
        await it.press("j", "enter")
        await it.sees("all about pear", "PEAR")
        assert "5 letters" not in it.text
        await it.until(lambda: "esc back" in it.footer and "filter" not in it.footer, "the way back")
        await it.press("slash", "escape")
        await it.sees("apple", "pear")
        assert screen.current == "pear"


async def test_words_filter_and_escape_brings_all_back(desk: Desk, size: tuple[int, int]) -> None:
    async with fruits(desk, size) as (it, _screen):
        await it.press("slash")
        await it.type("pl")
        await it.until(lambda: "pear" not in it.text, "only those with the words")
        assert "plum" in it.text
        await it.press("enter", "escape")
        await it.sees("pear")
        await it.press("slash")
        await it.type("kiwi")
        await it.sees("Nothing matches")


async def test_a_tab_with_nothing_says_why(desk: Desk, size: tuple[int, int]) -> None:
    async with fruits(desk, size) as (it, screen):
        await it.press("right")
        await it.sees("[green]", "nothing is green")
        assert screen.current is None
        await it.press("enter", "c")
        await it.press("left")
        await it.sees("apple")


async def test_what_can_not_be_read_says_so_in_its_place_and_what_was_there_stays(desk: Desk) -> None:
    async with fruits(desk, WIDE) as (it, screen):
        screen.broken = True
        await it.press("R")
        await it.until(lambda: "closed" in it.toasts, "a word of it")
        assert "apple" in it.text
        await it.press("right")
        await it.sees("the shelf is closed: open it", "R tries again")
        screen.broken = False
        await it.press("R")
        await it.sees("nothing is green")


async def test_what_nobody_expected_is_told_once(desk: Desk) -> None:
    async with fruits(desk, WIDE) as (it, screen):
        screen.shelf.clear()
        await it.press("R")
        await it.until(lambda: "incident" in it.toasts, "told")
        assert it.toasts.count("incident") == 1


@pytest.mark.parametrize(("kinds", "read"), [({"fruit"}, True), ({"other"}, False)])
async def test_hints_of_its_kind_are_read(desk: Desk, kinds: set[str], read: bool) -> None:
    from console.tui.events import ThingsMoved

    async with fruits(desk, WIDE) as (it, screen):
        screen.shelf["ripe"] = ["melon"]
        screen.post_message(ThingsMoved(frozenset(kinds)))
        if read:
            await it.sees("melon")
        else:
            await it.pilot.pause(0.2)
            assert "apple" in it.text


async def test_the_cursor_stays_on_its_row(desk: Desk) -> None:
    async with fruits(desk, WIDE) as (it, screen):
        await it.press("j")
        screen.shelf["ripe"] = ["fig", "apple", "pear"]
        await it.press("R")
        await it.sees("fig")
        assert screen.current == "pear"


async def test_where_its_row_has_gone_the_cursor_stays_at_its_place(desk: Desk) -> None:
    async with fruits(desk, WIDE) as (it, screen):
        await it.press("j", "j")
        assert screen.current == "plum"
        screen.shelf["ripe"] = ["apple", "pear", "fig", "melon"]
        await it.press("R")
        await it.sees("all about fig")
        assert screen.current == "fig"
