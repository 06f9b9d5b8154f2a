"""Held replies go out by the worker, on time, whoever held them; what was put aside wakes."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import monotonic
from uuid import UUID

from console.clock import utc_now
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.conversation import Status
from console.services.messages import Messages
from console.services.takeover import Takeover
from tests.services.desk import change, count, make_due, now_of
from tests.worker.test_worker import until, working
from tests.world import Talk, World, make_talk, make_world


async def test_each_goes_out_within_a_second_of_its_time(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    worlds = [await make_world(db) for _ in range(3)]
    held = [(world, await _hold(db, gateway_db, world)) for world in worlds for _ in range(4)]
    for world in worlds:
        await make_due(db, world, 600)
    looked: list[float] = []

    async def all_out() -> bool:
        looked.append(monotonic())
        return sum([await count(db, world, "held_sends") for world in worlds]) == 0

    async with working(db, urls):
        looking = asyncio.create_task(until(all_out))  # From before the first is due.
        due = {talk.id: await _due_in(db, world, talk, 2.5 + n / 12) for n, (world, talk) in enumerate(held)}
        await looking
    said = {id: at for world in worlds for id, at in await _said(db, world)}
    late = [(said[id] - at).total_seconds() for id, at in due.items()]
    slowest = max(later - earlier for earlier, later in pairwise(looked))
    assert min(late) >= 0
    assert max(late) < 1.0 + 3 * slowest, (late, slowest)  # A machine that stands still lets nothing go.


async def _hold(db: Database, gateway_db: Database, world: World) -> Talk:
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    await Messages(db).hold(world.member, talk.id, "hi", token="t", epoch=claim.epoch)
    return talk


async def _due_in(db: Database, world: World, talk: Talk, seconds: float) -> datetime:
    async with db.write(world.workspace_id) as tx:
        statement = "UPDATE held_sends SET due_at = now() + make_interval(secs => :seconds)"
        at: datetime = await tx.scalar(
            f"{statement} WHERE workspace_id = :ws AND conversation_id = :id RETURNING due_at",
            seconds=seconds, id=talk.id,
        )  # fmt: skip
        return at


async def _said(db: Database, world: World) -> list[tuple[UUID, datetime]]:
    async with db.read(world.workspace_id) as tx:
        return [tuple(row) for row in await tx.rows("SELECT conversation_id, created_at FROM messages")]


async def test_the_console_that_held_it_was_killed(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    await change(  # A console may take long to start.
        db, world, "UPDATE conversations SET lease_expires_at = now() + interval '1 hour' WHERE workspace_id = :ws"
    )
    words = [urls.app, str(world.workspace_id), str(world.member.user_id), str(talk.id), str(claim.epoch)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.worker.hold_child", *words, stdout=PIPE, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    acknowledged = (await child.stdout.readline()).decode().strip()
    child.kill()
    assert await child.wait() == -signal.SIGKILL
    (held,) = await Messages(db).held(world.member, talk.id)
    assert str(held.id) == acknowledged
    async with working(db, urls):

        async def out() -> bool:
            return await talk.seen() != []

        await until(out)
    assert await talk.seen() == [("human", "said and gone")]
    ((_, said_at),) = await _said(db, world)
    assert said_at >= held.due_at


async def test_what_was_put_aside_wakes(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    soon = utc_now() + timedelta(seconds=60)
    await Takeover(db).snooze(world.member, talk.id, until=soon, epoch=claim.epoch)
    await change(
        db, world, "UPDATE conversations SET snoozed_until = now() + interval '1 second' WHERE workspace_id = :ws"
    )
    async with working(db, urls):

        async def woken() -> bool:
            return (await now_of(db, world.member, talk)).status is Status.OPEN

        await until(woken)
    assert (await now_of(db, world.member, talk)).waiting
