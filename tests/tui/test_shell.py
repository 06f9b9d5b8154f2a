from __future__ import annotations

from unittest.mock import patch

import pytest

from console.domain.conversation import HandoffReason
from console.domain.live import Link, LinkChanged
from console.tui.themes import DARK, LIGHT
from tests.tui.support.fake import World
from tests.tui.support.stage import BROAD, NARROW, WIDE, console


async def test_header_says_where_i_am_and_what_is_live(world: World, size: tuple[int, int]) -> None:
    world.conversation(waiting=HandoffReason.CUSTOMER_REQUEST)
    async with console(world, size) as stage:
        await stage.sees("Acme Retail", "1 Inbox 1!", "live")
        world.store.emit(LinkChanged(Link.POLLING))
        await stage.sees("polling 0s")
        world.store.emit(LinkChanged(Link.OFFLINE))
        await stage.sees("offline 0s", "R tries again")
        world.store.emit(LinkChanged(Link.LIVE))
        await stage.until(lambda: "offline" not in stage.text, "live again")


@pytest.mark.parametrize("size_", [NARROW, WIDE, BROAD])
async def test_footer_has_five_to_eight_keys_on_one_line(world: World, size_: tuple[int, int]) -> None:
    world.conversation(waiting=HandoffReason.CUSTOMER_REQUEST)
    async with console(world, size_) as stage:
        await stage.sees("t take over", "? help")
        assert 5 <= len(stage.footer.strip().split("  ")) <= 8


async def test_help_is_searchable(world: World, size: tuple[int, int]) -> None:
    async with console(world, size) as stage:
        await stage.press("?")
        await stage.sees("Everywhere", "type to search")
        await stage.type("hand back")
        await stage.sees("let the assistant answer again")
        assert "Everywhere" not in stage.text
        await stage.press("escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1, "closed")


@pytest.mark.parametrize("key", ["ctrl+p", ":"])
async def test_palette_runs_a_command(world: World, size: tuple[int, int], key: str) -> None:
    async with console(world, size) as stage:
        await stage.press(key)
        await stage.until(lambda: stage.app.screen.query("CommandInput").first().has_focus, "palette")
        await stage.type("dark or light")
        await stage.sees("the other theme")
        await stage.press("down", "enter")
        await stage.until(lambda: stage.app.theme == LIGHT.name, "light")


async def test_palette_hides_what_cannot_be_done(viewer_world: World) -> None:
    viewer_world.conversation(waiting=HandoffReason.CUSTOMER_REQUEST)
    async with console(viewer_world) as stage:
        await stage.press("ctrl+p")
        await stage.until(lambda: stage.app.screen.query("CommandInput").first().has_focus, "palette")
        await stage.sees("Copy id")
        assert "claim it and reply" not in stage.text


async def test_a_viewer_reads_only(viewer_world: World, size: tuple[int, int]) -> None:
    id = viewer_world.conversation(waiting=HandoffReason.CUSTOMER_REQUEST)
    async with console(viewer_world, size) as stage:
        await stage.press("t", "e", "p", "b")
        await stage.pilot.pause()
        assert not [call for call in viewer_world.store.calls if call.startswith(("takeover", "messages"))]
        await stage.press("enter")
        await stage.sees("Can I speak to someone")
        assert viewer_world.of(id).holder is None


@pytest.mark.parametrize("small", [(59, 30), (100, 17), (40, 10)])
async def test_too_small_says_how_small_is_enough(world: World, small: tuple[int, int]) -> None:
    world.conversation()
    async with console(world, small) as stage:
        await stage.sees("too small", "60 columns and 18 lines")
        await stage.pilot.resize_terminal(80, 24)
        await stage.sees("Crystal Minh")
        assert "too small" not in stage.text


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_themes(world: World, theme: str) -> None:
    async with console(world, theme=theme) as stage:
        wanted = {"dark": DARK, "light": LIGHT}[theme]
        assert stage.app.theme == wanted.name
        assert stage.app.screen.styles.background.hex.lower() == wanted.background


async def test_q_leaves(world: World) -> None:
    async with console(world) as stage:
        await stage.press("q")
        await stage.until(lambda: stage.app._exit, "left")


async def test_q_asks_when_something_is_held(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=HandoffReason.CUSTOMER_REQUEST)
    await world.services.takeover.claim(world.actor, id)
    async with console(world, size) as stage:
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


async def test_an_unknown_error_is_an_incident_and_the_console_goes_on(world: World) -> None:
    id = world.conversation()
    async with console(world) as stage:
        await stage.opened(id)
        world.store.broken["conversations.get"] = RuntimeError("secret words")
        await stage.press("R")
        await stage.until(lambda: "incident" in stage.toasts, "told")
        assert "secret words" not in stage.toasts + stage.text
        world.store.broken.clear()
        world.visitor_says(id, "still here")
        await stage.sees("still here")


async def test_a_failing_link_is_tried_again(world: World) -> None:
    world.conversation()
    with patch("console.tui.app.RECONNECT", 0):
        async with console(world) as stage:
            world.store.broken["inbox.counts"] = RuntimeError("boom")
            await stage.press("R")
            await stage.until(lambda: "incident" in stage.toasts, "told")
            world.store.broken.clear()
            await stage.press("R")
            await stage.sees("1 Inbox")


async def test_copy(world: World) -> None:
    id = world.conversation()
    async with console(world) as stage:
        await stage.opened(id)
        await stage.press("c")
        await stage.until(lambda: str(id) == stage.app.clipboard, "copied")


async def test_nothing_is_read_under_a_modal(world: World) -> None:
    id = world.conversation()
    async with console(world) as stage:
        await stage.opened(id)
        await stage.press("?")
        await stage.sees("type to search")
        before = world.store.calls.count("inbox.rows")
        world.visitor_says(id, "while reading help")
        for _ in range(5):
            await stage.pilot.pause(0.03)
        assert world.store.calls.count("inbox.rows") == before
        await stage.press("escape")
        await stage.sees("while reading help")
