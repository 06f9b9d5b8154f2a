"""Snooze, assign, label and priority of one conversation, by key and by picker."""

from __future__ import annotations

from datetime import timedelta

from console.clock import utc_now
from console.domain.conversation import Priority, Status
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE, running

Size = tuple[int, int]


async def test_snooze_by_two_keys_or_by_the_list(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("z")
        await stage.sees("Snooze Crystal Minh", "t  tomorrow", "r  next reply", "1  one hour", "w  next Monday")
        await stage.press("escape")
        await stage.until(lambda: "next Monday" not in stage.text, "closed")
        began = utc_now().astimezone()
        await stage.press("z", "t")
        await stage.sees("snoozed until")
        now = await desk.of(talk.id)
        assert now.status is Status.SNOOZED
        assert now.snoozed_until is not None
        local = now.snoozed_until.astimezone()
        assert (local.hour, local.minute) == (9, 0)
        days = [(day + timedelta(days=1)).date() for day in (began, utc_now().astimezone())]  # two around midnight
        assert local.date() in days
        await stage.knows(now)
        await stage.press("z")
        await stage.sees("Snooze Crystal Minh", "1  one hour")
        await stage.press("down", "down", "enter")

        async def an_hour() -> bool:
            until = (await desk.of(talk.id)).snoozed_until
            return until is not None and timedelta(minutes=59) < until - utc_now() <= timedelta(hours=1)

        await stage.until_true(an_hour, "snoozed for an hour")
        until = (await desk.of(talk.id)).snoozed_until
        assert until is not None
        await stage.sees("snoozed", f"{until.astimezone():%H:%M} ")


async def test_next_monday_is_one_to_seven_days_away(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.sees("Crystal Minh")
        began = utc_now().astimezone()
        await stage.press("z", "w")
        await stage.sees("snoozed until")
    until = (await desk.of(talk.id)).snoozed_until
    assert until is not None
    days = [(until.astimezone().date() - day.date()).days for day in (began, utc_now().astimezone())]
    assert until.astimezone().weekday() == 0
    assert any(1 <= each <= 7 for each in days)  # the day it was asked for, should that be over


async def test_assign_to_another_to_me_and_to_nobody(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("a")
        await stage.sees("Assign Crystal Minh to", "mia", "adam", "max", "nobody")
        lines = [line for line in stage.text.splitlines() if any(name in line for name in ("mia  ", "nobody  "))]
        assert "mia" in lines[-2]
        assert "nobody" in lines[-1]
        assert "vera" not in stage.text
        await stage.type("max")
        await stage.until(lambda: "nobody" not in stage.text, "filtered")
        await stage.press("enter")
        await stage.sees("for max")
        assert (await desk.of(talk.id)).assignee_id == desk.people.other.user_id
        await stage.knows(await desk.of(talk.id))
        await stage.press("a")
        await stage.sees("nobody")
        await stage.press("up", "enter")
        await stage.until(lambda: "it waits for anybody" in stage.toasts, "told")
        await stage.until(lambda: "for max" not in stage.text, "for nobody")
        await stage.knows(await desk.of(talk.id))
        await stage.press("a")
        await stage.sees("nobody")
        await stage.press("enter")
        await stage.open_pane()
        await stage.writing()
        holder = (await desk.of(talk.id)).holder
        assert holder is not None
        assert holder.user_id == desk.me.user_id


async def test_labels_are_checked_made_and_taken_off(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    labels = desk.services().labels
    await labels.create(desk.me, "refund")
    await labels.create(desk.me, "vip")
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("l")
        await stage.sees("Labels of Crystal Minh", "[ ] refund", "[ ] vip")
        await stage.press("tab")
        await stage.sees("[x] refund")
        await stage.type("late parcel")
        await stage.sees("new label")
        await stage.press("tab")
        await stage.sees("[x] late parcel")
        await stage.press("enter")
        await stage.sees("#late parcel", "#refund")
        assert set((await desk.of(talk.id)).labels) == {"refund", "late parcel"}
        await stage.until(lambda: len(stage.app.screen.subject.labels) == 2, "known here")  # type: ignore[attr-defined]
        await stage.press("l")
        await stage.sees("[x] refund", "[ ] vip")
        await stage.type("refund")
        await stage.until(lambda: "vip" not in stage.text, "filtered")
        await stage.press("enter")
        await stage.until(lambda: "#refund" not in stage.text, "off")
        assert set((await desk.of(talk.id)).labels) == {"late parcel"}


async def test_a_label_alone_is_one_enter(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), NARROW) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("l")
        await stage.sees("no labels yet")
        await stage.enter("vip")
        await stage.sees("#vip")
    assert (await desk.of(talk.id)).labels == ("vip",)


async def test_priority_by_letter_and_seen_in_row_and_head(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("!")
        await stage.sees("Priority of Crystal Minh", "u  urgent", "l  low")
        await stage.press("u")
        await stage.until(lambda: "Priority of" not in stage.text, "chosen")
        await stage.sees("urgent")
        assert (await desk.of(talk.id)).priority is Priority.URGENT
        await stage.open()
        await stage.until(lambda: "urgent" in stage.text.splitlines()[2 if size == NARROW else 4], "in the head")
        await stage.press("!", "l")
        await stage.sees("low", "you set the priority: low")


async def test_a_viewer_can_do_none_of_it(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(desk.people.viewer), WIDE) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("e", "z", "a", "l", "!")
        await stage.pilot.pause()
        assert len(stage.app.screen_stack) == 1
    assert (await desk.of(talk.id)).status is Status.OPEN
