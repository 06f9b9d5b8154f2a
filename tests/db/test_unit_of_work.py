"""The transaction's tenant is set for the transaction and nothing else."""

from __future__ import annotations

import pytest
from psycopg import DatabaseError

from console.db.engine import Database
from console.services import audit
from tests.world import make_world


async def test_without_a_tenant_no_row_is_seen(db: Database) -> None:
    world = await make_world(db)
    async with db.read(None) as tx:
        assert await tx.rows("SELECT * FROM workspaces") == []
    async with db.read(world.workspace_id) as tx:
        assert len(await tx.rows("SELECT * FROM workspaces")) == 1


async def test_a_leaked_session_setting_is_not_seen_by_the_next_borrower(db: Database) -> None:
    world = await make_world(db)
    async with db.write(None) as tx:
        await tx.execute(f"SET app.workspace_id = '{world.workspace_id}'")
    async with db.read(None) as tx:
        assert await tx.scalar("SELECT current_setting('app.workspace_id', true)") == ""
        assert await tx.rows("SELECT * FROM workspaces") == []


async def test_a_read_transaction_can_not_write(db: Database) -> None:
    world = await make_world(db)
    with pytest.raises(DatabaseError, match="read-only"):
        async with db.read(world.workspace_id) as tx:
            await tx.execute("UPDATE workspaces SET name = 'x' WHERE id = :ws")


async def test_the_audit_chain_verifies_and_notices_an_edit(db: Database) -> None:
    world = await make_world(db)
    async with db.write(world.workspace_id) as tx:
        for number in range(3):
            await audit.record(tx, world.owner, "test.act", ("thing", None), text=f"reason {number}")
        assert await audit.first_break(tx) is None
        await tx.execute("UPDATE audit_heads SET seq = 2 WHERE workspace_id = :ws")
        assert await audit.first_break(tx) == 4
