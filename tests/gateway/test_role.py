"""What the gateway's own role can reach in SQL, whatever its code does: the wall behind the wall."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from psycopg import DatabaseError

from console.db.engine import Database
from console.ids import new_id
from tests.gateway.support import JSON, Gateway, Talk

CLOSED = [
    "users", "sessions", "workspace_users", "agent_sources", "sources", "crawl_runs", "documents", "chunks",
    "embeddings", "conversation_events", "conversation_reads", "drafts", "run_events", "knowledge_gaps",
    "gap_occurrences", "usage_events", "audit_heads", "audit_events", "audit_texts", "embedding_models",
    "held_sends", "labels", "conversation_labels", "canned_replies", "notifications",
    "recovery_codes", "login_attempts",
    "auth_secrets", "workspace_credentials", "model_prices", "curated_answers", "agent_version_answers",
    "plans", "plan_limits", "workspace_limits", "usage_counters", "usage_reservations", "usage_rollups",
    "usage_watermarks",
]  # fmt: skip
OPEN = {
    "workspaces", "agents", "agent_versions", "agent_origins", "contacts", "conversations", "messages", "runs",
    "presences", "visitor_presences", "leads", "feedback", "schema_migrations",
}  # fmt: skip


@pytest.fixture
async def talk(gateway: Gateway, db: Database) -> Talk:
    """A conversation with a question, an operator's answer and an operator's note."""
    talk = await gateway.start()
    await gateway.send(talk, "a question")
    async with db.write(gateway.world.workspace_id) as tx:
        for seq, role in ((2, "human"), (3, "note")):
            await tx.execute(
                "INSERT INTO messages (workspace_id, conversation_id, seq, role, content)"
            " VALUES (:ws, :id, :seq, :role, 'x')",
                id=UUID(talk.id), seq=seq, role=role,
            )  # fmt: skip
        await tx.execute("UPDATE conversations SET last_seq = 3 WHERE workspace_id = :ws")
    return talk


@pytest.mark.parametrize("table", CLOSED)
async def test_a_table_of_the_staff_can_not_be_read(gateway: Gateway, gateway_db: Database, table: str) -> None:
    with pytest.raises(DatabaseError, match=f"permission denied for table {table}"):
        async with gateway_db.read(gateway.world.workspace_id) as tx:
            await tx.rows(f"SELECT 1 FROM {table}")


async def test_every_table_is_in_one_of_the_lists(db: Database) -> None:
    async with db.read(None) as tx:
        rows = await tx.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {row.tablename for row in rows} == OPEN | set(CLOSED)


async def test_notes_are_hidden_from_the_role_itself(talk: Talk, gateway: Gateway, gateway_db: Database) -> None:
    async with gateway_db.read(gateway.world.workspace_id) as tx:
        rows = await tx.rows("SELECT role FROM messages ORDER BY seq")
        assert [row.role for row in rows] == ["user", "human"]
        assert await tx.scalar("SELECT count(*) FROM messages WHERE role = 'note'") == 0
        assert await tx.scalar("SELECT count(*) FROM messages WHERE seq = 3") == 0


@pytest.mark.parametrize("role", ["assistant", "human", "note", "system", "tool"])
async def test_the_role_can_write_nothing_but_a_visitors_words(
    talk: Talk, gateway: Gateway, gateway_db: Database, role: str
) -> None:
    with pytest.raises(DatabaseError, match="row-level security"):
        async with gateway_db.write(gateway.world.workspace_id) as tx:
            await tx.execute(
                "INSERT INTO messages (workspace_id, conversation_id, seq, role, content)"
            " VALUES (:ws, :id, 9, :role, 'x')",
                id=UUID(talk.id), role=role,
            )  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT system_prompt FROM agents",
        "SELECT draft_hash FROM agents",
        "SELECT snapshot FROM agent_versions",
        "SELECT settings FROM workspaces",
        "SELECT model FROM runs",
        "SELECT seen_at FROM presences",
        "SELECT email FROM leads",
        "SELECT contact_id FROM leads",
        "UPDATE leads SET email = 'x'",
        "UPDATE leads SET contact_id = NULL",
        "DELETE FROM leads",
        "SELECT handled_at FROM feedback",
        "UPDATE feedback SET handled_at = now()",
        "UPDATE feedback SET seq = 1",
        "DELETE FROM feedback",
        "UPDATE contacts SET email = 'x'",
        "UPDATE presences SET typing_until = now()",
        "INSERT INTO agent_origins (workspace_id, agent_id, origin) SELECT workspace_id, id, 'x' FROM agents",
        "DELETE FROM agent_origins",
        "UPDATE messages SET content = 'x'",
        "DELETE FROM messages",
        "DELETE FROM conversations",
        "UPDATE conversations SET claimed_by_user_id = NULL",
        "UPDATE conversations SET visitor_token_hash = NULL",
        "UPDATE conversations SET agent_id = agent_id",
        "UPDATE runs SET state = 'complete'",
        "UPDATE agents SET published_version_id = NULL",
        "TRUNCATE messages",
        "SELECT * FROM jobs.procrastinate_jobs",
        "SELECT args FROM jobs.procrastinate_jobs",
        "UPDATE jobs.procrastinate_jobs SET status = 'succeeded'",
        "DELETE FROM jobs.procrastinate_jobs",
        "SELECT auth_login('x')",
        "SELECT auth_session('x')",
        "SELECT * FROM search_chunks('x', 1, NULL)",
        "SELECT * FROM workspaces_with_work()",
        "SET ROLE console_app",
        "SET ROLE console_owner",
    ],
)
async def test_the_role_is_denied(gateway: Gateway, gateway_db: Database, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be (owner|member)"):
        async with gateway_db.write(gateway.world.workspace_id) as tx:
            await tx.execute(statement)


async def test_the_role_sees_no_other_workspace(talk: Talk, gateway: Gateway, gateway_db: Database) -> None:
    for tenant in (None, new_id()):
        async with gateway_db.read(tenant) as tx:
            for table in sorted(OPEN - {"schema_migrations"}):
                assert await tx.rows(f"SELECT 1 FROM {table}") == [], table


async def test_the_role_learns_nothing_of_another_workspaces_words(gateway: Gateway, gateway_db: Database) -> None:
    talk = await gateway.start()
    left = json.dumps({"email": "tess@example.test"}).encode()
    path = talk.path.replace("/messages", "/lead")
    assert (await gateway.client.post(path, content=left, headers=JSON | talk.bearer)).status_code == 204
    for tenant, told in ((gateway.world.workspace_id, True), (new_id(), None), (None, None)):
        async with gateway_db.read(tenant) as tx:
            assert await tx.scalar("SELECT left_address_told(:id, '{}')", id=UUID(talk.id)) is told
