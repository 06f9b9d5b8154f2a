"""A question that arrives while its gap is merged, and that one merged on, is counted in the gap that stays."""

from __future__ import annotations

import asyncio

from console.db.engine import Database, ReadTx
from console.domain.gap import GapStatus
from console.services.gap_sorting import merge
from tests.services.curated_support import ask
from tests.services.gap_support import gap_of, gaps_of, vain
from tests.world import Talk, make_world

SHIP, DELIVER, SEND = (f"do you {verb} to canada" for verb in ("ship", "deliver", "send parcels"))


async def waited_for(db: Database, pid: int, asking: asyncio.Task[Talk]) -> bool:
    """Whether what is asked waits for that connection; False when it is through."""
    while not asking.done():
        async with db.read(None) as tx:
            if await tx.scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE :pid = ANY (pg_blocking_pids(pid))", pid=pid
            ):
                return True
        await asyncio.sleep(0.01)
    return False


async def pid_of(tx: ReadTx) -> int:
    pid = await tx.scalar("SELECT pg_backend_pid()")
    assert isinstance(pid, int)
    return pid


async def test_it_lands_on_the_gap_that_stays(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await vain(db, gateway_db, world, SHIP, DELIVER, SEND)
    first, then, last = [(await gap_of(db, world, question)).id for question in (SHIP, DELIVER, SEND)]
    async with db.write(world.workspace_id) as later:
        await later.execute("SELECT FROM knowledge_gaps WHERE id = :id FOR NO KEY UPDATE", id=then)
        async with db.write(world.workspace_id) as sooner:
            # What a merge writes, without its lock on the other: that one is held above.
            await sooner.execute(
                "UPDATE knowledge_gaps SET status = 'merged', merged_into_gap_id = :into WHERE id = :id",
                id=first, into=then,
            )  # fmt: skip
            asking = asyncio.create_task(ask(db, gateway_db, world, SHIP))
            assert await waited_for(db, await pid_of(sooner), asking)
        assert await waited_for(db, await pid_of(later), asking), "the gap that it leads to is locked as well"
        await merge(later, then, last, {GapStatus.OPEN})
    await asking
    shown = await gaps_of(db).show(world.viewer, last)
    assert sorted(one.question for one in shown.occurrences) == [DELIVER, SEND, SHIP]
    assert shown.gap.occurrences == 3
