from __future__ import annotations

import pytest

from console.domain.conversation import Status
from console.domain.inbox import InboxFilter
from console.tui.feed import Question
from tests.tui.support.desk import Desk
from tests.tui.support.stage import BROAD, NARROW, WIDE, Running, running

Size = tuple[int, int]


@pytest.mark.parametrize("key", ["tab", "shift+tab"])
async def test_tab_never_leaves_the_text(desk: Desk, size: Size, key: str) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.type("ab")
        await stage.press(key)
        await stage.type("e")
        await stage.until(lambda: stage.pane.box.area.text == "abe", "typed on")
        assert stage.pane.box.area.has_focus
    assert (await desk.of(talk.id)).status is Status.OPEN


@pytest.mark.parametrize("small", [(50, 15), (120, 12), (100, 10), (20, 4)])
async def test_writing_goes_on_after_the_terminal_was_too_small(desk: Desk, size: Size, small: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.type("keep ")
        await stage.pilot.resize_terminal(*small)
        await stage.until(lambda: "Crystal Minh" not in stage.text and stage.app.screen.has_class("-short"), "covered")
        await stage.writing()
        await stage.pilot.resize_terminal(*size)
        await stage.sees("keep", "ctrl+s send")
        await stage.type("e me")
        await stage.until(lambda: stage.pane.box.area.text == "keep e me", "typed on")
    assert (await desk.of(talk.id)).status is Status.OPEN


async def test_nothing_is_done_to_what_is_not_seen(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 1, "inbox read")
        await stage.pilot.resize_terminal(50, 15)
        await stage.sees("too small")
        await stage.press("e", "t")
        await stage.pilot.resize_terminal(*size)
        await stage.sees("Crystal Minh")
    now = await desk.of(talk.id)
    assert (now.status, now.holder) == (Status.OPEN, None)


def agree(stage: Running) -> bool:
    """Whether what is highlighted, what is shown and what keys act on are the same."""
    subject = stage.app.screen.subject  # type: ignore[attr-defined]
    here = stage.rows.current_key
    return bool(here == stage.pane.target == (subject.id if subject else None))


async def shows(stage: Running, tab: InboxFilter) -> None:
    """Wait until the rows are those of a tab."""
    await stage.until(lambda: stage.question == Question(tab), f"the tab {tab}")


@pytest.mark.parametrize("size_", [WIDE, BROAD])
async def test_the_pane_follows_to_another_tab(desk: Desk, size_: Size) -> None:
    waiting, other = await desk.waiting("Waits"), await desk.visitor("Other")
    async with running(desk.console(), size_) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 2, "inbox read")
        await stage.press("enter")
        await stage.opened(waiting.id)
        await stage.until(lambda: stage.pane.transcript.has_focus, "in the pane")
        await stage.press("left_square_bracket", "left_square_bracket")
        await stage.until(lambda: [row.id for row in stage.rows.rows] == [other.id], "the tab ai")
        assert stage.app.screen.subject.id == other.id  # type: ignore[attr-defined]
        await stage.opened(other.id)
        assert agree(stage)


async def test_an_empty_tab_shows_nobody_to_act_on(desk: Desk) -> None:
    talk = await desk.waiting("Waits")
    async with running(desk.console(), BROAD) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 1, "inbox read")
        await stage.press("enter")
        await stage.until(lambda: stage.pane.transcript.has_focus, "in the pane")
        await stage.opened(talk.id)
        await stage.press("right_square_bracket", "right_square_bracket")
        await stage.until(lambda: not stage.rows.rows, "the tab mine")
        assert stage.app.screen.subject is None  # type: ignore[attr-defined]
        await stage.press("e", "t", "p")
        await stage.until(lambda: stage.pane.target is None, "an empty pane")
        assert "Where is my refund?" not in stage.text
        assert "Waits" not in stage.text
    assert (await desk.of(talk.id)).status is Status.OPEN


async def test_the_row_worked_on_stays_highlighted_when_the_list_is_read_again(desk: Desk) -> None:
    first, second = await desk.waiting("First"), await desk.waiting("Second")
    async with running(desk.console(), WIDE) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 2, "inbox read")
        await stage.press("right")
        await shows(stage, InboxFilter.WAITING)
        await stage.opened(first.id)
        await stage.take()
        await stage.press("escape")
        await stage.quiet()
        await stage.press("R")
        await stage.until(lambda: stage.app.counts.mine == 1, "counted")
        await stage.quiet()
        assert stage.rows.current_key == first.id
        assert agree(stage)
        await stage.press("escape", "R")
        await stage.until(lambda: [row.id for row in stage.rows.rows] == [second.id], "left the tab")
        await stage.opened(second.id)
        assert agree(stage)


@pytest.mark.parametrize("height", [24, 40])
async def test_a_composer_that_narrows_shows_every_line(desk: Desk, height: int) -> None:
    await desk.waiting()
    words = " ".join(f"w{n:02}" for n in range(30))
    async with running(desk.console(), (120, height)) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        stage.pane.box.area.insert(words)
        for width in (80, 120, 80, 64):
            await stage.pilot.resize_terminal(width, height)
            await stage.writing()
            await stage.sees(*words.split())


async def test_a_long_draft_opened_shows_its_end(desk: Desk) -> None:
    talk = await desk.waiting()
    await desk.services().drafts.save(desk.me, talk.id, " ".join(f"w{n:02}" for n in range(60)))
    async with running(desk.console(), NARROW) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.sees("w00", "w29", "w59")
