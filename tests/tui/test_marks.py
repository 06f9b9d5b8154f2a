"""Marks, and acts on all that is marked: previewed, then done one by one, and said in numbers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from console.domain.conversation import Priority, Status
from tests.tui.support.around import Around
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE, Running, running

Size = tuple[int, int]


def marked(stage: Running) -> int:
    """How many rows are marked."""
    return len(stage.rows.marks)


async def test_space_marks_and_esc_unmarks_first(desk: Desk, size: Size) -> None:
    await desk.fill(5)
    async with running(desk.console(), size) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 5, "inbox read")
        await stage.press("space", "j", "space")
        await stage.sees("2 marked")
        assert stage.text.count("*") == 2
        await stage.press("space")
        await stage.sees("1 marked")
        await stage.until(lambda: "esc unmark all" in stage.footer or size == NARROW, "what esc does")
        await stage.press("escape")
        await stage.until(lambda: marked(stage) == 0 and "marked" not in stage.text, "unmarked")
        assert stage.rows.cursor == 1


async def test_a_range_and_all_that_is_loaded(desk: Desk, size: Size) -> None:
    await desk.fill(120)
    async with running(desk.console(), size) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 50, "first page")
        await stage.press("j", "space", "j", "j", "j", "V")
        await stage.sees("4 marked")
        assert [row.visitor_name for row in stage.rows.rows if row.id in stage.rows.marks] == [
            "visitor 0001", "visitor 0002", "visitor 0003", "visitor 0004",
        ]  # fmt: skip
        await stage.press("A")
        await stage.until(lambda: "all that is read so far" in stage.toasts, "told")
        await stage.sees(f"{len(stage.rows.rows)} marked")
        await stage.press("]")
        await stage.until(lambda: marked(stage) == 0, "out of sight, unmarked")


async def test_marked_rows_are_resolved_after_a_preview(desk: Desk, size: Size) -> None:
    talks = [await desk.waiting(f"W{n}") for n in range(3)]
    claim = await desk.services().takeover.claim(desk.people.other, talks[1].id)
    assert claim.claimed
    async with running(desk.console(), size) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 3, "inbox read")
        await stage.press("A")
        await stage.sees("3 marked", "resolve 3")
        await stage.press("e")
        await stage.sees("Resolve 2 of 3 conversations?", "W1", "max holds it")
        await stage.press("enter")
        await stage.until(lambda: "Resolve 2" not in stage.text, "no is the default")
        assert (await desk.of(talks[0].id)).status is Status.OPEN
        await stage.press("e")
        await stage.sees("Resolve 2 of 3")
        await stage.press("y")
        await stage.until(lambda: "resolved 2, 1 left: max holds it" in stage.toasts, "told")
        states = [(await desk.of(talk.id)).status for talk in talks]
        assert states == [Status.RESOLVED, Status.OPEN, Status.RESOLVED]
        await stage.until(lambda: marked(stage) == 1, "the one that is left stays marked")
        await stage.sees("resolved 2  u undo")
        await stage.press("u")
        await stage.until(lambda: "undone: resolved 2" in stage.toasts.splitlines(), "undone")
        assert {(await desk.of(talk.id)).status for talk in talks} == {Status.OPEN}


async def test_what_can_be_undone_of_many_is(desk: Desk) -> None:
    talks = [await desk.waiting(f"W{n}") for n in range(2)]
    async with running(desk.console(), WIDE) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 2, "inbox read")
        await stage.press("A", "e")
        await stage.sees("Resolve 2 conversations?")
        await stage.press("y")
        await stage.sees("resolved 2  u undo")
        await desk.services().takeover.claim(desk.people.other, talks[0].id)
        await stage.press("u")
        await stage.until(lambda: "undone for 1 of them: resolved 2" in stage.toasts, "told")


async def test_a_message_that_came_meanwhile_leaves_its_conversation_open(desk: Desk) -> None:
    talks = [await desk.waiting(f"W{n}") for n in range(2)]

    async def writes(apply: Callable[[], Awaitable[Any]]) -> object:
        await talks[1].say("one more thing")
        return await apply()

    bulk = Around(desk.services().bulk, "apply", writes)
    async with running(desk.console(services=desk.services(bulk=bulk)), WIDE) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 2, "inbox read")
        await stage.press("A", "e")
        await stage.sees("Resolve 2 conversations?")
        await stage.press("y")
        await stage.until(lambda: "resolved 1, 1 left" in stage.toasts, "told")
        assert (await desk.of(talks[1].id)).status is Status.OPEN


async def test_labels_priority_snooze_and_assignment_of_all_marks(desk: Desk, size: Size) -> None:
    talks = [await desk.waiting(f"W{n}") for n in range(3)]
    async with running(desk.console(), size) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 3, "inbox read")

        async def yes(question: str) -> None:
            await stage.sees(question)
            await stage.press("y")
            await stage.until(lambda: marked(stage) == 0, "done")
            await stage.press("A")
            await stage.until(lambda: marked(stage) == 3, "marked")

        await stage.press("A", "l")
        await stage.sees("Labels of these 3")
        await stage.enter("vip")
        await yes("Label 3 conversations?")
        await stage.press("!", "h")
        await yes("Set the priority of 3 conversations?")
        await stage.press("a")
        await stage.sees("Assign these 3 to", "nobody")
        await stage.enter("max")
        await yes("Assign 3 conversations?")
        await stage.press("z", "r")
        await yes("Snooze 3 conversations?")
        for talk in talks:
            now = await desk.of(talk.id)
            assert now.labels == ("vip",)
            assert now.priority is Priority.HIGH
            assert now.status is Status.SNOOZED


async def test_progress_is_in_real_numbers(desk: Desk) -> None:
    await desk.fill(12)
    seen: list[str] = []

    async def slow(apply: Callable[[], Awaitable[Any]]) -> object:
        done = await apply()
        await stage.pilot.pause(0.25)
        seen.append(stage.footer)
        return done

    bulk = Around(desk.services().bulk, "apply", slow)
    async with running(desk.console(services=desk.services(bulk=bulk)), NARROW) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 12, "inbox read")
        await stage.press("A", "e")
        await stage.sees("Resolve 12 conversations?")
        await stage.press("y")
        await stage.until(lambda: "resolved 12" in stage.toasts, "told")
        assert any("resolved 5 of 12" in line for line in seen)
        assert any("resolved 10 of 12" in line for line in seen)


async def test_none_possible_says_why(desk: Desk) -> None:
    talk = await desk.waiting()
    await desk.services().takeover.claim(desk.people.other, talk.id)
    async with running(desk.console(), NARROW) as stage:
        await stage.sees("held by max")
        await stage.press("space", "e")
        await stage.until(lambda: "resolved 0, 1 left: max holds it" in stage.toasts, "told")
        assert len(stage.app.screen_stack) == 1


async def test_in_the_pane_the_keys_are_about_the_conversation_there(desk: Desk) -> None:
    for name in ("Second", "First"):
        await desk.waiting(name)
    async with running(desk.console(), WIDE) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 2, "inbox read")
        await stage.press("space", "j", "space")
        shown = stage.rows.rows[1].id
        await stage.opened(shown)
        await stage.press("enter")
        await stage.until(lambda: stage.pane.transcript.has_focus, "in the pane")
        await stage.press("e")
        await stage.sees("resolved  u undo")
        assert (await desk.of(shown)).status is Status.RESOLVED
        assert marked(stage) == 2
