"""Two workspaces with some thousand rows in every table that has an index of its own, and fresh statistics."""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

BUSY, QUIET = (UUID(int=n) for n in (0xB, 0xC))

_HASH: LiteralString = "sha256(n::text::bytea)"
_OPEN: LiteralString = "n % 20 > 10"
ROWS: dict[LiteralString, dict[LiteralString, LiteralString]] = {
    "workspace_credentials": {"id": "u(n)", "kind": "'openai'", "name": "'n' || n", "sealed": _HASH},
    "agents": {"id": "u(n)", "slug": "'a' || n", "name": "''", "draft_hash": _HASH, "widget_key": "'k' || n"},
    "agent_versions": {
        "id": "u(n)", "agent_id": "u(n % 50)", "number": "n", "snapshot": "'{}'::jsonb", "content_hash": _HASH,
    },
    "agent_origins": {"agent_id": "u(n % 50)", "origin": "'https://' || n"},
    "sources": {"id": "u(n)", "kind": "'file'", "name": "''", "uri": "'u' || n"},
    "crawl_runs": {
        "id": "u(n)", "source_id": "u(n / 10)", "created_at": "now() - n * interval '1 minute'",
        "state": "CASE n % 10 WHEN 0 THEN 'queued' ELSE 'complete' END",
    },
    "documents": {"id": "u(n)", "source_id": "u(n % 50)", "uri": "'u' || n"},
    "chunks": {
        "id": "u(n)", "document_id": "u(n / 5)", "source_id": "u(n % 50)", "generation": "1", "ordinal": "n % 5",
        "text": "'t'", "hash": _HASH, "token_count": "1",
        "tsv": "to_tsvector('english', 'word' || n % 100 || ' rare' || n)",
    },
    "contacts": {"id": "u(n)", "email": "'p' || n || '@example.test'"},
    "conversations": {
        "id": "u(n)", "agent_id": "u(n % 50)", "visitor_id": "'v' || n / 3", "channel": "'web'",
        "external_id": "CASE n % 10 WHEN 0 THEN 'e' || n END",
        "status": f"CASE WHEN {_OPEN} THEN 'open' WHEN n % 20 = 0 THEN 'snoozed' ELSE 'resolved' END",
        "control": "CASE WHEN n % 20 IN (12, 16) THEN 'human' ELSE 'ai' END",
        "claimed_by_user_id": "CASE n % 20 WHEN 12 THEN u(n % 30) END",
        "lease_expires_at": "CASE n % 20 WHEN 12 THEN now() + n * interval '1 second' END",
        "assigned_to_user_id": "CASE WHEN n % 20 IN (1, 2, 13) THEN u(n % 30) END",
        "priority": "n % 4", "waiting_since": "CASE n % 20 WHEN 16 THEN now() - n * interval '1 second' END",
        "snoozed_until": "CASE n % 20 WHEN 0 THEN now() + n * interval '1 minute' END",
        "last_message_at": "now() - n * interval '1 minute'",
    },
    "messages": {
        "conversation_id": "u(n / 20)", "seq": "n % 20", "role": "'user'", "content": "''",
        "client_token": "'k' || n",
    },
    "conversation_events": {
        "conversation_id": "u(n / 20)", "id": "u(n)", "after_seq": "0", "kind": "'claimed'", "epoch": "0",
    },
    "conversation_labels": {"conversation_id": "u(n)", "label_id": "u(n % 20)"},
    "labels": {"id": "u(n)", "name": "'L' || n"},
    "canned_replies": {"id": "u(n)", "shortcut": "'s' || n", "content": "''"},
    "held_sends": {
        "id": "u(n)", "conversation_id": "u(n / 2)", "user_id": "u(n % 30)", "content": "''",
        "client_token": "'k' || n", "epoch": "0", "due_at": "now() + n * interval '1 second'",
    },
    "notifications": {
        "id": "u(n)", "user_id": "u(n % 30)", "type": "'mention'", "resource_kind": "'conversation'",
        "resource_id": "u(n)",
        "read_at": "CASE WHEN n % 20 > 0 THEN now() END",
    },
    "presences": {"user_id": "u(n)", "console_id": "u(n)", "conversation_id": "CASE n % 3 WHEN 0 THEN u(n / 3) END"},
    "runs": {
        "id": "u(n)", "kind": "'answer'", "conversation_id": "u(n / 2)",
        "created_at": "now() - n * interval '1 second'",
        "state": "CASE n % 50 WHEN 0 THEN 'queued' ELSE 'complete' END",
    },
    "knowledge_gaps": {
        "id": "u(n)", "agent_id": "u(n % 50)", "question": "''", "normalised_hash": _HASH, "trigger": "'no_hit'",
        "status": "CASE WHEN n % 10 > 0 THEN 'dismissed' ELSE 'open' END", "occurrences": "n % 90",
    },
    "gap_occurrences": {
        "id": "u(n)", "gap_id": "u(n / 10)", "conversation_id": "u(n / 3)", "seq": "n % 3", "question": "''",
        "normalised_hash": _HASH, "trigger": "'no_hit'",
    },
    "curated_answers": {
        "id": "u(n)", "agent_id": "u(n % 50)", "questions": "'[]'", "answer": "''",
        "origin_gap_id": "CASE n % 2 WHEN 0 THEN u(n) END", "retired_at": "CASE n % 5 WHEN 1 THEN now() END",
    },
    "feedback": {
        "conversation_id": "u(n)", "seq": "2", "rating": "CASE n % 3 WHEN 0 THEN 'down' ELSE 'up' END",
        "handled_at": "CASE WHEN n % 30 > 0 THEN now() END", "updated_at": "now() - n * interval '1 minute'",
    },
    "leads": {"id": "u(n)", "agent_id": "u(n % 50)", "email": "'P' || n || '@example.test'"},
    "usage_reservations": {
        "run_id": "u(n)", "metric": "'answers'", "period": "'month'", "window_start": "now()", "n": "1",
        "state": "CASE WHEN n % 20 > 0 THEN 'committed' ELSE 'held' END",
        "expires_at": "now() + n * interval '1 second'",
    },
    "usage_events": {
        "id": "u(n)", "idempotency_key": "'k' || n", "metric": "'answers'",
        "occurred_at": "now() - n * interval '1 hour'",
    },
}  # fmt: skip


def fill(superuser_url: str) -> None:
    """Fill an empty, migrated database. Foreign keys are not looked at: ids are made from numbers."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "CREATE FUNCTION u(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE"
            " AS $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$"
        )
        for table, columns in ROWS.items():
            for workspace, count in ((BUSY, 4000), (QUIET, 400)):
                names = sql.SQL(", ").join(map(sql.Identifier, columns))
                values = sql.SQL(", ").join(map(sql.SQL, columns.values()))
                rows = sql.SQL("generate_series(1, {}) n").format(count)
                connection.execute(
                    sql.SQL("INSERT INTO {} (workspace_id, {}) SELECT {}, {} FROM {}").format(
                        sql.Identifier(table), names, workspace, values, rows
                    )
                )
        connection.execute("DROP FUNCTION u")
        connection.execute("ANALYZE")
