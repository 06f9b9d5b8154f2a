"""The demo's past, as a process of its own at low priority: thirty days of visitors, told once, begun again where a
kill left off."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from console import bootstrap
from console.clock import utc_now
from console.config import load_config
from console.db.engine import Database
from console.demo.content import WORKSPACES, DemoWorkspace
from console.demo.kit import lay_out
from console.demo.load import FOUNDED, PASSWORD
from console.demo.milestones import limit, reached
from console.demo.stories import DAYS, Story, stories
from console.demo.told import House, Teller
from console.domain.actor import Actor, Role
from console.ids import ConversationId
from console.processes import embedded
from console.services import Services

SEED = 7
NICENESS = 15
SETTLED = timedelta(hours=3)
"""How long a story may last: none reaches into the future."""
AT_ONCE = 2
"""How many visitors of a workspace are told of at the same time: most of it is waiting for the disk."""

Said = Callable[[str], None]


async def tell_past(services: Services, gateway_db: Database, say: Said, *, days: int = DAYS) -> int:
    """Tell what is not told yet of the last `days` days of both workspaces; returns how many visitors that were.

    Every visitor has an id of their own, so that nobody comes twice. `say` hears of the days that had any to tell of.
    """
    houses = [await _house(services, space) for space in WORKSPACES]
    for house, begins in houses:
        await lay_out(services, house.slug, house.admin, begins)
    told = 0
    for day in range(DAYS - days, DAYS):
        async with asyncio.TaskGroup() as telling:
            days_told = [telling.create_task(_tell_day(services, gateway_db, *house, day)) for house in houses]
        if today := sum(one.result() for one in days_told):
            say(f"history: {day - (DAYS - days) + 1} of {days} days")
        told += today
    for house, _ in houses:
        await limit(services, house)
    say("history is there")
    return told


async def _tell_day(services: Services, gateway_db: Database, house: House, begins: datetime, day: int) -> int:
    teller, places = Teller(services, gateway_db, house, services.embedder), asyncio.Semaphore(AT_ONCE)
    past = [one for one in stories(house.slug, day, begins, seed=SEED) if one.at < utc_now() - SETTLED]
    known = await _known(services.db, house.owner, [story.key for story in past])

    async def tell(story: Story) -> None:
        async with places:
            await (teller.finish(story, known[story.key]) if story.key in known else teller.tell(story))

    async with asyncio.TaskGroup() as telling:
        for story in past:
            telling.create_task(tell(story))
    await reached(services, house, day, begins + timedelta(days=day))
    return len(past) - len(known)


async def _known(db: Database, actor: Actor, keys: list[str]) -> dict[str, ConversationId]:
    async with db.read(actor.workspace_id) as tx:
        rows = await tx.rows(
            "SELECT visitor_id, id FROM conversations WHERE workspace_id = :ws AND visitor_id = ANY (:keys)", keys=keys
        )
        return {row.visitor_id: ConversationId(row.id) for row in rows}


async def _house(services: Services, space: DemoWorkspace) -> tuple[House, datetime]:
    """The workspace, its people as they act, and when its past begins: a month before it was loaded."""
    owner = await _signed_in(services, space)
    members = await services.members.list(owner)
    people = [Actor(one.user_id, owner.workspace_id, one.role, one.name, one.email) for one in members]
    agent = (await services.agents.draft(owner, space.agents[0].slug)).agent
    first = (await services.versions.list(owner, agent.id))[-1]
    loaded = first.created_at + FOUNDED
    begins = (loaded - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    staff = sorted((one for one in people if one.role is Role.MEMBER), key=lambda one: one.email)
    admin = next(one for one in people if one.role is Role.ADMIN)
    return House(space.slug, agent, owner, admin, (*staff, admin)), begins


async def _signed_in(services: Services, space: DemoWorkspace) -> Actor:
    signed = await services.auth.login(space.members[0].email, PASSWORD, workspace_slug=space.slug)
    actor = await services.auth.resume(signed.token, workspace_slug=space.slug)
    await services.auth.logout(signed.token)
    return replace(actor, session_hash=None)


async def _run(data: Path) -> None:
    config = load_config(os.environ | {"CONSOLE_DATA_DIR": str(data)}, None)
    async with bootstrap.open_runtime(embedded(config)) as runtime:
        # Nobody is told of it: what is past is not news, and no worker is to answer it.
        runtime.db.on_commit = lambda _workspace, _hints: None
        assert runtime.gateway_url is not None  # noqa: S101 - an embedded server has all logins
        gateway_db = Database(runtime.gateway_url)
        runtime.closing.push_async_callback(gateway_db.close)
        telling = asyncio.create_task(tell_past(runtime.services, gateway_db, _say))
        leaving = asyncio.create_task(_left())
        await asyncio.wait([telling, leaving], return_when=asyncio.FIRST_COMPLETED)
        for task in (telling, leaving):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _left() -> None:
    """Return when the demo that began this has gone: its end of our stdin closes."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    os.nice(NICENESS)
    asyncio.run(_run(Path(sys.argv[1])))
