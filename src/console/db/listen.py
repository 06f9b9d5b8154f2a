"""One listening connection a process, outside the pool: notifications are hints, reading again is the truth."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from time import monotonic
from uuid import UUID

import psycopg
from psycopg import sql

from console.db.engine import Database
from console.db.hangup import Impatient, hung_up_after
from console.db.link import LINK
from console.db.newest import Newest, newest
from console.db.notify import channel
from console.domain.live import Changed, Link, LinkChanged, LiveEvent, Notified, PresenceChanged, ThingsChanged
from console.errors import ConsoleError

COALESCE_SECONDS = 0.05
LIVE_POLL_SECONDS = 6.0
ANSWER_SECONDS = 3.0
"""How long a link may keep silent when asked; with the poll before, a dead one is known within ten seconds."""
FALLBACK_POLL_SECONDS = 3.0
UNTOLD_SECONDS = 30.0
"""What is neither told nor to be seen at a look is read within this time, once anything was committed."""
_OWN_EVENTS = {"person", "presence", "workspace", "conversation", "crawl"}


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
    async with await Impatient.connect(url, autocommit=True, **LINK) as connection:
        last, read, seen = 0.0, monotonic(), await _look(connection, workspace_id)
        with hung_up_after(ANSWER_SECONDS, connection):
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(name)))
        yield LinkChanged(Link.LIVE)
        yield Changed(None)
        while True:
            heard = [note.payload async for note in connection.notifies(timeout=LIVE_POLL_SECONDS, stop_after=1)]
            if heard:
                # The first after a quiet moment goes on at once; what follows is gathered.
                if (rest := last + COALESCE_SECONDS - monotonic()) > 0:
                    heard += [note.payload async for note in connection.notifies(timeout=rest)]
                last = monotonic()
                for event in told(heard):
                    yield event
            late = monotonic() - read >= UNTOLD_SECONDS
            if late or not heard:
                # Make sure that the link is still there, and poll if anything may be new that nobody told of.
                now = await _look(connection, workspace_id)
                if now.here != seen.here or (late and now != seen):
                    read, seen = monotonic(), now
                    yield Changed(None)


async def _look(connection: Impatient, workspace_id: UUID) -> Newest:
    with hung_up_after(ANSWER_SECONDS, connection):
        return await newest(connection, workspace_id)


def told(payloads: Iterable[str]) -> list[LiveEvent]:
    """What a burst of notifications says, each thing once; what is none of ours says nothing."""
    ids: dict[str, set[UUID]] = {}
    for payload in payloads:
        kind, _, text = payload.partition(":")
        with suppress(ValueError):
            id = UUID(text)
            ids.setdefault(kind, set()).add(id)
    events: list[LiveEvent] = [Notified(id) for id in sorted(ids.get("person", ()))]
    if "presence" in ids:
        events.append(PresenceChanged(frozenset(ids["presence"])))
    if "workspace" in ids:
        events.append(Changed(None))
    elif "conversation" in ids:
        events.append(Changed(frozenset(ids["conversation"])))
    if kinds := frozenset(ids) - _OWN_EVENTS:
        events.append(ThingsChanged(kinds))
    return events


async def _reachable(db: Database) -> bool:
    asking = asyncio.create_task(_answers(db), name="reachable")
    await asyncio.wait({asking}, timeout=ANSWER_SECONDS)
    if asking.done():
        return asking.result()
    asking.cancel()  # It ends in its own time: nobody waits for it.
    return False


async def _answers(db: Database) -> bool:
    try:
        await db.ping()
    except ConsoleError:
        return False
    return True
