"""The visitor's side, as the gateway's role: begin a conversation, write, read. Nothing else is in its reach."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.clock import utc_now
from console.db.engine import Database, WriteTx
from console.domain.actor import Visitor
from console.domain.keys import parse_public_key, visitor_token
from console.domain.message import Sent
from console.domain.presence import TYPING_SECONDS
from console.errors import InvalidInputError, NotFoundError
from console.ids import ConversationId, new_id
from console.services.contacts import contact_of
from console.services.content import checked, same_content, snippet
from console.services.events import note_event, queue_answer
from console.services.visitor_access import authenticate, secret_hash, unknown, visitor_of

TOKEN_BYTES = 32
PAGE_CHARACTERS = 100_000
"""A page of messages ends before it grows longer, though never before its first message."""

_LIMITS = {"name": 200, "email": 320, "page": 2000, "domain": 253, "visitor_id": 200}


@dataclass(frozen=True, slots=True)
class Started:
    """A new conversation and the one copy of its visitor's token."""

    conversation_id: ConversationId
    visitor_token: str


@dataclass(frozen=True, slots=True)
class Followed:
    """Messages after a seq, as `Visitors.read` gives them, and how the conversation stands.

    `control` is `ai` or `human`, `waiting` whether no person has come yet, and `typing_seconds` how long the one who
    answers is seen typing if nothing more is heard: 0 when nobody types.
    """

    messages: list[dict[str, Any]]
    control: str
    waiting: bool = False
    typing_seconds: float = 0.0


class Visitors:
    """What a visitor may do."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def start(self, public_key: str, profile: Mapping[str, str]) -> Started:
        """Begin a conversation with a published agent.

        `profile` may hold name, email, page, domain, visitor_id. Raises `NotFoundError` for an unknown key or
        an agent that is not published, `InvalidInputError` for a field that is too long.
        """
        workspace_id, key = parse_public_key(public_key)
        given = _checked_profile(profile)
        async with self._db.write(workspace_id) as tx:
            agent = await tx.row(
                "SELECT a.id FROM agents a JOIN workspaces w ON w.id = a.workspace_id AND w.active"
                " WHERE a.workspace_id = :ws AND a.widget_key = :key AND a.status = 'active'"
                " AND a.published_version_id IS NOT NULL",
                key=key,
            )
            if agent is None:
                raise NotFoundError("no published agent has this key")
            id, secret = ConversationId(new_id()), secrets.token_urlsafe(TOKEN_BYTES)
            await tx.execute(
                "INSERT INTO conversations (workspace_id, id, agent_id, contact_id, visitor_id, visitor_token_hash,"
                " domain, page, started_at, last_message_at, created_at, updated_at)"
                " VALUES (:ws, :id, :agent, :contact, :visitor, :hash, :domain, :page, :now, :now, :now, :now)",
                id=id, agent=agent.id, contact=await contact_of(tx, given.get("name", ""), given.get("email") or None),
                visitor=given.get("visitor_id") or id.hex, hash=secret_hash(secret), domain=given.get("domain", ""),
                page=given.get("page", ""), now=utc_now(),
            )  # fmt: skip
            tx.hint("conversation", id)
            return Started(id, visitor_token(workspace_id, id, secret))

    async def send(self, token: str, id: ConversationId, content: str, *, key: str) -> Sent:
        """Store the visitor's message once per idempotency `key`, and queue the AI's answer if the AI speaks.

        Raises `NotFoundError` when the token is not this conversation's, `InvalidInputError` for what can't be
        stored, `ConflictError` for a key used with other words.
        """
        content = checked(content)
        key = f"visitor:{key}"  # Never the token of a reply or a note, which share the index.
        visitor, secret = visitor_of(token, id)
        async with self._db.write(visitor.workspace_id) as tx:
            await authenticate(tx, visitor, secret, lock=True)
            earlier = await tx.row(
                "SELECT seq, content FROM messages"
                " WHERE workspace_id = :ws AND conversation_id = :id AND client_token = :key",
                id=id, key=key,
            )  # fmt: skip
            if earlier is not None:
                same_content(earlier.content, content)
                return Sent(earlier.seq, repeated=True)
            return await _store(tx, visitor, content, key)

    async def read(self, token: str, id: ConversationId, *, after: int = 0, limit: int = 200) -> list[dict[str, Any]]:
        """Messages after a seq as the visitor may see them: raw text for JSON, notes never."""
        return (await self.follow(token, id, after=after, limit=limit)).messages

    async def follow(self, token: str, id: ConversationId, *, after: int = 0, limit: int = 200) -> Followed:
        """As `read`, and how the conversation stands, both of one moment."""
        visitor, secret = visitor_of(token, id)
        async with self._db.read(visitor.workspace_id) as tx:
            await authenticate(tx, visitor, secret)
            now = await tx.row(_STANDING, id=id, answer_seconds=ANSWER_SECONDS)
            rows = await tx.rows(_PAGE, id=id, after=after, limit=limit, most=PAGE_CHARACTERS)
            if now is None:
                raise unknown()
            return Followed([_said(row) for row in rows], now.control, now.waiting, float(now.typing_seconds))

    async def typing(self, token: str, id: ConversationId) -> None:
        """Let the operators see for 6 seconds that the visitor types; `NotFoundError` as for `send`."""
        visitor, secret = visitor_of(token, id)
        async with self._db.write(visitor.workspace_id) as tx:
            await authenticate(tx, visitor, secret)
            await tx.execute(
                "INSERT INTO visitor_presences (workspace_id, conversation_id, typing_until, seen_at)"
                " VALUES (:ws, :id, now() + make_interval(secs => :lasts), now())"
                " ON CONFLICT (workspace_id, conversation_id)"
                " DO UPDATE SET typing_until = excluded.typing_until, seen_at = excluded.seen_at",
                id=id, lasts=TYPING_SECONDS,
            )  # fmt: skip
            tx.hint("presence", id)

    async def agent_lists(self, public_key: str, origin: str) -> bool:
        """Whether pages of this origin may talk with the agent of that key; False for an unknown one."""
        try:
            workspace_id, key = parse_public_key(public_key)
        except NotFoundError:
            return False
        async with self._db.read(workspace_id) as tx:
            found = await tx.scalar(_AGENT_LISTS, key=key, origin=origin)
            return found is not None

    async def conversation_lists(self, id: ConversationId, origin: str) -> bool:
        """Whether pages of this origin may talk with the conversation's agent; False for an unknown one."""
        async with self._db.read(None) as tx:
            return bool(await tx.scalar("SELECT conversation_lists_origin(:id, :origin)", id=id, origin=origin))


_AGENT_LISTS = """
    SELECT 1 FROM agents a
    JOIN agent_origins o ON o.workspace_id = a.workspace_id AND o.agent_id = a.id AND o.origin = :origin
    WHERE a.workspace_id = :ws AND a.widget_key = :key
"""

ANSWER_SECONDS = 60
"""For so long an answer that is due counts as being typed: a worker may be down."""

_STANDING = """
    SELECT c.control, c.control = 'human' AND c.claimed_by_user_id IS NULL AS waiting, coalesce(CASE c.control
        WHEN 'human' THEN (
            SELECT extract(epoch FROM max(p.typing_until) - now()) FROM presences p
            WHERE p.workspace_id = :ws AND p.user_id = c.claimed_by_user_id AND p.conversation_id = :id
              AND p.typing_until > now())
        ELSE (
            SELECT extract(epoch FROM max(r.created_at) - now()) + :answer_seconds FROM runs r
            WHERE r.workspace_id = :ws AND r.conversation_id = :id AND r.kind = 'answer'
              AND r.state IN ('queued', 'running') AND r.created_at > now() - make_interval(secs => :answer_seconds))
        END, 0) AS typing_seconds
    FROM conversations c WHERE c.workspace_id = :ws AND c.id = :id
"""

_PAGE = """
    SELECT seq, role, content, citations, created_at FROM (
        SELECT m.*, sum(length(content)) OVER (ORDER BY seq) - length(content) AS before FROM (
            SELECT seq, role, content, citations, created_at FROM messages
            WHERE workspace_id = :ws AND conversation_id = :id AND seq > :after
              AND role IN ('user', 'assistant', 'human')
            ORDER BY seq LIMIT :limit) m) page
    WHERE before < :most ORDER BY seq
"""


def _said(row: Any) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "role": row.role,
        "content": row.content,
        "citations": row.citations,
        "created_at": row.created_at.isoformat(),
    }


def _checked_profile(profile: Mapping[str, str]) -> dict[str, str]:
    for name, value in profile.items():
        if len(value) > _LIMITS[name]:
            raise InvalidInputError(f"{name} has {len(value)} characters, more than {_LIMITS[name]}")
        if "\x00" in value:
            raise InvalidInputError(f"{name} holds a NUL byte")
    return {name: value.strip() for name, value in profile.items()}


_STORE = """
    WITH before AS (SELECT status FROM conversations WHERE workspace_id = :ws AND id = :id),
    c AS (
        UPDATE conversations SET last_seq = last_seq + 1, last_visitor_seq = last_seq + 1, last_message_at = :now,
            updated_at = :now, snippet = :snippet, snippet_role = 'user', snoozed_until = NULL, ended_at = NULL,
            epoch = CASE status WHEN 'open' THEN epoch ELSE epoch + 1 END, status = 'open',
            waiting_since = CASE control WHEN 'human' THEN coalesce(waiting_since, :now) END
        WHERE workspace_id = :ws AND id = :id RETURNING last_seq, control, agent_id),
    m AS (
        INSERT INTO messages (workspace_id, conversation_id, seq, role, content, client_token, created_at)
        SELECT :ws, :id, last_seq, 'user', :content, :key, :now FROM c)
    SELECT c.last_seq AS seq, c.control, c.agent_id, before.status FROM c, before
"""


async def _store(tx: WriteTx, visitor: Visitor, content: str, key: str) -> Sent:
    id = visitor.conversation_id
    row = await tx.row(_STORE, id=id, content=content, key=key, snippet=snippet(content), now=utc_now())
    if row is None:
        raise unknown()
    if row.status != "open":
        await note_event(tx, visitor, id, "reopened")
    if row.control == "ai":
        await queue_answer(tx, id, row.agent_id)
    tx.hint("conversation", id)
    return Sent(row.seq, repeated=False)
