"""A desk to measure at: a scratch server with one operator signed in, and conversations by the thousand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from benchmarks.common import scratch_server
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.workspace import NewWorkspace
from console.ids import AgentId, WorkspaceId
from console.services import Services

PASSWORD = "benchmark-password"  # noqa: S105 - of a server that lives for minutes
EMAIL = "b@example.test"


@dataclass(frozen=True, slots=True)
class Desk:
    """Who sits there and where."""

    urls: ServerUrls
    actor: Actor
    agent_id: AgentId
    widget_key: str
    token: str

    @property
    def workspace_id(self) -> WorkspaceId:
        """Its workspace."""
        return self.actor.workspace_id

    @property
    def env(self) -> dict[str, str]:
        """What a console needs to be this operator's."""
        return {
            "DATABASE_URL": self.urls.app,
            "DATABASE_GATEWAY_URL": self.urls.gateway or "",
            "CONSOLE_SESSION_TOKEN": self.token,
        }


@contextmanager
def desk(conversations: int, messages: int = 6, *, days: int = 0) -> Iterator[Desk]:
    """A desk with so many conversations, one in a hundred waiting, each of so many messages, all so many days old."""
    with scratch_server() as urls:
        seated = asyncio.run(_sit(urls))
        fill(seated, conversations, messages, days=days)
        yield seated


async def _sit(urls: ServerUrls) -> Desk:
    db = Database(urls.app)
    services = Services(db)
    founded = await services.workspaces.found(
        NewWorkspace(slug="bench", name="Bench", owner_email=EMAIL, owner_name="B",
                     owner_password=PASSWORD, agent_slug="a", agent_name="Helper")
    )  # fmt: skip
    signed = await services.auth.login(EMAIL, PASSWORD)
    agent = founded.agent
    await db.close()
    return Desk(urls, founded.owner, agent.id, agent.public_key, signed.token)


def fill(seated: Desk, conversations: int, messages: int, *, waiting: int = 100, days: int = 0) -> None:
    """Add conversations by plain SQL, one in `waiting` of them waits; all are so many days old."""
    params = {
        "ws": seated.workspace_id, "agent": seated.agent_id, "n": conversations, "m": messages, "every": waiting,
        "days": days,
    }  # fmt: skip
    with psycopg.connect(seated.urls.superuser, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")  # no triggers: a million rows in seconds
        connection.execute(_CONVERSATIONS, params)
        connection.execute(_MESSAGES, params)
        connection.execute("VACUUM ANALYZE")


_CONVERSATIONS = """
    INSERT INTO conversations (workspace_id, id, agent_id, visitor_id, last_seq, last_visitor_seq, snippet,
        snippet_role, control, waiting_since, handoff_reason, last_message_at)
    SELECT %(ws)s, gen_random_uuid(), %(agent)s, 'v' || g, %(m)s, %(m)s, 'where is my parcel number ' || g || '?',
        'user', CASE WHEN waits THEN 'human' ELSE 'ai' END, CASE WHEN waits THEN at END,
        CASE WHEN waits THEN 'customer_request' END, at
    FROM generate_series(1, %(n)s) g,
        LATERAL (SELECT g %% %(every)s = 0 AS waits,
                 now() - g * interval '3 seconds' - make_interval(days => %(days)s) AS at) row
"""
_MESSAGES = """
    INSERT INTO messages (workspace_id, conversation_id, seq, role, content, created_at)
    SELECT c.workspace_id, c.id, s, CASE WHEN s %% 2 = 0 THEN 'user' ELSE 'assistant' END,
        'Message ' || s || ': my order has not arrived, it was to come on Monday and I am still waiting for it.',
        c.last_message_at - (%(m)s - s) * interval '10 seconds'
    FROM conversations c, generate_series(1, %(m)s) s
    WHERE c.workspace_id = %(ws)s
        AND NOT EXISTS (SELECT FROM messages m WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id)
"""
