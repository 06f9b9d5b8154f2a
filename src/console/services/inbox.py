"""The inbox: pages by keyset, what waits for a person first, by priority, then what is mine, then the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console.db.engine import Database, ReadTx
from console.domain.actor import Actor
from console.domain.conversation import Control, HandoffReason, Status
from console.domain.inbox import Cursor, InboxCounts, InboxFilter, InboxPage, InboxRow
from console.domain.message import MessageRole
from console.domain.query import Query, parse_query
from console.ids import ConversationId, UserId
from console.services.conversations import desk_fields, visitor_name
from console.services.inbox_query import query_conditions, query_values
from console.services.unit import reading
from console.text import one_line, sanitise

COUNT_CAP = 1000
"""Counts stop here: a tab then shows 999+."""


@dataclass(frozen=True, slots=True)
class _Section:
    where: str
    keys: tuple[str, ...]
    ascending: bool = False
    source: str = "conversations"

    @property
    def order(self) -> str:
        way = "ASC" if self.ascending else "DESC"
        return ", ".join(f"c.{key} {way}" for key in (*self.keys, "id"))

    @property
    def beyond(self) -> str:
        keys = ", ".join(f"c.{key}" for key in (*self.keys, "id"))
        marks = ", ".join(f":{key}" for key in (*self.keys, "id"))
        return f"({keys}) {'>' if self.ascending else '<'} ({marks})"

    def cursor(self, number: int, row: Any) -> Cursor:
        at, priority = getattr(row, self.keys[-1]), row.priority if len(self.keys) > 1 else None
        return Cursor(number, at, ConversationId(row.id), priority)

    def marks(self, cursor: Cursor) -> dict[str, Any]:
        first = {"priority": cursor.priority or 0} if len(self.keys) > 1 else {}
        return first | {self.keys[-1]: cursor.at, "id": cursor.id}


_WAITING = "c.status = 'open' AND c.control = 'human' AND c.claimed_by_user_id IS NULL"
_NOT_WAITING = "(c.control = 'ai' OR c.claimed_by_user_id IS NOT NULL)"
# Two indexes, each in the page's order.
_MINE = """(
    SELECT * FROM conversations WHERE workspace_id = :ws AND claimed_by_user_id = :me
    UNION ALL
    SELECT * FROM conversations WHERE workspace_id = :ws AND assigned_to_user_id = :me AND status = 'open'
        AND claimed_by_user_id IS NULL)"""
# A visitor who opened the chat and left nothing is nobody's work until a person makes it so. No EXISTS, which may be
# planned as a hash of all events.
_SHOWN_AT_ALL = """(
    c.last_seq > 0 OR c.status <> 'open' OR c.control = 'human' OR c.assigned_to_user_id IS NOT NULL
    OR (c.contact_id IS NOT NULL AND (
        SELECT true FROM conversation_events e WHERE e.workspace_id = c.workspace_id AND e.conversation_id = c.id
            AND e.kind = 'left_address' LIMIT 1)))"""
_REST = (
    f"c.status = 'open' AND {_SHOWN_AT_ALL} AND (c.claimed_by_user_id <> :me OR (c.claimed_by_user_id IS NULL"
    " AND c.control = 'ai' AND c.assigned_to_user_id IS DISTINCT FROM :me))"
)
_SECTIONS = (
    _Section(_WAITING, ("priority", "waiting_since"), ascending=True),
    _Section("true", ("last_message_at",), source=_MINE),
    _Section(_REST, ("last_message_at",)),
    _Section("c.status <> 'open'", ("last_message_at",)),
)
_SHOWN: dict[InboxFilter, dict[int, str]] = {
    InboxFilter.WAITING: {0: "true"},
    InboxFilter.MINE: {1: "true"},
    InboxFilter.AI: {1: "c.control = 'ai'", 2: "c.control = 'ai'"},
    InboxFilter.HUMAN: {0: "true", 1: "c.claimed_by_user_id IS NOT NULL", 2: "c.control = 'human'"},
    InboxFilter.ALL: {0: "true", 1: _NOT_WAITING, 2: "true", 3: "true"},
}

_DETAILS = """
    SELECT page.*, a.name AS agent_name, k.name AS contact_name, u.name AS holder_name, w.name AS assignee_name,
        author.name AS snippet_author, author.user_id AS snippet_author_id,
        ARRAY(SELECT l.name FROM conversation_labels cl JOIN labels l
              ON l.workspace_id = cl.workspace_id AND l.id = cl.label_id
              WHERE cl.workspace_id = page.workspace_id AND cl.conversation_id = page.id
              ORDER BY lower(l.name)) AS labels,
        EXISTS (SELECT FROM drafts d WHERE d.workspace_id = page.workspace_id AND d.conversation_id = page.id
                AND d.user_id = :me AND d.kind = 'reply') AS has_draft,
        EXISTS (SELECT FROM runs r WHERE r.workspace_id = page.workspace_id AND r.conversation_id = page.id
                AND page.control = 'ai' AND r.kind = 'answer' AND (r.state = 'queued'
                OR (r.state = 'running' AND r.lease_expires_at > now()))) AS answering,
        coalesce(page.lease_expires_at > now(), false) AS live,
        (SELECT count(*) FROM (
            SELECT FROM messages m WHERE m.workspace_id = page.workspace_id AND m.conversation_id = page.id
                AND m.role = 'user' AND m.seq > coalesce(seen.last_read_seq, 0) LIMIT 99) AS unseen) AS unread
    FROM page
    JOIN agents a ON a.workspace_id = page.workspace_id AND a.id = page.agent_id
    LEFT JOIN contacts k ON k.workspace_id = page.workspace_id AND k.id = page.contact_id
    LEFT JOIN workspace_users u ON u.workspace_id = page.workspace_id AND u.user_id = page.claimed_by_user_id
    LEFT JOIN workspace_users w ON w.workspace_id = page.workspace_id AND w.user_id = page.assigned_to_user_id
    LEFT JOIN messages said ON said.workspace_id = page.workspace_id AND said.conversation_id = page.id
        AND said.seq = page.last_human_seq AND page.snippet_role = 'human'
    LEFT JOIN workspace_users author ON author.workspace_id = page.workspace_id
        AND author.user_id = said.author_user_id
    LEFT JOIN conversation_reads seen ON seen.workspace_id = page.workspace_id AND seen.conversation_id = page.id
        AND seen.user_id = :me
"""


class Inbox:
    """Lists of conversations for one actor."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(
        self, actor: Actor, filter: InboxFilter, *, text: str = "", after: Cursor | None = None, limit: int = 50
    ) -> InboxPage:
        """The next `limit` rows after a cursor; `text` narrows as `parse_query` reads it."""
        async with reading(self._db, actor, "inbox.read", ("workspace", actor.workspace_id)) as tx:
            return await fetch_page(tx, actor, filter, text=text, after=after, limit=limit)

    async def rows(self, actor: Actor, ids: Sequence[ConversationId]) -> tuple[InboxRow, ...]:
        """These conversations as they are now, in no order; those that don't exist here are left out."""
        async with reading(self._db, actor, "inbox.read", ("workspace", actor.workspace_id)) as tx:
            statement = f"""
                WITH page AS (SELECT c.* FROM conversations c WHERE c.workspace_id = :ws AND c.id = ANY (:ids))
                {_DETAILS}
            """  # noqa: S608 - constants only
            return tuple(_row(row, actor) for row in await tx.rows(statement, ids=list(ids), me=actor.user_id))

    async def counts(self, actor: Actor) -> InboxCounts:
        """How many each tab has, counted up to `COUNT_CAP`."""
        async with reading(self._db, actor, "inbox.read", ("workspace", actor.workspace_id)) as tx:
            row = await tx.row(_COUNTS, me=actor.user_id, cap=COUNT_CAP)
            return InboxCounts(*row) if row else InboxCounts()


async def fetch_page(
    tx: ReadTx, actor: Actor, filter: InboxFilter, *, text: str = "", after: Cursor | None = None, limit: int = 50
) -> InboxPage:
    """One page inside a transaction, section after section until it is full."""
    rows: list[InboxRow] = []
    query = parse_query(text)
    for number, also in _SHOWN[filter].items():
        if after is not None and number < after.section:
            continue
        cursor = after if after is not None and after.section == number and after.id is not None else None
        section, wanted = _SECTIONS[number], limit - len(rows)
        found = await tx.rows(
            _page_statement(section, also, query, cursor),
            me=actor.user_id,
            limit=wanted + 1,
            **(section.marks(cursor) if cursor else {}),
            **query_values(query),
        )
        rows += [_row(row, actor) for row in found[:wanted]]
        if len(found) > wanted:
            return InboxPage(
                tuple(rows), section.cursor(number, found[wanted - 1]) if wanted else Cursor(number, None, None)
            )
    return InboxPage(tuple(rows), None)


def _page_statement(section: _Section, also: str, query: Query, cursor: Cursor | None) -> str:
    conditions = ["c.workspace_id = :ws", section.where, also, *query_conditions(query)]
    wanted = " AND ".join([*conditions, section.beyond] if cursor else conditions)
    return f"""
        WITH page AS (SELECT c.* FROM {section.source} c WHERE {wanted} ORDER BY {section.order} LIMIT :limit)
        {_DETAILS} ORDER BY {section.order.replace("c.", "page.")}
    """  # noqa: S608 - built from constants; all values are bound


_COUNTS = f"""
    SELECT
        (SELECT count(*) FROM (SELECT FROM conversations c WHERE c.workspace_id = :ws AND {_WAITING} LIMIT :cap) q),
        (SELECT count(*) FROM (SELECT FROM {_MINE} c LIMIT :cap) q),
        (SELECT count(*) FROM (SELECT FROM conversations c WHERE c.workspace_id = :ws AND c.status = 'open'
                               AND c.control = 'ai' AND {_SHOWN_AT_ALL} LIMIT :cap) q),
        (SELECT count(*) FROM (SELECT FROM conversations c WHERE c.workspace_id = :ws AND c.status = 'open'
                               AND c.control = 'human' LIMIT :cap) q),
        (SELECT count(*) FROM (SELECT FROM conversations c WHERE c.workspace_id = :ws
                               AND {_SHOWN_AT_ALL} LIMIT :cap) q),
        (SELECT count(*) FROM (SELECT FROM conversations c WHERE c.workspace_id = :ws
                               AND c.claimed_by_user_id = :me AND c.lease_expires_at > now() LIMIT :cap) q)
"""  # noqa: S608 - constants only


def _row(row: Any, actor: Actor) -> InboxRow:
    holder = row.claimed_by_user_id if row.live else None
    return InboxRow(
        id=ConversationId(row.id),
        visitor_name=visitor_name(row.contact_name, row.id),
        agent_name=one_line(row.agent_name),
        status=Status(row.status),
        control=Control(row.control),
        holder_id=UserId(holder) if holder else None,
        holder_name=one_line(row.holder_name or ""),
        mine=holder == actor.user_id,
        epoch=row.epoch,
        waiting_since=row.waiting_since,
        handoff_reason=HandoffReason(row.handoff_reason) if row.handoff_reason else None,
        confidence=row.last_confidence,
        last_message_at=row.last_message_at,
        snippet=sanitise(row.snippet),
        snippet_role=MessageRole(row.snippet_role) if row.snippet_role else None,
        snippet_author=one_line(row.snippet_author or ""),
        snippet_mine=row.snippet_author_id == actor.user_id,
        unread=row.unread,
        has_draft=row.has_draft,
        answering=row.answering,
        last_visitor_seq=row.last_visitor_seq,
        **desk_fields(row),
    )
