"""An inbox page by keyset over a million conversations in a thousand workspaces, row security on and off.

Floor: the same transaction as a role that bypasses row security. Page 10,000 is compared with page 1.
One workspace is large enough to have ten thousand pages.
"""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

import psycopg

from benchmarks.common import interleaved, report, scratch_server
from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.inbox import Cursor, InboxFilter
from console.ids import ConversationId, UserId, WorkspaceId
from console.services.inbox import fetch_page
from console.text import sanitise

PAGE = 50
LARGE = 520_000
ROUNDS = 300
USER = UUID(int=1)


def fill(url: str, total: int, workspaces: int) -> None:
    """Make `total` conversations with a message each; workspace 1 has the large share."""
    large = min(LARGE, total // 2)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (
            "ALTER ROLE CURRENT_USER SET synchronous_commit = off",
            "CREATE ROLE bench_unfenced LOGIN BYPASSRLS PASSWORD 'bench' IN ROLE console_app",
            f"""CREATE TEMP TABLE w AS SELECT n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id
                FROM generate_series(1, {workspaces}) n""",
            "INSERT INTO users (id, email, name, password_hash)"
            " VALUES ('00000000-0000-0000-0000-000000000001', 'b@example.test', 'b', '')",
            "INSERT INTO workspaces (id, slug, name) SELECT id, 'w' || n, 'w' FROM w",
            "INSERT INTO workspace_users (workspace_id, user_id, role, name, email)"
            " SELECT id, '00000000-0000-0000-0000-000000000001', 'member', 'b', 'b@example.test' FROM w",
            "INSERT INTO agents (workspace_id, id, slug, name, draft_hash, widget_key)"
            " SELECT id, id, 'a', 'A', '', 'k' FROM w",
            f"""CREATE TEMP TABLE c AS SELECT g AS n, w.id AS ws, gen_random_uuid() AS id
                FROM generate_series(1, {total}) g
                JOIN w ON w.n = CASE WHEN g <= {large} THEN 1 ELSE 2 + g % {workspaces - 1} END""",
            """INSERT INTO conversations (workspace_id, id, agent_id, visitor_id, last_seq, last_visitor_seq, snippet,
                   snippet_role, control, waiting_since, priority, last_message_at)
               SELECT ws, id, ws, id::text, 1, 1, 'where is my parcel', 'user',
                   CASE WHEN n % 1000 = 0 THEN 'human' ELSE 'ai' END,
                   CASE WHEN n % 1000 = 0 THEN now() - n * interval '1 second' END, n / 1000 % 4,
                   now() - n * interval '1 second'
               FROM c""",
            "INSERT INTO messages (workspace_id, conversation_id, seq, role, content)"
            " SELECT ws, id, 1, 'user', 'hello' FROM c",
            "VACUUM ANALYZE",
        ):
            connection.execute(statement)


async def measure(app_url: str, unfenced_url: str) -> None:
    fenced, unfenced = Database(app_url), Database(unfenced_url)
    workspace_id = WorkspaceId(UUID("00000000-0000-7000-8000-000000000001"))
    actor = Actor(UserId(USER), workspace_id, Role.MEMBER, sanitise("b"), sanitise("b"))
    deep = await cursor_of_page(fenced, workspace_id, 10_000)
    queue = await cursor_of_queue(fenced, workspace_id, 5)

    async def page(db: Database, after: Cursor | None, filter: InboxFilter = InboxFilter.AI) -> None:
        async with db.read(workspace_id) as tx:
            assert len((await fetch_page(tx, actor, filter, after=after, limit=PAGE)).rows) == PAGE

    await interleaved(20, warm_fenced=lambda: page(fenced, None), warm_unfenced=lambda: page(unfenced, None))
    figures = await interleaved(
        ROUNDS,
        page_1=lambda: page(fenced, None),
        page_1_unfenced=lambda: page(unfenced, None),
        page_10000=lambda: page(fenced, deep),
        page_10000_unfenced=lambda: page(unfenced, deep),
        waiting_1=lambda: page(fenced, None, InboxFilter.WAITING),
        waiting_5=lambda: page(fenced, queue, InboxFilter.WAITING),
    )
    report(
        ms=figures,
        row_security_ratio=figures["page_1"] / figures["page_1_unfenced"],
        row_security_ratio_deep=figures["page_10000"] / figures["page_10000_unfenced"],
        deep_ratio=figures["page_10000"] / figures["page_1"],
        waiting_ratio=figures["waiting_5"] / figures["waiting_1"],
        promised={"row_security_ratio": 1.2, "deep_ratio": "about 1", "waiting_ratio": "about 1"},
    )
    await fenced.close()
    await unfenced.close()


async def cursor_of_page(db: Database, workspace_id: WorkspaceId, number: int) -> Cursor:
    async with db.read(workspace_id) as tx:
        row = await tx.row(
            "SELECT last_message_at, id FROM conversations"
            " WHERE workspace_id = :ws AND status = 'open' AND control = 'ai'"
            " ORDER BY last_message_at DESC, id DESC OFFSET :skip LIMIT 1",
            skip=number * PAGE - 1,
        )
    assert row is not None
    return Cursor(2, row.last_message_at, ConversationId(row.id))


async def cursor_of_queue(db: Database, workspace_id: WorkspaceId, number: int) -> Cursor:
    async with db.read(workspace_id) as tx:
        row = await tx.row(
            "SELECT priority, waiting_since, id FROM conversations"
            " WHERE workspace_id = :ws AND status = 'open' AND control = 'human' AND claimed_by_user_id IS NULL"
            " ORDER BY priority, waiting_since, id OFFSET :skip LIMIT 1",
            skip=number * PAGE - 1,
        )
    assert row is not None
    return Cursor(0, row.waiting_since, ConversationId(row.id), row.priority)


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 1_020_000
    with scratch_server() as urls:
        fill(urls.superuser, total, 1000)
        user = urls.app.partition("://")[2].partition("@")[0]
        asyncio.run(measure(urls.app, urls.app.replace(user, "bench_unfenced:bench", 1)))


if __name__ == "__main__":
    main()
