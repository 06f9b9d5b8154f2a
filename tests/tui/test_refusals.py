"""A key that somebody is in the way of says who or which role, and what to do: it never just does nothing."""

from __future__ import annotations

import pytest

from console.domain.actor import Role
from console.tui.commands import COMMANDS, Scope
from console.tui.present.notices import role_refusal
from tests.tui.support.desk import Desk
from tests.tui.support.stage import Running, running

Size = tuple[int, int]
FOR_MEMBERS = [each for each in COMMANDS if each.scope is Scope.CONVERSATION and each.minimum is Role.MEMBER]


async def said(stage: Running, words: str) -> None:
    await stage.until(lambda: words in stage.toasts_left, f"told: {words}")


def test_the_line_says_what_why_and_what_next() -> None:
    line = role_refusal("Take over", Role.MEMBER, Role.VIEWER)
    assert line == "Take over needs the role member, and you are viewer here: ask an owner or admin for it"


@pytest.mark.parametrize("opened", [False, True])
async def test_a_viewer_is_told_why_each_key_does_nothing(desk: Desk, size: Size, opened: bool) -> None:
    await desk.waiting()
    async with running(desk.console(desk.people.viewer), size) as stage:
        await stage.sees("Crystal Minh")
        if opened:
            await stage.open()
        for command in FOR_MEMBERS:
            await stage.press(command.keys)
            await said(stage, f"{command.title} needs the role member, and you are viewer here")
        assert "ask an owner or admin for it" in stage.toasts_left


async def test_marks_change_nothing_about_it(desk: Desk, size: Size) -> None:
    await desk.waiting()
    async with running(desk.console(desk.people.viewer), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("A", "e")
        await said(stage, "Resolve needs the role member")


@pytest.mark.parametrize(("area", "key", "title"), [("3", "plus", "Add a source"), ("4", "P", "Publish")])
async def test_a_member_is_told_what_is_for_admins(desk: Desk, size: Size, area: str, key: str, title: str) -> None:
    async with running(desk.console(), size) as stage:
        await stage.sees("live")
        await stage.press(area)
        await stage.quiet()
        await stage.press(key)
        await said(stage, f"{title} needs the role admin, and you are member here")


async def test_who_has_it_is_told(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    await desk.services().takeover.claim(desk.people.other, talk.id)
    holder = desk.people.other.name
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        for key in ("t", "e", "z", "a", "b"):
            stage.app.clear_notifications()
            stage.app._said.clear()
            await stage.press(key)
            await said(stage, f"{holder} has it: ask them, or an admin, who can take it over")
    async with running(desk.console(desk.people.admin), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("e")
        await said(stage, f"{holder} has it: t takes it over from them")


@pytest.mark.parametrize("small", [(59, 30), (100, 17)])
async def test_nothing_is_said_of_what_is_not_in_sight(desk: Desk, small: Size) -> None:
    await desk.waiting()
    async with running(desk.console(desk.people.viewer), small) as stage:
        await stage.sees("too small")
        await stage.press("t", "e")
        assert stage.toasts == ""


async def test_letters_of_a_filter_are_no_keys(desk: Desk, size: Size) -> None:
    await desk.waiting()
    async with running(desk.console(desk.people.viewer), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("slash")
        await stage.type("table")
        assert stage.toasts == ""
