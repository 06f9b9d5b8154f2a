"""The console over the real services on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.actor import Actor
from console.services import Services
from console.text import SafeText
from console.tui.app import ConsoleApp, Options, Place
from tests.tui.support.stage import NARROW, Running, running
from tests.world import Talk, World, make_talk, make_world


@dataclass
class Desk:
    """An operator at work in a fresh workspace, and the people around."""

    services: Services
    gateway_db: Database
    people: World
    size: tuple[int, int]

    async def visitor(self, name: str, said: str) -> Talk:
        talk = await make_talk(self.gateway_db, self.people, name=name)
        await talk.say(said)
        return talk

    def console(self, actor: Actor | None = None) -> ConsoleApp:
        who = actor or self.people.member
        return ConsoleApp(self.services, who, Place(SafeText("w"), SafeText("Acme Retail")), Options())


@pytest.fixture
async def desk(db: Database, gateway_db: Database, urls: ServerUrls, size: tuple[int, int]) -> AsyncIterator[Desk]:
    yield Desk(Services(db), gateway_db, await make_world(db), size)


async def take(stage: Running) -> None:
    await stage.press("t")
    await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
    await stage.writing()


async def test_a_shift(desk: Desk) -> None:
    talk = await desk.visitor("Crystal Minh", "Can I speak to someone?")
    async with running(desk.console(), desk.size) as stage:
        await stage.sees("Crystal Minh", "Can I speak to someone?", "live")
        await take(stage)
        await stage.sees("you took over", "you, since")
        await stage.type("Hi Crystal")
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "sent")
        assert ("human", "Hi Crystal") in await talk.seen()
        await talk.say("thank you")
        await stage.sees("thank you")
        await stage.type("bye")
        await stage.press("ctrl+o")
        await stage.sees("you handed back to the assistant")
        conversation = await desk.services.conversations.get(desk.people.member, talk.id)
        assert conversation.control.value == "ai"
        assert await desk.services.drafts.load(desk.people.member, talk.id) is None


async def test_two_consoles_want_the_same_conversation(desk: Desk) -> None:
    await desk.visitor("Crystal Minh", "hello")
    async with running(desk.console(), desk.size) as mia, running(desk.console(desk.people.other), NARROW) as max_:
        await mia.sees("Crystal Minh")
        await max_.sees("Crystal Minh")
        await take(mia)
        await max_.sees("held by mia")
        assert max_.app.screen.check_action("take_over", ()) is False


async def test_a_draft_outlives_the_console(desk: Desk) -> None:
    talk = await desk.visitor("Crystal Minh", "hello")
    async with running(desk.console(), desk.size) as stage:
        await stage.sees("Crystal Minh")
        await take(stage)
        await stage.type("half a")
    draft = await desk.services.drafts.load(desk.people.member, talk.id)
    assert draft is not None
    assert draft.content == "half a"
    async with running(desk.console(), desk.size) as stage:
        await stage.sees("draft")
        await take(stage)
        assert stage.pane.box.area.text == "half a"


async def test_note_resolve_and_tabs(desk: Desk) -> None:
    talk = await desk.visitor("Crystal Minh", "hello")
    async with running(desk.console(), desk.size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("p")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        await stage.type("vip")
        await stage.press("ctrl+s")
        await stage.sees("note  you", "vip")
        assert "vip" not in [content for _, content in await talk.seen()]
        await stage.press("e")
        await stage.sees("resolved", "you resolved it")


async def test_new_conversations_arrive(desk: Desk) -> None:
    async with running(desk.console(), desk.size) as stage:
        await stage.sees("No conversations yet.", "live")
        await desk.visitor("Newcomer", "is anybody there?")
        await stage.sees("Newcomer", "is anybody there?")
