"""Resolve, snooze and hand-back are taken back by `u`, the newest first, from wherever the cursor is."""

from __future__ import annotations

from console.domain.conversation import Control, Status
from tests.tui.support.desk import Desk
from tests.tui.support.stage import WIDE, running

Size = tuple[int, int]


async def test_the_newest_is_undone_first(desk: Desk, size: Size) -> None:
    first, second = await desk.waiting("First"), await desk.waiting("Second")
    async with running(desk.console(tick=0.1), size) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 2, "inbox read")
        await stage.press("e")
        await stage.sees("resolved  u undo")
        await stage.press("j", "z", "r")
        await stage.sees("snoozed until a reply  u undo")
        assert (await desk.of(second.id)).status is Status.SNOOZED
        await stage.press("u")
        await stage.sees("resolved  u undo")
        assert (await desk.of(second.id)).status is Status.OPEN
        assert (await desk.of(first.id)).status is Status.RESOLVED
        await stage.press("u")
        await stage.until(lambda: "u undo" not in stage.footer, "nothing left")
        assert (await desk.of(first.id)).status is Status.OPEN


async def test_hand_back_is_undone(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(tick=0.1), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.press("escape", "b")
        await stage.sees("handed back  u undo")
        await stage.press("u")
        await stage.until(lambda: "undone: handed back" in stage.toasts, "told")
        await stage.sees("you took that back (handed back)")
        now = await desk.of(talk.id)
        assert now.control is Control.HUMAN
        assert now.holder is not None
        assert now.holder.user_id == desk.me.user_id


async def test_what_changed_meanwhile_is_not_undone(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(tick=0.1), WIDE) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("e")
        await stage.sees("resolved  u undo")
        await desk.services().takeover.claim(desk.people.other, talk.id)
        await stage.press("u")
        await stage.until(lambda: "can't be undone any more" in stage.toasts, "told")
        holder = (await desk.of(talk.id)).holder
        assert holder is not None
        assert holder.user_id == desk.people.other.user_id
        await stage.press("u")
        await stage.pilot.pause()
        assert stage.toasts.count("can't be undone") == 1
