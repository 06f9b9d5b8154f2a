"""What is typed is kept by threads, and a disk may be slow: what was typed last is what is kept, whoever writes it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console.db.engine import Database
from console.services.drafts import Drafts
from console.tui import drafts
from console.tui.drafts import DraftKeeper
from console.tui.kept_text import KeptText
from console.tui.modals.document import DocumentModal
from console.tui.spool import Key, Spool
from tests.tui.support.desk import Desk
from tests.tui.support.stage import WIDE, Running, running
from tests.tui.test_agents import at_agents, editing, files
from tests.world import World, make_talk, make_world


class Slow:
    """The first write waits until it is let `go`; it `began` and `ended`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str = "keep") -> None:
        self.began, self.go, self.ended = threading.Event(), threading.Event(), threading.Event()
        write = getattr(owner, name)

        def slowly(*given: Any) -> None:
            first = not self.began.is_set()
            self.began.set()
            if first:
                assert self.go.wait(60)
            write(*given)
            if first:
                self.ended.set()

        monkeypatch.setattr(owner, name, slowly)


@asynccontextmanager
async def typing(desk: Desk, folder: Path, slow: Slow) -> AsyncIterator[Running]:
    """More is typed into the editor while what was typed first is being kept."""
    async with running(desk.console(desk.people.admin, drafts=folder), WIDE) as stage:
        await at_agents(stage)
        await editing(stage)
        await stage.type("one ")
        await stage.until(slow.began.is_set, "being kept")
        await stage.type("two ")
        yield stage


def modal(stage: Running) -> DocumentModal[Any]:
    screen = stage.app.screen
    assert isinstance(screen, DocumentModal)
    return screen


async def test_a_console_that_ends_meanwhile_has_the_last_word(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch, KeptText)
    async with typing(desk, tmp_path, slow) as stage:
        assert "one two " in modal(stage).document.text
    (kept,) = files(tmp_path)
    assert kept.read_text().startswith("one two ")
    slow.go.set()
    assert slow.ended.wait(60)
    assert kept.read_text().startswith("one two "), "the slow thread writes no more"


async def test_the_next_write_waits_for_the_one_before(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch, KeptText)
    async with typing(desk, tmp_path, slow) as stage:
        await stage.until(lambda: modal(stage)._timer is None, "kept again")
        await stage.pilot.pause()
        slow.go.set()
        await stage.until(slow.ended.is_set, "written")
        await stage.until(lambda: files(tmp_path)[0].read_text().startswith("one two "), "the newest text")


@pytest.fixture
async def world(db: Database) -> World:
    return await make_world(db)


async def test_a_draft_that_is_being_kept_when_the_console_ends_is_not_written_after_it(
    db: Database, gateway_db: Database, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is out of reach, so that the file is all there is."""
    monkeypatch.setattr(drafts, "DELAY", 0.01)
    first, second = await make_talk(gateway_db, world), await make_talk(gateway_db, world)
    slow, spool = Slow(monkeypatch, Spool), Spool(tmp_path, world.member)
    away = Database("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1)
    keeper = DraftKeeper(Drafts(away), world.member, lambda _error: None, spool)
    for talk in (first, second):
        keeper.typed(talk.id, "reply", "one")
    assert await asyncio.to_thread(slow.began.wait, 60)
    keeper.typed(first.id, "reply", "one two")
    closing = asyncio.create_task(keeper.close())
    await asyncio.sleep(0)
    slow.go.set()
    await closing
    assert slow.ended.is_set()
    wanted: dict[Key, str] = {(first.id, "reply"): "one two", (second.id, "reply"): "one"}
    assert spool.kept() == wanted
    await away.close()
