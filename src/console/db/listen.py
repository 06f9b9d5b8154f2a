"""One listening connection a process, outside the pool: notifications are hints, reading again is the truth."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import psycopg
from psycopg import sql

from console.db.engine import Database
from console.db.notify import channel
from console.domain.live import Changed, Link, LinkChanged, LiveEvent
from console.errors import ConnectionFailedError

COALESCE_SECONDS = 0.05
LIVE_POLL_SECONDS = 10.0
FALLBACK_POLL_SECONDS = 3.0


async def listen(db: Database, direct_url: str, workspace_id: UUID) -> AsyncGenerator[LiveEvent, None]:
    """Changes of a workspace, for ever: live while LISTEN works, by polling while only queries work.

    After each (re)connection comes `Changed(None)`: what was missed is never delivered again.
    """
    pause = 0.5
    while True:
        try:
            async with aclosing(_live(direct_url, workspace_id)) as events:
                async for event in events:
                    pause = 0.5
                    yield event
        except (psycopg.Error, OSError):
            reachable = await _reachable(db)
        yield LinkChanged(Link.POLLING if reachable else Link.OFFLINE)
        if reachable:
            yield Changed(None)
        await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - jitter, not a secret
        pause = min(pause * 2, FALLBACK_POLL_SECONDS)


async def _live(url: str, workspace_id: UUID) -> AsyncGenerator[LiveEvent, None]:
    name = channel(workspace_id)
    async with await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=5, keepalives_idle=5, keepalives_interval=2, keepalives_count=3
    ) as connection:
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(name)))
        yield LinkChanged(Link.LIVE)
        yield Changed(None)
        while True:
            heard, ids = False, set[UUID]()
            async for note in connection.notifies(timeout=LIVE_POLL_SECONDS, stop_after=1):
                heard, ids = True, ids | _conversations(note.payload)
            if not heard:
                # Nothing came for a while: make sure that the link is still there, and poll.
                await asyncio.wait_for(connection.execute("SELECT 1"), 5)
                yield Changed(None)
                continue
            async for note in connection.notifies(timeout=COALESCE_SECONDS):
                ids |= _conversations(note.payload)
            yield Changed(frozenset(ids))


def _conversations(payload: str) -> set[UUID]:
    kind, _, id = payload.partition(":")
    return {UUID(id)} if kind == "conversation" else set()


async def _reachable(db: Database) -> bool:
    try:
        async with db.read(None) as tx:
            await tx.scalar("SELECT 1")
    except ConnectionFailedError:
        return False
    return True
