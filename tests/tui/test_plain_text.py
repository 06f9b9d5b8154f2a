"""Text areas whose text shrinks and grows by undo and redo: what is on the screen follows, and nothing ends."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from textual import events
from textual.app import App, ComposeResult

from console.tui.widgets.composer import Composer
from console.tui.widgets.document import Document
from console.tui.widgets.plain_text import PlainText
from tests.tui.support.desk import Desk
from tests.tui.support.stage import running

LINES = "\n".join(f"line {n}" for n in range(12))


class Sheet(App[None]):
    """A text area alone, a few lines high."""

    CSS = "PlainText { height: 6; }"

    def __init__(self, area: PlainText) -> None:
        super().__init__()
        self.area = area

    def compose(self) -> ComposeResult:
        yield self.area


AREAS: list[Callable[[], PlainText]] = [Composer, lambda: Document("")]


@pytest.mark.parametrize("make", AREAS, ids=["composer", "document"])
@pytest.mark.parametrize("seed", range(6))
async def test_undo_and_redo_of_anything_leave_the_cursor_in_the_text(make: Callable[[], PlainText], seed: int) -> None:
    chance, sheet = random.Random(seed), Sheet(make())  # noqa: S311 - no secret
    async with sheet.run_test(size=(24, 8)) as pilot:
        area = sheet.area
        steps: list[Callable[[], object]] = [
            lambda: area.insert(LINES),
            lambda: area.insert("a long line that has to be wrapped a number of times " * chance.randint(1, 3)),
            lambda: area.insert("\n"),
            lambda: area.move_cursor((chance.randrange(area.document.line_count), 0)),
            area.action_delete_line,
            area.action_delete_word_left,
            area.clear,
            area.undo,
            area.undo,
            area.redo,
        ]
        for _ in range(60):
            chance.choice(steps)()
            await pilot.pause()
            assert area.clamp_visitable(area.cursor_location) == area.cursor_location


async def test_a_paste_of_many_lines_is_undone_and_done_again(desk: Desk, size: tuple[int, int]) -> None:
    await desk.waiting("Crystal")
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal")
        await stage.take()
        area = stage.pane.box.area
        await stage.type("hi ")
        area.post_message(events.Paste(LINES))
        await stage.until(lambda: area.text == f"hi {LINES}", "pasted")
        await stage.press("ctrl+z")
        await stage.until(lambda: area.text == "hi ", "undone")
        await stage.press("ctrl+y")
        await stage.until(lambda: area.text == f"hi {LINES}", "done again")
        await stage.sees("line 11")
