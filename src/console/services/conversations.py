"""Reading conversations: the state, the transcript, what was read, and why the AI said what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.engine import Database, ReadTx
from console.domain.actor import Actor, Role
from console.domain.conversation import Control, Conversation, HandoffReason, Holder, Priority, Status
from console.domain.feedback import Feedback
from console.domain.lead import LEFT
from console.domain.message import MAX_EVENT_CHARS, Citation, Event, Message, MessageRole, Transcript
from console.errors import InvalidInputError, NotFoundError
from console.ids import AgentId, ChunkId, ConversationId, RunId, UserId, parse_beginning
from console.services.feedback import feedback_of
from console.services.unit import reading, writing
from console.text import SafeText, one_line, sanitise

if TYPE_CHECKING:
    from console.domain.run import Suggestion, Trace

_CONVERSATION = """
    SELECT c.*, a.name AS agent_name, v.number AS agent_version, k.name AS contact_name, u.name AS holder_name,
        w.name AS assignee_name, coalesce(r.last_read_seq, 0) AS last_read_seq, c.lease_expires_at > now() AS live,
        ARRAY(SELECT l.name FROM conversation_labels cl JOIN labels l
              ON l.workspace_id = cl.workspace_id AND l.id = cl.label_id
              WHERE cl.workspace_id = c.workspace_id AND cl.conversation_id = c.id ORDER BY lower(l.name)) AS labels
    FROM conversations c
    JOIN agents a ON a.workspace_id = c.workspace_id AND a.id = c.agent_id
    LEFT JOIN agent_versions v ON v.workspace_id = a.workspace_id AND v.id = a.published_version_id
    LEFT JOIN contacts k ON k.workspace_id = c.workspace_id AND k.id = c.contact_id
    LEFT JOIN workspace_users u ON u.workspace_id = c.workspace_id AND u.user_id = c.claimed_by_user_id
    LEFT JOIN workspace_users w ON w.workspace_id = c.workspace_id AND w.user_id = c.assigned_to_user_id
    LEFT JOIN conversation_reads r ON r.workspace_id = c.workspace_id AND r.conversation_id = c.id AND r.user_id = :me
    WHERE c.workspace_id = :ws AND c.id = :id
"""
_MESSAGES = """
    SELECT m.*, u.name AS author_name, v.number AS agent_version, a.name AS agent_name
    FROM messages m
    JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
    JOIN agents a ON a.workspace_id = c.workspace_id AND a.id = c.agent_id
    LEFT JOIN workspace_users u ON u.workspace_id = m.workspace_id AND u.user_id = m.author_user_id
    LEFT JOIN agent_versions v ON v.workspace_id = m.workspace_id AND v.id = m.agent_version_id
    WHERE m.workspace_id = :ws AND m.conversation_id = :id AND {window}
    ORDER BY m.seq {order} LIMIT :limit
"""
_EVENTS = """
    SELECT e.*, u.name AS actor_name FROM conversation_events e
    LEFT JOIN workspace_users u ON u.workspace_id = e.workspace_id AND u.user_id = e.actor_user_id
    WHERE e.workspace_id = :ws AND e.conversation_id = :id AND e.after_seq BETWEEN :first AND :last
    ORDER BY e.after_seq, e.id
"""
_SUGGESTION = """
    SELECT r.id, r.output_text, r.finished_at FROM runs r
    JOIN conversations c ON c.workspace_id = r.workspace_id AND c.id = r.conversation_id
    WHERE r.workspace_id = :ws AND r.conversation_id = :id AND r.state = 'superseded' AND r.output_text <> ''
      AND r.visitor_seq = c.last_visitor_seq AND c.last_human_seq < r.visitor_seq
    ORDER BY r.id DESC LIMIT 1
"""


class Conversations:
    """Reading one conversation."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, actor: Actor, id: ConversationId) -> Conversation:
        """The conversation; `NotFoundError` when it isn't in the actor's workspace."""
        async with reading(self._db, actor, "conversation.read", ("conversation", id)) as tx:
            return await fetch_conversation(tx, actor, id)

    async def find(self, actor: Actor, text: str) -> ConversationId:
        """The id that this stands for: a whole one as it is, else the one conversation that begins so.

        Raises `InvalidInputError` for what is no id or stands for several, `NotFoundError` when it stands for none.
        """
        first, last = parse_beginning(text, "conversation")
        if first == last:
            return ConversationId(first)
        async with reading(self._db, actor, "conversation.read", ("workspace", actor.workspace_id)) as tx:
            rows = await tx.rows(
                "SELECT id FROM conversations WHERE workspace_id = :ws AND id BETWEEN :first AND :last"
                " ORDER BY id LIMIT 4",
                first=first, last=last,
            )  # fmt: skip
        if not rows:
            raise NotFoundError(f"no conversation here begins with {text[:40]}", hint="`console conv list` shows them")
        if len(rows) > 1:
            some = ", ".join(str(row.id) for row in rows[:3])
            raise InvalidInputError(f"several conversations begin with {text[:40]}", hint=f"give more of it: {some}")
        return ConversationId(rows[0].id)

    async def transcript(
        self,
        actor: Actor,
        id: ConversationId,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Transcript:
        """The last `limit` messages, or those before or after a seq, with the events between them."""
        async with reading(self._db, actor, "conversation.read", ("conversation", id)) as tx:
            conversation = await fetch_conversation(tx, actor, id)
            window, order = _window(after, before)
            rows = await tx.rows(
                _MESSAGES.format(window=window, order=order), id=id, limit=limit, after=after, before=before
            )
            feedback = await feedback_of(tx, id)
            said = {one.seq: one for one in feedback}
            messages = tuple(
                _message(row, conversation, said.get(row.seq)) for row in sorted(rows, key=lambda row: row.seq)
            )
            first = messages[0].seq if messages else (after or 0)
            earlier = first > 1 and after is None
            since = first if earlier else (0 if after is None else after)
            until = messages[-1].seq if before is not None and messages else conversation.last_seq
            events = await tx.rows(_EVENTS, id=id, first=since, last=until)
            return Transcript(id, messages, tuple(_event(row) for row in events), earlier, feedback)

    async def mark_read(self, actor: Actor, id: ConversationId, seq: int) -> None:
        """Remember the highest seq that the actor has seen; it never goes down. `NotFoundError` as in `get`."""
        async with writing(self._db, actor, "conversation.read", ("conversation", id), Role.VIEWER) as tx:
            marked = await tx.row(
                "INSERT INTO conversation_reads (workspace_id, conversation_id, user_id, last_read_seq)"
                " SELECT :ws, id, :me, least(cast(:seq AS integer), last_seq) FROM conversations"
                " WHERE workspace_id = :ws AND id = :id"
                " ON CONFLICT (workspace_id, conversation_id, user_id) DO UPDATE"
                " SET last_read_seq = greatest(conversation_reads.last_read_seq, excluded.last_read_seq),"
                " updated_at = excluded.updated_at RETURNING 1",
                id=id, me=actor.user_id, seq=seq,
            )  # fmt: skip
            if marked is None:
                raise _missing(id)

    async def trace(self, actor: Actor, id: ConversationId, seq: int) -> Trace:
        """Why the assistant wrote the message with this seq; `NotFoundError` when it didn't write it."""
        from console.services.traces import Traces

        return await Traces(self._db).of_message(actor, id, seq)

    async def suggestion(self, actor: Actor, id: ConversationId) -> Suggestion | None:
        """What the AI was about to say to the visitor's last message, when a person came first; as `get` else."""
        from console.domain.run import Suggestion

        async with reading(self._db, actor, "conversation.read", ("conversation", id)) as tx:
            row = await tx.row(_SUGGESTION, id=id)
            if row is None:
                await fetch_conversation(tx, actor, id)
                return None
            return Suggestion(RunId(row.id), sanitise(row.output_text), row.finished_at)


def _missing(id: ConversationId) -> NotFoundError:
    return NotFoundError(f"there is no conversation {id} here", hint="`console conv list` shows them")


async def fetch_conversation(tx: ReadTx, actor: Actor, id: ConversationId) -> Conversation:
    """The conversation as this transaction sees it; `NotFoundError` when there is none."""
    row = await tx.row(_CONVERSATION, id=id, me=actor.user_id)
    if row is None:
        raise _missing(id)
    return Conversation(
        id=ConversationId(row.id),
        agent_id=AgentId(row.agent_id),
        agent_name=one_line(row.agent_name),
        agent_version=row.agent_version,
        visitor_name=visitor_name(row.contact_name, row.id),
        channel=one_line(row.channel),
        page=one_line(row.domain + row.page),
        subject=one_line(row.subject),
        status=Status(row.status),
        control=Control(row.control),
        holder=_holder(row),
        epoch=row.epoch,
        last_seq=row.last_seq,
        last_visitor_seq=row.last_visitor_seq,
        last_read_seq=row.last_read_seq,
        waiting_since=row.waiting_since,
        handoff_reason=HandoffReason(row.handoff_reason) if row.handoff_reason else None,
        started_at=row.started_at,
        last_message_at=row.last_message_at,
        **desk_fields(row),
    )


def desk_fields(row: Any) -> dict[str, Any]:
    """What the staff has put on a conversation: priority, assignee, snooze, labels."""
    return {
        "priority": Priority(row.priority),
        "assignee_id": UserId(row.assigned_to_user_id) if row.assigned_to_user_id else None,
        "assignee_name": one_line(row.assignee_name or ""),
        "snoozed_until": row.snoozed_until,
        "labels": tuple(one_line(name) for name in row.labels),
    }


def visitor_name(name: str | None, id: Any) -> Any:
    """The contact's name, or `visitor 7f3a` for one who gave none."""
    return one_line(name, 60) if name else one_line(f"visitor {id.hex[-4:]}")


def _holder(row: Any) -> Holder | None:
    if row.claimed_by_user_id is None or not row.live:
        return None
    name = one_line(row.holder_name or "")
    return Holder(UserId(row.claimed_by_user_id), name, row.claimed_at, row.lease_expires_at)


def _window(after: int | None, before: int | None) -> tuple[str, str]:
    if after is not None:
        return "m.seq > :after", "ASC"
    return ("m.seq < :before", "DESC") if before is not None else ("true", "DESC")


def _message(row: Any, conversation: Conversation, feedback: Feedback | None) -> Message:
    role = MessageRole(row.role)
    author = {MessageRole.USER: conversation.visitor_name, MessageRole.ASSISTANT: one_line(row.agent_name)}
    return Message(
        seq=row.seq,
        role=role,
        content=sanitise(row.content),
        author_name=author.get(role, one_line(row.author_name or "")),
        author_id=UserId(row.author_user_id) if row.author_user_id else None,
        created_at=row.created_at,
        citations=tuple(_citation(item) for item in row.citations),
        confidence=row.confidence,
        agent_version=row.agent_version,
        run_id=RunId(row.run_id) if row.run_id else None,
        feedback=feedback,
    )


def _citation(item: dict[str, Any]) -> Citation:
    chunk = item.get("chunk_id")
    return Citation(
        title=one_line(str(item.get("title", ""))),
        uri=one_line(str(item.get("uri", "")), 500),
        quote=sanitise(str(item.get("quote", ""))),
        chunk_id=ChunkId(UUID(chunk)) if chunk else None,
    )


def _event(row: Any) -> Event:
    return Event(
        after_seq=row.after_seq,
        kind=row.kind,
        actor_id=UserId(row.actor_user_id) if row.actor_user_id else None,
        actor_name=one_line(row.actor_name or ""),
        detail=_detail(row.kind, row.detail if isinstance(row.detail, dict) else {}),
        created_at=row.created_at,
    )


def _detail(kind: str, known: dict[str, Any]) -> SafeText:
    """The reason of an event, or what a visitor left that was known otherwise, whole."""
    if kind == "left_address":
        return one_line("; ".join(f"{name} {known[name]}" for name in LEFT if name in known), MAX_EVENT_CHARS)
    until = f" until {str(known['resets_at'])[:16].replace('T', ' ')} UTC" if "resets_at" in known else ""
    return one_line(f"{known.get('reason', '')}{until}")
