"""Each index is there for a query, and that query is served by it: as the app role, row security on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.engine import Database
from console.db.migrate import migrate
from tests.db.plan_rows import BUSY, fill

ID = "'00000000-0000-0000-0000-00000000000a'"
QUERIES = {
    "workspace_credentials_kind": "SELECT id FROM workspace_credentials WHERE workspace_id = :ws AND kind = 'openai'"
    " AND name = 'n7'",
    "agents_slug": "SELECT id FROM agents WHERE workspace_id = :ws AND slug = 'a7'",
    "agents_widget_key": "SELECT id FROM agents WHERE workspace_id = :ws AND widget_key = 'k7'",
    "agent_versions_number": f"SELECT max(number) FROM agent_versions WHERE workspace_id = :ws AND agent_id = {ID}",
    "agent_versions_agent": f"SELECT 1 FROM agent_versions WHERE workspace_id = :ws AND agent_id = {ID} AND id = {ID}",
    "agent_origins_origin": "SELECT agent_id FROM agent_origins WHERE workspace_id = :ws AND origin = 'https://7'",
    "sources_uri": "SELECT id FROM sources WHERE workspace_id = :ws AND kind = 'file' AND uri = 'u7'",
    "crawl_runs_active": f"SELECT id FROM crawl_runs WHERE workspace_id = :ws AND source_id = {ID}"
    " AND state IN ('queued', 'running')",
    "crawl_runs_source": f"SELECT * FROM crawl_runs WHERE workspace_id = :ws AND source_id = {ID}"
    " ORDER BY id DESC LIMIT 1",
    "documents_uri": f"SELECT id FROM documents WHERE workspace_id = :ws AND source_id = {ID} AND uri = 'u10'",
    "chunks_document": f"SELECT id FROM chunks WHERE workspace_id = :ws AND document_id = {ID} AND generation = 1",
    "chunks_source": f"SELECT id FROM chunks WHERE workspace_id = :ws AND source_id = {ID}",
    "contacts_email": "SELECT id FROM contacts WHERE workspace_id = :ws AND email_key = lower('P7@example.test')",
    "conversations_visitor": "SELECT id FROM conversations WHERE workspace_id = :ws AND visitor_id = 'v7'",
    "conversations_external": "SELECT id FROM conversations WHERE workspace_id = :ws AND channel = 'web'"
    " AND external_id = 'e10'",
    "conversations_waiting": "SELECT id FROM conversations WHERE workspace_id = :ws AND status = 'open'"
    f" AND control = 'human' AND claimed_by_user_id IS NULL AND (priority, waiting_since, id) > (1, now(), {ID})"
    " ORDER BY priority, waiting_since, id LIMIT 50",
    "conversations_held": f"SELECT id FROM conversations WHERE workspace_id = :ws AND claimed_by_user_id = {ID}"
    " ORDER BY last_message_at DESC, id DESC LIMIT 50",
    "conversations_assigned": f"SELECT id FROM conversations WHERE workspace_id = :ws AND assigned_to_user_id = {ID}"
    " AND status = 'open' ORDER BY last_message_at DESC, id DESC LIMIT 50",
    "conversations_snoozed": "SELECT id FROM conversations WHERE workspace_id = :ws AND status = 'snoozed'"
    " AND snoozed_until <= now()",
    "conversations_open": "SELECT id FROM conversations WHERE workspace_id = :ws AND status = 'open'"
    f" AND (last_message_at, id) < (now(), {ID}) ORDER BY last_message_at DESC, id DESC LIMIT 50",
    "conversations_closed": "SELECT id FROM conversations WHERE workspace_id = :ws AND status <> 'open'"
    " ORDER BY last_message_at DESC, id DESC LIMIT 50",
    "conversations_lease": "SELECT id FROM conversations WHERE workspace_id = :ws AND lease_expires_at < now()",
    "messages_pkey": f"SELECT seq FROM messages WHERE workspace_id = :ws AND conversation_id = {ID}"
    " ORDER BY seq DESC LIMIT 100",
    "messages_client_token": f"SELECT seq FROM messages WHERE workspace_id = :ws AND conversation_id = {ID}"
    " AND client_token = 'k201'",
    "conversation_events_newest": "SELECT id FROM conversation_events WHERE workspace_id = :ws"
    " ORDER BY id DESC LIMIT 1",
    "conversation_labels_label": "SELECT count(*) FROM conversation_labels WHERE workspace_id = :ws"
    f" AND label_id = {ID}",
    "canned_replies_shortcut": "SELECT id FROM canned_replies WHERE workspace_id = :ws AND shortcut = 's7'",
    "held_sends_client_token": f"SELECT id FROM held_sends WHERE workspace_id = :ws AND conversation_id = {ID}"
    " AND client_token = 'k20'",
    "held_sends_due": "SELECT id FROM held_sends WHERE workspace_id = :ws AND due_at <= now()",
    "notifications_person": f"SELECT id FROM notifications WHERE workspace_id = :ws AND user_id = {ID}"
    " ORDER BY id DESC LIMIT 50",
    "notifications_unread": f"SELECT count(*) FROM notifications WHERE workspace_id = :ws AND user_id = {ID}"
    " AND read_at IS NULL",
    "presences_conversation": f"SELECT user_id FROM presences WHERE workspace_id = :ws AND conversation_id = {ID}",
    "runs_queued_answer": f"SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = {ID}"
    " AND kind = 'answer' AND state = 'queued'",
    "runs_conversation": f"SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = {ID}"
    " AND state = 'superseded' ORDER BY id DESC LIMIT 1",
    "runs_pending": "SELECT id FROM runs WHERE workspace_id = :ws AND state IN ('queued', 'running')"
    " ORDER BY created_at LIMIT 500",
    "knowledge_gaps_question": f"SELECT id FROM knowledge_gaps WHERE workspace_id = :ws AND agent_id = {ID}"
    " AND normalised_hash = ''",
    "knowledge_gaps_queue": "SELECT id FROM knowledge_gaps WHERE workspace_id = :ws AND status = 'open'"
    " ORDER BY occurrences DESC, id LIMIT 50",
    "gap_occurrences_gap": f"SELECT id FROM gap_occurrences WHERE workspace_id = :ws AND gap_id = {ID}",
    "gap_occurrences_message": f"SELECT id FROM gap_occurrences WHERE workspace_id = :ws AND conversation_id = {ID}"
    " AND seq = 1",
    "gap_occurrences_question": "SELECT gap_id FROM gap_occurrences WHERE workspace_id = :ws AND normalised_hash = ''",
    "curated_answers_agent": f"SELECT id FROM curated_answers WHERE workspace_id = :ws AND agent_id = {ID}"
    " AND retired_at IS NULL",
    "curated_answers_gap": f"SELECT id FROM curated_answers WHERE workspace_id = :ws AND origin_gap_id = {ID}",
    "feedback_unhandled": "SELECT conversation_id, seq FROM feedback WHERE workspace_id = :ws AND rating = 'down'"
    " AND handled_at IS NULL LIMIT 50",
    "leads_email": f"SELECT id FROM leads WHERE workspace_id = :ws AND agent_id = {ID}"
    " AND email_key = lower('P60@example.test')",
    "usage_reservations_held": "SELECT run_id FROM usage_reservations WHERE workspace_id = :ws AND state = 'held'"
    " AND expires_at < now()",
    "usage_events_key": "SELECT 1 FROM usage_events WHERE workspace_id = :ws AND idempotency_key = 'k7'",
    "usage_events_time": "SELECT sum(quantity) FROM usage_events WHERE workspace_id = :ws"
    " AND occurred_at >= now() - interval '1 week' AND occurred_at < now()",
}
ORDERED = {name for name, query in QUERIES.items() if "ORDER BY" in query} - {"runs_pending"}
"""What is read in the index's own order; the sweep sorts its few hundred runs."""

ELSEWHERE = {
    "labels_name": "there for uniqueness: lower() is not leakproof, and a workspace has few labels",
    "chunks_tsv": "a GIN index behind a definer function: the search's own tests",
    "embeddings_hnsw_1": "tests of the vector store",
    "embeddings_hnsw_2": "tests of the vector store",
    "workspace_users_user": "read by console_auth only, across tenants",
}


@pytest.fixture(scope="module")
def filled(server: EmbeddedServer, urls: ServerUrls) -> ServerUrls:
    """A database of this module's own, so that nobody else's rows move its statistics."""
    name = urls.app.rpartition("/")[2].partition("?")[0]
    own = server.create_database(f"plans_{name}")
    migrate(own.owner)
    fill(own.superuser)
    return own


@pytest.fixture
async def app(filled: ServerUrls) -> AsyncIterator[Database]:
    """That database as the app role."""
    database = Database(filled.app, pool_size=1)
    yield database
    await database.close()


@pytest.mark.parametrize("index", QUERIES)
async def test_its_own_index_serves_it(app: Database, index: str) -> None:
    async with app.read(BUSY) as tx:
        plan = "\n".join(row[0] for row in await tx.rows(f"EXPLAIN {QUERIES[index]}"))
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "Index Cond" in plan, plan
    assert "Sort" not in plan or index not in ORDERED, plan


def test_no_index_is_without_its_query(filled: ServerUrls) -> None:
    with psycopg.connect(filled.superuser) as connection:
        found = connection.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'workspace_id'"
            " WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary"
        ).fetchall()
    assert {name for (name,) in found} == (QUERIES.keys() - {"messages_pkey"}) | ELSEWHERE.keys()
