from __future__ import annotations

import pytest

from console.db.engine import Database
from console.domain.live import Link
from console.services import Services
from console.tui.events import CountsChanged
from console.tui.themes import DARK, LIGHT
from tests.proxy import Proxy
from tests.tui.support.around import Around
from tests.tui.support.desk import Desk
from tests.tui.support.stage import BROAD, NARROW, WIDE, running


async def test_header_says_where_i_am_and_what_is_live(desk: Desk, size: tuple[int, int]) -> None:
    await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Acme Retail", "1 Inbox 1!", "live")


@pytest.mark.parametrize("size_", [NARROW, WIDE, BROAD])
async def test_footer_has_five_to_eight_keys_on_one_line(desk: Desk, size_: tuple[int, int]) -> None:
    await desk.waiting()
    async with running(desk.console(), size_) as stage:
        await stage.sees("t take over", "? help")
        assert 5 <= len(stage.footer.strip().split("  ")) <= 8


async def test_help_is_searchable(desk: Desk, size: tuple[int, int]) -> None:
    async with running(desk.console(), size) as stage:
        await stage.press("?")
        await stage.sees("Everywhere", "type to search")
        await stage.type("hand back")
        await stage.sees("let the assistant answer again")
        assert "Everywhere" not in stage.text
        await stage.press("escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1, "closed")


@pytest.mark.parametrize("key", ["ctrl+p", ":"])
async def test_palette_runs_a_command(desk: Desk, key: str) -> None:
    async with running(desk.console(), NARROW) as stage:
        await stage.press(key)
        await stage.palette()
        await stage.type("dark or light")
        await stage.sees("the other theme")
        await stage.press("down", "enter")
        await stage.until(lambda: stage.app.theme == LIGHT.name, "light")


async def test_a_viewer_reads_only(desk: Desk, size: tuple[int, int]) -> None:
    talk = await desk.waiting()
    async with running(desk.console(desk.people.viewer), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("t", "e", "p", "b")
        await stage.open()
        await stage.sees("Where is my refund?")
        await stage.press("ctrl+p")
        await stage.palette()
        await stage.sees("Copy id")
        assert "claim it and reply" not in stage.text
    now = await desk.of(talk.id)
    assert (now.holder, now.status.value) == (None, "open")


@pytest.mark.parametrize("small", [(59, 30), (100, 17), (40, 10)])
async def test_too_small_says_how_small_is_enough(desk: Desk, small: tuple[int, int]) -> None:
    await desk.visitor()
    async with running(desk.console(), small) as stage:
        await stage.sees("too small", "60 columns and 18 lines")
        await stage.pilot.resize_terminal(80, 24)
        await stage.sees("Crystal Minh")
        assert "too small" not in stage.text


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_themes(desk: Desk, theme: str) -> None:
    async with running(desk.console(theme=theme)) as stage:
        wanted = {"dark": DARK, "light": LIGHT}[theme]
        assert stage.app.theme == wanted.name
        assert stage.app.screen.styles.background.hex.lower() == wanted.background


async def test_q_asks_when_something_is_held(desk: Desk, size: tuple[int, int]) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.press("q")
        await stage.until(lambda: stage.app._exit, "left at once")
    await desk.services().takeover.claim(desk.me, talk.id)
    async with running(desk.console(), size) as stage:
        await stage.until(lambda: stage.app.counts.mine == 1, "counted")
        await stage.press("q")
        await stage.sees("Leave the console?", "You hold a conversation")
        await stage.press("escape")
        await stage.until(lambda: "Leave the console?" not in stage.text, "stays")
        assert not stage.app._exit
        await stage.press("q")
        await stage.sees("Leave the console?")
        await stage.press("y")
        await stage.until(lambda: stage.app._exit, "left")


async def test_an_unknown_error_is_an_incident_and_the_console_goes_on(desk: Desk) -> None:
    talk = await desk.visitor()
    broken = [RuntimeError("secret words")]

    async def fail_once(call: object) -> object:
        if broken:
            raise broken.pop()
        return await call()  # type: ignore[operator]

    services = desk.services(conversations=Around(desk.services().conversations, "get", fail_once))
    async with running(desk.console(services=services)) as stage:
        await stage.until(lambda: "incident" in stage.toasts, "told")
        assert "secret words" not in stage.toasts + stage.text
        await talk.say("still here")
        await stage.sees("still here", "Where is my refund?")


async def test_offline_and_back(desk: Desk, wire: Proxy, size: tuple[int, int]) -> None:
    talk = await desk.waiting()
    services = Services(Database(wire.url))
    async with running(desk.console(services=services), size) as stage:
        await stage.sees("Crystal Minh", "live")
        await stage.take()
        wire.cut()
        await stage.type("words")
        await stage.sees("offline", "sending waits")
        await stage.press("ctrl+s")
        await stage.sees("not sent, no connection", "words")
        assert stage.app.drafts.unsaved
        wire.mend()
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "sent")
        await stage.until(lambda: stage.app.link is Link.LIVE and not stage.app.trouble, "live again")
        await desk.goes_out()
        assert (await desk.said(talk.id)).count("words") == 1
    await services.db.close()


async def test_copy(desk: Desk) -> None:
    talk = await desk.visitor()
    async with running(desk.console()) as stage:
        await stage.opened(talk.id)
        await stage.press("c")
        await stage.until(lambda: str(talk.id) == stage.app.clipboard, "copied")


async def test_nothing_is_read_under_a_modal(desk: Desk, unpolled: None) -> None:
    talk = await desk.visitor()
    inbox = Around(desk.services().inbox, "rows", lambda call: call())
    async with running(desk.console(services=desk.services(inbox=inbox))) as stage:
        await stage.sees("live")
        await stage.opened(talk.id)
        await stage.quiet()
        await stage.press("?")
        await stage.sees("type to search")
        before, heard = inbox.calls, len(stage.messages)
        await talk.say("while reading help")
        await stage.until(lambda: any(isinstance(each, CountsChanged) for each in stage.messages[heard:]), "heard")
        assert inbox.calls == before
        await stage.press("escape")
        await stage.sees("while reading help")


async def test_the_lease_is_renewed_while_holding(desk: Desk, unbeaten: None) -> None:
    talk = await desk.waiting()
    takeover = Around(desk.services().takeover, "renew", lambda call: call())
    async with running(desk.console(services=desk.services(takeover=takeover))) as stage:
        await stage.sees("Crystal Minh")
        stage.app._heartbeat()
        assert takeover.calls == 0
        await stage.take()
        await stage.until(lambda: stage.app.counts.mine == 1, "counted")
        claimed = (await desk.of(talk.id)).holder
        assert claimed is not None
        stage.app._heartbeat()

        async def renewed() -> bool:
            holder = (await desk.of(talk.id)).holder
            return holder is not None and holder.lease_expires_at > claimed.lease_expires_at

        await stage.until_true(renewed, "renewed")
        assert takeover.calls == 1
