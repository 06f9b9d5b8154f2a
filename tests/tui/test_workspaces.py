"""All my workspaces in one list, and the way from one to another: nothing of the old one stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from console.domain.actor import Role
from console.domain.glance import Glance
from console.errors import NotMemberError
from console.ids import new_id
from console.services import Services
from console.services.my_workspaces import MyWorkspaces
from console.services.visitors import Visitors
from console.text import one_line
from console.tui.app import ConsoleApp, Options, Place
from console.tui.screens.inbox import InboxScreen
from console.tui.widgets.virtual_list import VirtualList
from tests.services.test_my_workspaces import House, make_house
from tests.tui.support.around import Around
from tests.tui.support.stage import BROAD, NARROW, WIDE, Running, running
from tests.world import Talk

MARKUP = "[@click=app.leave]x[/] [/ [$x] x[/b"
Reply = Callable[[], Awaitable[Any]]


@dataclass
class Site:
    """Olivia's workspaces, and visitors in them."""

    db: Database
    gateway_db: Database
    urls: ServerUrls
    house: House

    def services(self, **around: object) -> Services:
        """The real services; those named are put in the place of the service of that name."""
        services = Services(self.db, self.urls.app)
        services.__dict__.update(around)
        return services

    def console(self, services: Services | None = None, at: int = 0, **options: Any) -> ConsoleApp:
        """Olivia's console in one of them."""
        mine = self.house.mine[at]
        place = Place(mine.slug, one_line(mine.name))
        return ConsoleApp(services or self.services(), self.house.actor(at), place, Options(**options))

    async def waiting(self, at: int, name: str, said: str = "Where is my refund?") -> Talk:
        """A visitor who waits for a person in one of them."""
        me, visitors = self.house.actor(at), Visitors(self.gateway_db)
        (agent,) = await self.house.services.agents.list(me)
        started = await visitors.start(agent.public_key, {"name": name})
        talk = Talk(visitors, started.conversation_id, started.visitor_token)
        await talk.say(said)
        async with self.db.write(me.workspace_id) as tx:
            await tx.execute(
                "UPDATE conversations SET control = 'human', waiting_since = now(), epoch = epoch + 1,"
                " handoff_reason = 'customer_request' WHERE workspace_id = :ws AND id = :id",
                id=talk.id,
            )
        return talk


@pytest.fixture
async def site(
    db: Database, gateway_db: Database, urls: ServerUrls, unhurried: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    # The default of an argument: bound when the class was made.
    monkeypatch.setitem(MyWorkspaces.glance.__kwdefaults__ or {}, "seconds", 60.0)
    async with Notifier(db, urls.app), Notifier(gateway_db, urls.gateway):
        yield Site(db, gateway_db, urls, await make_house(db))


def glances(stage: Running) -> VirtualList[Glance]:
    return cast("VirtualList[Glance]", stage.app.screen.query_one("#list", VirtualList))


async def at_workspaces(stage: Running) -> None:
    await stage.press("6")
    await stage.until(lambda: bool(stage.app.screen.query("#detail")), "the list")
    await stage.until(lambda: len(glances(stage).rows) >= 2, "the rows")


async def switched(stage: Running, name: str) -> None:
    await stage.until(
        lambda: (
            stage.app.workspace.name == name
            and isinstance(stage.app.screen, InboxScreen)
            and not stage.app.switching.moving  # no key works until then
        ),
        f"in {name}",
    )


async def go_to(stage: Running, name: str) -> None:
    await at_workspaces(stage)
    await stage.press("end", "enter")
    await switched(stage, name)


async def test_each_row_says_what_it_needs(site: Site, size: tuple[int, int]) -> None:
    await site.waiting(1, "Crystal Minh")
    async with site.db.write(site.house.mine[1].workspace_id) as tx:
        await tx.execute(
            "INSERT INTO sources (workspace_id, id, kind, name, uri, status)"
            " VALUES (:ws, :id, 'file', 'Broken', 'x', 'failed')",
            id=new_id(),
        )
    async with running(site.console(), size) as stage:
        await at_workspaces(stage)
        await stage.sees("House 0", "you are here", "nothing waits", "House 1", "1! waiting", "1 source failing")
        await stage.sees("owner", "help v1 published", "enter switch to it")


async def test_the_details_are_settings_and_members(site: Site, size: tuple[int, int]) -> None:
    me = site.house.actor(1)
    await site.house.services.members.add(me, f"mia-{new_id().hex[-8:]}@a.test", "Mia", Role.MEMBER, "correct horse")
    async with running(site.console(), size) as stage:
        await at_workspaces(stage)
        await stage.press("end", "d")
        await stage.sees("plan", "time zone", "UTC", "answers are extracts", "billing", "keys", "2 members", "Mia")
        await stage.until(lambda: "esc back" in stage.footer and "d details" not in stage.footer, "the way back")
        await stage.press("escape", "home", "d")
        await stage.sees("1 member", " here ")


async def test_enter_switches_and_nothing_of_the_old_workspace_stays(site: Site, size: tuple[int, int]) -> None:
    await site.waiting(0, "Old Visitor")
    await site.waiting(1, "New Visitor")
    async with running(site.console(), size) as stage:
        await stage.sees("Old Visitor", "House 0")
        app, before = stage.app, stage.app.screen
        old = (app.drafts, app.undo, app.outbox, app.whereabouts, app.tint)
        app.say("something about Old Visitor")
        await go_to(stage, "House 1")
        await stage.sees("New Visitor", "House 1")
        assert "Old Visitor" not in stage.text + stage.toasts_left
        assert app.actor.workspace_id == site.house.mine[1].workspace_id
        now = (app.drafts, app.undo, app.outbox, app.whereabouts, app.tint)
        assert all(one is not other for one, other in zip(old[:4], now[:4], strict=True))
        assert now[4] != old[4]
        assert not before.is_attached
        assert app.screen.has_class(f"-tint-{app.tint}")
        for area in "23456":
            await stage.press(area)
            await stage.pilot.pause()
            assert "Old Visitor" not in stage.text
        # the live link is the new workspace's
        await stage.press("1")
        await stage.sees("live")
        await site.waiting(1, "Newest")
        await stage.sees("2!")
        await site.waiting(0, "Older")
        await stage.press("R")
        await stage.sees("Newest")
        assert "Older" not in stage.text
    async with site.db.write(None) as tx:
        row = await tx.row("SELECT * FROM auth_session(:hash)", hash=site.house.olivia.session_hash)
    assert row is not None
    assert row.active_workspace_id == site.house.mine[1].workspace_id


@pytest.mark.parametrize("fails", [False, True], ids=["answers", "fails"])
async def test_a_reply_of_the_old_workspace_that_comes_late_is_dropped(site: Site, fails: bool) -> None:
    await site.waiting(0, "Old Visitor")
    await site.waiting(1, "New Visitor")
    old, gate, late = site.house.mine[0].workspace_id, asyncio.Event(), asyncio.Event()
    holding, stuck = False, set[str]()

    def stubborn(service: object, method: str) -> Around:
        """Answers about the old workspace wait for the gate, and no cancellation stops them."""

        async def around(reply: Reply) -> Any:
            about_old = stage.app.actor.workspace_id == old
            found = await reply()
            if about_old and holding:
                stuck.add(method)
                while not gate.is_set():
                    with suppress(asyncio.CancelledError):
                        await gate.wait()
                late.set()
                if fails:
                    raise NotMemberError
            return found

        return Around(service, method, around)

    services = site.services()
    services.__dict__["inbox"] = stubborn(stubborn(services.inbox, "counts"), "page")
    services.__dict__["conversations"] = stubborn(services.conversations, "transcript")
    async with running(site.console(services), WIDE) as stage:
        await stage.sees("Old Visitor")
        await at_workspaces(stage)
        holding = True
        await stage.press("1", "R")
        await stage.pilot.pause()
        stage.app.changed_here()
        await stage.until(lambda: stuck == {"page", "counts", "transcript"}, "all under way")
        await stage.press("6", "end", "enter")
        await switched(stage, "House 1")
        await stage.sees("New Visitor")
        await stage.until(lambda: stage.app.counts.waiting == 1, "counted")
        counts = stage.app.counts
        gate.set()
        await stage.until(late.is_set, "the late reply")
        await stage.pilot.pause(0.2)
        assert "Old Visitor" not in stage.text
        assert stage.app.actor.workspace_id == site.house.mine[1].workspace_id
        assert (stage.app.counts.waiting, counts.waiting) in {(1, 0), (1, 1)}
        assert stage.app.over is None
        assert stage.app.is_running


async def test_what_is_held_or_unsent_is_asked_about_and_kept(site: Site, tmp_path: Path) -> None:
    talk = await site.waiting(0, "Old Visitor")
    async with running(site.console(drafts=tmp_path), WIDE) as stage:
        await stage.sees("Old Visitor")
        await stage.take()
        await stage.type("half a reply")
        await stage.press("escape")
        await stage.until(lambda: stage.app.counts.held == 1, "held")
        await at_workspaces(stage)
        await stage.press("end", "enter")
        await stage.sees("Switch to House 1?", "kept as a", "the queue gets it back with", "your last console.")
        await stage.press("n")
        await stage.until(lambda: len(stage.app.screen_stack) == 1, "stayed")
        assert stage.app.workspace.name == "House 0"
        await stage.press("enter")
        await stage.sees("Switch to House 1?")
        await stage.press("y")
        await switched(stage, "House 1")
        assert "half a reply" not in stage.text
    me = site.house.actor(0)
    draft = await site.house.services.drafts.load(me, talk.id)
    assert draft is not None
    assert draft.content == "half a reply"
    assert (await site.house.services.conversations.get(me, talk.id)).holder is None


async def test_a_workspace_in_trouble_holds_up_no_other(site: Site, size: tuple[int, int]) -> None:
    gone = site.house.mine[1]

    first = await site.house.services.my_workspaces.list(site.house.olivia)

    async def around(_: Reply) -> Any:
        async with site.db.write(gone.workspace_id) as tx:
            await tx.execute("UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND left_at IS NULL")
        return first

    services = site.services()
    services.__dict__["my_workspaces"] = Around(services.my_workspaces, "list", around)
    async with running(site.console(services), size) as stage:
        await stage.press("6")
        await stage.sees("House 0", "nothing waits", "not read: you")
        await stage.press("end", "d")
        await stage.sees("you are no member of this workspace")
        assert stage.app.is_running
        await stage.press("escape", "enter")
        await stage.until(lambda: "you have no workspace" in stage.toasts, "told")
        assert stage.app.workspace.name == "House 0"


async def test_the_one_i_am_in_is_not_switched_to(site: Site) -> None:
    async with running(site.console(), NARROW) as stage:
        await at_workspaces(stage)
        await stage.press("enter")
        await stage.until(lambda: "you are in House 0 already" in stage.toasts, "told")


async def test_there_and_back_again(site: Site) -> None:
    await site.waiting(0, "Old Visitor")
    async with running(site.console(), WIDE) as stage:
        await stage.sees("Old Visitor")
        tint = stage.app.tint
        await go_to(stage, "House 1")
        await stage.sees("No conversations yet")
        await at_workspaces(stage)
        await stage.press("home", "enter")
        await switched(stage, "House 0")
        await stage.sees("Old Visitor")
        assert stage.app.tint in {tint, (tint + 1) % 8}


async def test_hostile_names_are_shown_as_they_are(site: Site, size: tuple[int, int]) -> None:
    async with site.db.write(site.house.mine[1].workspace_id) as tx:
        await tx.execute("UPDATE workspaces SET name = :name WHERE id = :ws", name=f"{MARKUP}\x1b]0;x\x07")
        await tx.execute("UPDATE workspace_users SET name = :name WHERE workspace_id = :ws", name=MARKUP)
        await tx.execute("UPDATE workspaces SET plan = :name WHERE id = :ws", name=MARKUP)
    async with running(site.console(), size) as stage:
        await at_workspaces(stage)
        await stage.sees("[@click=app.leave]x[/]")
        await stage.press("end", "d")
        await stage.sees("plan          [@click=app.leave]x[/]")
        await stage.press("enter")
        await stage.until(lambda: stage.app.workspace.name.startswith("[@click"), "switched")
        await stage.until(lambda: isinstance(stage.app.screen, InboxScreen), "inbox")
        await stage.sees("[@click=app.leave]x[/]")
        assert "\x1b" not in stage.text
        assert not stage.app._exit


@pytest.mark.parametrize("size_", [(60, 18), NARROW, WIDE, BROAD])
async def test_every_line_fits(site: Site, size_: tuple[int, int]) -> None:
    async with site.db.write(site.house.mine[1].workspace_id) as tx:
        await tx.execute("UPDATE workspaces SET name = :name WHERE id = :ws", name="A long name of a workspace " * 7)
    async with running(site.console(), size_) as stage:
        await at_workspaces(stage)
        await stage.sees("A long name")
        await stage.press("end", "d")
        await stage.sees("plan")
        assert max(len(line) for line in stage.text.splitlines()) <= size_[0]
