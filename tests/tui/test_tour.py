"""The tour: each step is over when the thing is really done; esc leaves it; roles get what they can do."""

from __future__ import annotations

import pytest

from console.domain.actor import Role
from console.tui import tour
from console.tui.commands import BY_ID
from console.tui.tour import STEPS
from tests.tui.support.desk import Desk
from tests.tui.support.stage import WIDE, Running, running
from tests.tui.test_gaps import QUESTION, asked


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses for readers."""
    monkeypatch.setattr(tour, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(tour, "PRAISE_SECONDS", 0.05)
    monkeypatch.setattr(tour, "OVER_SECONDS", 600.0)  # what it says last stays until it was seen


def on_tour(stage: Running) -> bool:
    """Whether a tour goes on."""
    return stage.app.tour is not None and stage.app.tour.running


async def begin(run: Running) -> None:
    await run.press("question_mark")
    await run.sees("a two-minute tour")
    await run.press("T")
    await run.until(lambda: on_tour(run), "the tour")


def step(run: Running) -> str:
    return run.app.tour.lines[0].plain if run.app.tour else ""


def test_every_key_of_the_tour_is_in_the_table() -> None:
    for one in STEPS:
        assert all(BY_ID[id].shown_key in one.words for id in one.keys)
        assert "{" not in one.words


async def at(run: Running, title: str) -> None:
    await run.until(lambda: title in step(run), f"the step {title}, not {step(run)}")


async def talks(run: Running) -> None:
    """The first four steps: read, take over, reply, hand back."""
    await run.sees("Tour 1 of 7", "Read a conversation", "then press enter")
    await run.press("enter")
    await at(run, "Take over")
    await run.take()
    await at(run, "Reply")
    await run.type("here I am")
    assert "Reply" in step(run)  # typed is not sent
    await run.press("ctrl+s")
    await at(run, "Hand back")
    await run.press("escape")
    assert on_tour(run)  # esc left the writing, not the tour
    await run.press("b")
    await at(run, "Approve a gap")


async def approves(run: Running) -> None:
    """The step of the gap: nothing is approved before there is an answer."""
    await run.sees("go to Gaps (2)")
    await run.press("2")
    await run.sees(QUESTION)
    await run.press("y", "i")
    await run.sees("Answer to")
    await run.type("Only within the US.")
    await run.press("ctrl+s")
    await run.sees("draft ready")
    assert "Approve a gap" in step(run)  # written is not approved
    await run.press("y")
    await at(run, "Publish")


async def publishes(run: Running) -> None:
    """The step of the agent."""
    await run.sees("go to Agents (4)")
    await run.press("4")
    await run.sees("draft: 1 change")
    await run.press("P")
    await run.sees("Publish Assistant?")
    assert "Publish" in step(run)  # asked for is not done
    await run.type("tour")
    await run.press("enter")
    await at(run, "Check a quota")


async def test_an_admin_goes_all_the_way(desk: Desk, size: tuple[int, int]) -> None:
    await asked(desk, QUESTION)
    talk = await desk.waiting()
    async with running(desk.console(desk.people.admin), size) as run:
        await run.sees("Crystal Minh", "asks for a person")
        await begin(run)
        await talks(run)
        assert (await desk.of(talk.id)).control == "ai"
        await approves(run)
        await publishes(run)
        await run.press("5")
        await run.sees("That was the tour")
    assert [one.note for one in await desk.services().versions.list(desk.me, desk.people.agent_id)] == ["tour", ""]
    (answer,) = await desk.services().curated.list(desk.me)
    assert answer.answer == "Only within the US."


async def test_a_viewer_gets_what_a_viewer_can_do(desk: Desk, size: tuple[int, int]) -> None:
    await desk.visitor()
    async with running(desk.console(desk.people.viewer), size) as run:
        await run.sees("Crystal Minh")
        await begin(run)
        await run.sees("Tour 1 of 2", "esc leaves the tour")
        await run.press("enter")
        await run.sees("Tour 2 of 2", "go to Usage (5)")
        await run.press("5")
        await run.sees("That was the tour")


async def test_esc_leaves_it(desk: Desk, size: tuple[int, int]) -> None:
    await desk.visitor()
    async with running(desk.console(), size) as run:
        await run.sees("Crystal Minh")
        await begin(run)
        await run.sees("Tour 1 of 5")
        await run.press("escape")
        await run.until(lambda: not on_tour(run) and "Tour 1" not in run.text, "no tour")
        assert "Crystal Minh" in run.text


async def test_what_can_not_be_done_now_is_left_out(desk: Desk) -> None:
    await desk.visitor()
    async with running(desk.console(desk.people.admin), WIDE) as run:
        await run.sees("Crystal Minh")
        await begin(run)
        await run.press("enter")
        await at(run, "Take over")
        await run.take()
        await at(run, "Reply")
        await run.type("hello")
        await run.press("ctrl+o")  # sends and hands back at once
        # There is neither a gap nor a change to publish.
        await at(run, "Check a quota")


async def test_a_search_of_the_keys_may_begin_with_a_word_that_has_a_capital_t(desk: Desk) -> None:
    async with running(desk.console(), WIDE) as run:
        await run.press("question_mark")
        await run.sees("a two-minute tour")
        await run.type("aT")
        assert not on_tour(run)
        await run.press("escape")
        assert not on_tour(run)


def test_nobody_is_told_of_what_the_role_forbids() -> None:
    assert [one.title for one in STEPS if one.minimum <= Role.VIEWER] == ["Read a conversation", "Check a quota"]
