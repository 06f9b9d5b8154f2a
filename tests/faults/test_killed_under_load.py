"""All is killed while visitors write: what was acknowledged is there once, in order, and nobody is left alone."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from console.db.engine import Database
from console.domain.keys import public_key
from console.domain.run import RunState
from console.errors import ConnectionFailedError
from console.ids import ConversationId
from console.services.answers import Answers
from console.services.conversations import Conversations
from console.services.takeover import Takeover
from tests.db.embedded_support import open_directory
from tests.faults.crowd import LONG, Ack, Crowd
from tests.faults.house import House, house
from tests.faults.test_commits import one_held_up, traces
from tests.services.run_support import Fixed, good, newest_run
from tests.world import World, make_talk, make_world

SEED = 20
VISITORS = 20
ROUNDS = 2
_LOG = logging.getLogger(__name__)
BACK_SECONDS = LONG


@pytest.fixture
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    with open_directory() as folder:
        async with house(folder / "data", tmp_path_factory.mktemp("bytecode")) as home:
            yield home


@pytest.mark.timeout(1800)
async def test_everything_is_killed_under_load(home: House) -> None:
    chance = random.Random(SEED)  # noqa: S311
    db = Database(home.urls.app)
    world = await make_world(db)
    await home.open_gateway()
    crowd = Crowd(home.address, public_key(world.workspace_id, world.agent_id.hex), VISITORS, chance)
    took: dict[str, list[float]] = defaultdict(list)
    async with crowd.writing():
        await crowd.acknowledged(VISITORS)
        await _console_dies(home, world)
        for name in chance.sample(kills := [*_kills(home, chance) * ROUNDS], len(kills)):
            await crowd.acknowledged(chance.randrange(5, 40))
            took[name[0]].append(await _back_after(name[1], crowd))
            await _claim_one(db, world, crowd, chance)
    await _settled(home)
    await db.close()
    messages = await _messages(home)
    _stored_once_in_order(crowd.acks, messages)
    assert not await _spoken_after_a_claim(home)
    assert sum(row["content"] == "held back" for row in messages) == 1
    figures = {name: [round(seconds, 1) for seconds in each] for name, each in took.items()}
    _LOG.info("%s acknowledged in %s tries; back after %s", len(crowd.acks), crowd.tries, figures)


def _kills(home: House, chance: random.Random) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    return [
        ("gateway", home.kill_gateway),
        ("worker", home.kill_worker),
        ("backend", lambda: home.kill_backend(chance)),
        ("cluster", home.kill_cluster),
    ]


async def _back_after(kill: Callable[[], Awaitable[None]], crowd: Crowd) -> float:
    """Kill, wait until writing goes on, and tell the seconds that took."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    await kill()
    # One visitor's may have been on its way back; a second one's each was not.
    await crowd.acknowledged(VISITORS + 1)
    return clock() - begun


async def _claim_one(db: Database, world: World, crowd: Crowd, chance: random.Random) -> None:
    async with asyncio.timeout(BACK_SECONDS):
        while True:
            with suppress(ConnectionFailedError):
                await Takeover(db).claim(world.member, ConversationId(chance.choice(crowd.conversations)))
                return


async def _console_dies(home: House, world: World) -> None:
    """With a reply held back, which is the worker's from then on."""
    free = str(await _one(home, "SELECT id FROM conversations WHERE control = 'ai' ORDER BY id LIMIT 1"))
    ids = (str(world.workspace_id), str(world.other.user_id), free)
    child = await home.run("-m", "tests.faults.console_child", home.urls.app, *ids)
    assert child.stdout is not None
    assert await child.stdout.readline() == b"held\n"
    child.kill()
    assert await child.wait() == -signal.SIGKILL


async def _settled(home: House) -> None:
    """Wait until every visitor is answered or waits for a person, and nothing is held back."""
    alone = (
        "SELECT (SELECT count(*) FROM held_sends) + count(*) FROM conversations c WHERE control = 'ai'"
        " AND last_visitor_seq > coalesce((SELECT max(seq) FROM messages m WHERE m.conversation_id = c.id"
        " AND m.role = 'assistant'), 0)"
    )
    async with asyncio.timeout(LONG):
        while True:
            # The end of the last one that was killed may be felt only now.
            with suppress(psycopg.OperationalError):
                if not await _one(home, alone):
                    return
            await asyncio.sleep(0.1)


def _stored_once_in_order(acks: list[Ack], messages: list[dict[str, Any]]) -> None:
    of: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in messages:
        of[row["conversation_id"]].append(row)
    for rows in of.values():
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    stored = {(row["conversation_id"], row["seq"]): row for row in messages}
    for ack in acks:
        row = stored[ack.conversation_id, ack.seq]
        assert (row["content"], row["role"], row["client_token"]) == (ack.content, "user", f"visitor:{ack.key}")
    said = [row for row in messages if row["role"] == "user"]
    assert len({row["client_token"] for row in said}) == len(said) == len(acks)
    by: dict[UUID, list[int]] = defaultdict(list)
    for ack in acks:
        by[ack.conversation_id].append(ack.seq)
    assert all(seqs == sorted(seqs) for seqs in by.values())


async def _messages(home: House) -> list[dict[str, Any]]:
    async with await psycopg.AsyncConnection.connect(home.urls.superuser, row_factory=dict_row) as connection:
        cursor = await connection.execute("SELECT * FROM messages ORDER BY conversation_id, seq")
        return await cursor.fetchall()


async def _spoken_after_a_claim(home: House) -> object:
    return await _one(
        home,
        "SELECT count(*) FROM messages m JOIN conversation_events e ON e.conversation_id = m.conversation_id"
        " AND e.kind = 'claimed' AND m.seq > e.after_seq WHERE m.role = 'assistant'",
    )


async def _one(home: House, query: str) -> Any:
    async with await psycopg.AsyncConnection.connect(home.urls.superuser) as connection:
        row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return row[0]


async def test_a_claim_whose_session_is_killed_before_its_commit_never_was(home: House) -> None:
    db, gateway_db = Database(home.urls.app), Database(home.urls.gateway)
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("hello")
    before = await Conversations(db).get(world.member, talk.id)
    god = await psycopg.AsyncConnection.connect(home.urls.superuser, autocommit=True)
    # It dies with all others, in the midst of its transaction.
    with ExitStack() as ended:
        ended.callback(god.pgconn.finish)
        # The claim has written the conversation and its event when it waits for the audit's head.
        await god.execute("BEGIN")
        await god.execute("SELECT FROM audit_heads WHERE workspace_id = %s FOR UPDATE", (world.workspace_id,))
        claim = asyncio.create_task(Takeover(db).claim(world.member, talk.id))
        os.kill(await one_held_up(god), signal.SIGKILL)
        with pytest.raises(ConnectionFailedError):
            await claim
    async with asyncio.timeout(BACK_SECONDS):
        while True:
            with suppress(ConnectionFailedError):
                assert await Conversations(db).get(world.member, talk.id) == before
                break
    assert await traces(db, world) == (0, 0)
    said = await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world))
    assert said is RunState.COMPLETE
    for each in (db, gateway_db):
        await each.close()
