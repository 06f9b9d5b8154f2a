from __future__ import annotations

import pytest
from textual.app import ScreenStackError
from textual.css.query import NoMatches

from console.tui import crash
from console.tui.screens.inbox import InboxScreen
from console.tui.widgets import toast
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE, running


async def test_leaving_tells_of_replies_and_notes_not_sent(desk: Desk, size: tuple[int, int]) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("p")
        await stage.open_pane()
        await stage.writing()
        await stage.type("begun")
        await stage.press("escape")
        await stage.take()
        await stage.type("half")
        await stage.press("escape")
        now = await desk.of(talk.id)
        await desk.services().takeover.take_from(desk.people.admin, talk.id, epoch=now.epoch)
        await stage.sees("held by adam")
        await stage.until(lambda: not stage.app.drafts.unsaved and not stage.app.counts.mine, "nothing held or unsaved")
        await stage.press("q")
        await stage.sees("Leave the console?", "2 replies or notes")


async def test_what_is_sent_is_not_told(desk: Desk) -> None:
    await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("p")
        await stage.writing()
        await stage.type("a note")
        await stage.press("ctrl+s")
        await stage.until(lambda: not stage.pane.box.is_open, "sent")
        await stage.press("q")
        await stage.until(lambda: stage.app._exit, "left at once")


async def test_what_is_still_being_sent_goes_out(desk: Desk, size: tuple[int, int]) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("asks for a person")
        await stage.take()
        await stage.type("last words")
        await stage.press("ctrl+s")
        await stage.sees("sending")
        await stage.until(lambda: stage.app.counts.mine == 1, "counted")
        await stage.press("escape", "q")
        await stage.sees("Leave the console?", "still being sent goes", "out.")
        await stage.press("y")
        await stage.until(lambda: stage.app._exit, "left")
    assert ("human", "last words") in await talk.seen()
    assert await desk.services().presence.around(desk.people.other, [talk.id]) == ()


async def test_ctrl_c_twice_leaves(desk: Desk) -> None:
    talk = await desk.waiting()
    await desk.services().takeover.claim(desk.me, talk.id)
    async with running(desk.console(), WIDE) as stage:
        await stage.until(lambda: stage.app.counts.mine == 1, "counted")
        await stage.press("ctrl+c")
        await stage.sees("Leave the console?")
        await stage.press("ctrl+c")
        await stage.until(lambda: stage.app._exit, "left")


async def test_toasts_are_short_once_and_not_over_the_composer(
    desk: Desk, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert toast.SECONDS == 3.0
    for module in ("app", "widgets.toast"):
        monkeypatch.setattr(f"console.tui.{module}.SECONDS", 90.0)  # until all of them are drawn
    await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        for text in ("same", "same", "same", "second", "third", "fourth", "fifth"):
            stage.app.say(text, "error")
        await stage.sees("same", "second")
        assert stage.toasts.count("same") == 1
        assert all(note.timeout == toast.SECONDS for note in stage.app._notifications)
        composer, head = stage.pane.box.area.region, stage.app.screen.query("ToastRack").first().region
        assert not composer.overlaps(head)


@pytest.mark.parametrize(
    ("typed", "first"), [("hand", "Hand back"), ("res", "Resolve"), ("zzz", "nothing of that name")]
)
async def test_palette_offers_what_was_meant(desk: Desk, typed: str, first: str) -> None:
    await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.press("escape")
        await stage.until(lambda: "b hand back" in stage.footer, "footer")
        await stage.press("ctrl+p")
        await stage.palette()
        await stage.type(typed)

        def offered() -> list[str]:
            found = stage.app.screen.query("CommandList").first().options  # type: ignore[attr-defined]
            return [str(option.prompt).split("\n")[0] for option in found]

        await stage.until(lambda: bool(offered()) and offered()[0].startswith(first), first)
        assert all("Copy id" not in each for each in offered())
        await stage.sees(first)


async def test_what_one_holds_is_kept_while_another_console_of_theirs_is_open(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.app.services.presence.here(desk.me, None)
        async with running(desk.console(), WIDE) as other:
            await other.sees("Crystal Minh")
            await other.take()
        assert (await desk.of(talk.id)).holder is not None
        await stage.until(lambda: stage.app.counts.mine == 1, "counted")
    assert (await desk.of(talk.id)).holder is None


async def test_plain_signs(desk: Desk) -> None:
    await desk.waiting("Crystal", domain="acme.test")
    async with running(desk.console(ascii=True), NARROW) as stage:
        await stage.sees("Crystal", ">")
        await stage.take()
        await stage.sees("ctrl+s send")
        assert stage.text.isascii(), [sign for sign in stage.text if not sign.isascii()]


async def test_what_comes_after_the_widgets_have_gone_is_no_crash(desk: Desk) -> None:
    await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.sees("asks for a person")
        screen = stage.app.screen
        assert isinstance(screen, InboxScreen)
        stage.app.exit()
        await stage.rows.remove()
        screen.post_message(InboxScreen.RowsRead(screen.question, ()))
    assert stage.app.return_code == 0


async def test_only_a_widget_missed_at_the_end_is_no_crash(desk: Desk) -> None:
    app = desk.console()
    async with running(app, WIDE):
        assert not crash.at_an_end(app, NoMatches())
    assert crash.at_an_end(app, NoMatches())
    assert crash.at_an_end(app, ScreenStackError())
    assert not crash.at_an_end(app, KeyError())


async def test_a_widget_missed_while_nothing_ends_is_one(desk: Desk) -> None:
    await desk.waiting()
    app = desk.console()

    async def misses() -> None:
        async with running(app, WIDE) as stage:
            await stage.sees("asks for a person")
            app.screen.call_next(app.screen.query_one, "#nothing")
            await stage.until(lambda: app._exception is not None, "ended")

    with pytest.raises(NoMatches):
        await misses()
