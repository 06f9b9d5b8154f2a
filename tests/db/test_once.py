"""A transaction of one statement in one round trip: whole or not at all, of one tenant, on a link that lives."""

from __future__ import annotations

import psycopg
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from tests.world import make_world

RENAME = "UPDATE workspaces SET name = :name WHERE id = :ws RETURNING name"


async def test_it_is_committed_and_gives_back_its_rows(db: Database) -> None:
    world = await make_world(db)
    found = await db.write_once(world.workspace_id, RENAME, name="new")
    assert ([row.name for row in found.rows], found.rowcount) == (["new"], 1)
    assert (await db.read_once(world.workspace_id, "SELECT name FROM workspaces")).rows[0].name == "new"


async def test_nothing_of_one_that_fails_is_committed(db: Database) -> None:
    world = await make_world(db)
    failing = f"WITH renamed AS ({RENAME}) SELECT 1 / (SELECT count(*) FROM renamed WHERE name = '')"
    with pytest.raises(psycopg.errors.DivisionByZero):
        await db.write_once(world.workspace_id, failing, name="new")
    assert db.pool.lent == 0
    assert (await db.read_once(world.workspace_id, "SELECT name FROM workspaces")).rows[0].name != "new"


async def test_a_read_can_not_write(db: Database) -> None:
    world = await make_world(db)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await db.read_once(world.workspace_id, RENAME, name="new")


async def test_its_tenant_is_the_transactions_own(db: Database) -> None:
    world, other = await make_world(db), await make_world(db)
    assert len((await db.read_once(world.workspace_id, "SELECT * FROM workspaces")).rows) == 1
    assert not (
        await db.read_once(other.workspace_id, "SELECT FROM workspaces WHERE id = :id", id=world.workspace_id)
    ).rows
    assert not (await db.read_once(None, "SELECT * FROM workspaces")).rows


@pytest.mark.parametrize("text", ["'; COMMIT; --", "\\'", "$1 %s %(x)s :ws", "é\n\t“”", ""])
async def test_a_value_stays_a_value(db: Database, text: str) -> None:
    found = await db.read_once(
        None, "SELECT cast(:text AS text) AS text, cast(:none AS int) AS none", text=text, none=None
    )
    assert tuple(found.rows[0]) == (text, None)


async def test_a_link_that_broke_while_it_lay_idle_is_replaced(db: Database, urls: ServerUrls) -> None:
    world, own = await make_world(db), Database(urls.app, pool_size=1)
    pid = (await own.read_once(None, "SELECT pg_backend_pid() AS pid")).rows[0].pid
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as god:
        await god.execute("SELECT pg_terminate_backend(%s, 60000)", (pid,))
    assert (await own.write_once(world.workspace_id, RENAME, name="new")).rowcount == 1
    await own.close()
