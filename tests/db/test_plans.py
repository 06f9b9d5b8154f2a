"""Each query is served by an index, a page of the inbox by its own, as the app role, row security on."""

from __future__ import annotations

import psycopg
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.ids import new_id
from tests.world import World, make_world

ID = f"'{new_id()}'"
QUERIES = {
    "conversations_waiting": "SELECT id FROM conversations c WHERE workspace_id = :ws AND status = 'open'"
    " AND control = 'human' AND claimed_by_user_id IS NULL ORDER BY waiting_since, id LIMIT 50",
    "conversations_held": f"SELECT id FROM conversations WHERE workspace_id = :ws AND claimed_by_user_id = {ID}"
    " ORDER BY last_message_at DESC, id DESC LIMIT 50",
    "conversations_open": "SELECT id FROM conversations WHERE workspace_id = :ws AND status = 'open'"
    f" AND (last_message_at, id) < (now(), {ID}) ORDER BY last_message_at DESC, id DESC LIMIT 50",
    "conversations_closed": "SELECT id FROM conversations WHERE workspace_id = :ws AND status <> 'open'"
    " ORDER BY last_message_at DESC, id DESC LIMIT 50",
    "conversations_lease": "SELECT id FROM conversations WHERE workspace_id = :ws AND lease_expires_at < now()",
    "conversations_visitor": "SELECT id FROM conversations WHERE workspace_id = :ws AND visitor_id = 'v'",
    "messages_pkey": f"SELECT seq FROM messages WHERE workspace_id = :ws AND conversation_id = {ID}"
    " ORDER BY seq DESC LIMIT 100",
    "messages_client_token": f"SELECT seq FROM messages WHERE workspace_id = :ws AND conversation_id = {ID}"
    " AND client_token = 't'",
    "runs_queued_answer": f"SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = {ID}"
    " AND kind = 'answer' AND state = 'queued'",
    "runs_pending": "SELECT id FROM runs WHERE workspace_id = :ws AND state IN ('queued', 'running')"
    " ORDER BY created_at LIMIT 500",
    "chunks_document": f"SELECT id FROM chunks WHERE workspace_id = :ws AND document_id = {ID} AND generation = 1",
    "chunks_source": f"SELECT id FROM chunks WHERE workspace_id = :ws AND source_id = {ID}",
    "documents_uri": f"SELECT id FROM documents WHERE workspace_id = :ws AND source_id = {ID} AND uri = 'u'",
    "crawl_runs_active": f"SELECT id FROM crawl_runs WHERE workspace_id = :ws AND source_id = {ID}"
    " AND state IN ('queued', 'running')",
    "usage_events_time": "SELECT sum(quantity) FROM usage_events WHERE workspace_id = :ws"
    " AND occurred_at >= now() - interval '1 month' AND occurred_at < now()",
    "usage_events_key": "SELECT 1 FROM usage_events WHERE workspace_id = :ws AND idempotency_key = 'k'",
    "knowledge_gaps_question": f"SELECT id FROM knowledge_gaps WHERE workspace_id = :ws AND agent_id = {ID}"
    " AND normalised_hash = ''",
    "gap_occurrences_gap": f"SELECT id FROM gap_occurrences WHERE workspace_id = :ws AND gap_id = {ID}",
    "gap_occurrences_message": f"SELECT id FROM gap_occurrences WHERE workspace_id = :ws AND conversation_id = {ID}"
    " AND seq = 1",
    "contacts_email": "SELECT id FROM contacts WHERE workspace_id = :ws AND lower(email) = lower('A@b.test')"
    " AND email IS NOT NULL",
    "agents_widget_key": "SELECT id FROM agents WHERE workspace_id = :ws AND widget_key = 'k'",
    "agent_versions_number": f"SELECT max(number) FROM agent_versions WHERE workspace_id = :ws AND agent_id = {ID}",
}


ITS_OWN = {
    "conversations_waiting", "conversations_held", "conversations_open", "conversations_closed",
    "usage_events_time", "usage_events_key", "knowledge_gaps_question",
}  # fmt: skip
FILL = {
    "usage_events": "INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, occurred_at)"
    " SELECT :ws, gen_random_uuid(), 'key ' || n, 'answers', now() - n * interval '1 day'"
    " FROM generate_series(1, 2000) n",
    "knowledge_gaps": "INSERT INTO knowledge_gaps (workspace_id, id, agent_id, question, normalised_hash, trigger)"
    " SELECT :ws, gen_random_uuid(), :agent, 'q', sha256(n::text::bytea), 'no_hit' FROM generate_series(1, 2000) n",
}


@pytest.fixture
async def filled(db: Database, urls: ServerUrls) -> World:
    """Enough rows where two indexes would do for a handful, and fresh statistics."""
    world = await make_world(db)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(FILL["usage_events"])
        await tx.execute(FILL["knowledge_gaps"], agent=world.agent_id)
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as connection:
        await connection.execute("ANALYZE usage_events, knowledge_gaps")
    return world


@pytest.mark.parametrize("index", QUERIES)
async def test_the_index_is_used(db: Database, filled: World, index: str) -> None:
    world = filled
    async with db.read(world.workspace_id) as tx:
        # The tables are small here: what is shown is that the index fits the query, not that it pays.
        for way in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            await tx.execute(f"SET LOCAL {way} = off")
        plan = "\n".join(row[0] for row in await tx.rows(f"EXPLAIN {QUERIES[index]}"))
    assert "Seq Scan" not in plan, plan
    # Of several indexes that fit, statistics choose, but for an order that a page needs or where rows are many.
    assert index in plan or index not in ITS_OWN, plan
    assert "Index Cond" in plan, plan
