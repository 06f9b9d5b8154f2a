"""Published versions: immutable, and one pointer that says which of them visitors meet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from console.db.engine import Database, ReadTx, WriteTx
from console.db.models.agents import Agent
from console.db.models.agents import AgentVersion as VersionRow
from console.db.models.identity import WorkspaceUser
from console.domain import setting_kinds as kinds
from console.domain.actor import Actor, Principal, Role
from console.domain.agent import AgentVersion, Published
from console.domain.agent_diff import AgentDiff, Reference
from console.domain.agent_settings import DEFAULT_THRESHOLD
from console.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from console.ids import AgentId, SourceId, UserId, VersionId, new_id
from console.services import audit
from console.services.agent_rows import agent_row, content_hash, draft_snapshot
from console.services.curated_rows import Vectors, embedded_questions, insert_answers, known_vectors, questions_of
from console.services.unit import reading, writing
from console.services.version_diff import diff_in
from console.text import sanitise

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

MAX_NOTE = 2000
_NO_VERSION = VersionId(UUID(int=0))
_OF_AGENT = and_(Agent.workspace_id == VersionRow.workspace_id, Agent.id == VersionRow.agent_id)
_BY_AUTHOR = and_(
    WorkspaceUser.workspace_id == VersionRow.workspace_id, WorkspaceUser.user_id == VersionRow.author_user_id
)


class _UnreadError(Exception):
    """Curated answers have questions that no model has read yet."""

    def __init__(self, questions: Sequence[str], known: dict[str, str]) -> None:
        super().__init__()
        self.questions = questions
        self.known = known


class Versions:
    """Publish and roll back: admins only, each with a note in the audit log."""

    def __init__(self, db: Database, embedder: Embedder | None = None) -> None:
        """`embedder` is the packaged one: it reads the questions of curated answers."""
        self._db = db
        self._embedder = embedder

    async def publish(
        self, actor: Actor, agent_id: AgentId, *, note: str = "", expected: VersionId | None
    ) -> AgentVersion:
        """Make the draft the next version and let visitors meet it; `expected` is the version now live (None: none).

        Raises `ConflictError` when another is live by now, `RefusedError` when nothing has changed, `NotFoundError`.
        """
        note = _checked(note)
        vectors: dict[str, str] = {}
        while True:
            try:
                return await self._publish(actor, agent_id, note, expected, vectors)
            except _UnreadError as unread:
                # Outside any transaction: a draft whose questions change meanwhile is read once more.
                vectors |= unread.known | await embedded_questions(unread.questions, self._embedder)

    async def _publish(
        self, actor: Actor, agent_id: AgentId, note: str, expected: VersionId | None, vectors: Mapping[str, str]
    ) -> AgentVersion:
        async with writing(self._db, actor, "agent.publish", ("agent", agent_id), Role.ADMIN) as tx:
            row = await agent_row(tx, agent_id, lock=True)
            _expect(row, expected)
            snapshot = await draft_snapshot(tx, row)
            if content_hash(snapshot) == row.live_hash:
                raise RefusedError(f"nothing to publish: the draft is what version {row.live_number} has")
            if unread := [question for question in questions_of(snapshot) if question not in vectors]:
                known = await known_vectors(tx, row.published_version_id)
                if unread := [question for question in unread if question not in known]:
                    raise _UnreadError(unread, known)
                vectors = {**vectors, **known}
            id = await insert_version(tx, agent_id, snapshot, note, actor.user_id, vectors)
            return await _point(tx, actor, agent_id, id, "agent.publish", note, expected)

    async def rollback(
        self,
        actor: Actor,
        agent_id: AgentId,
        *,
        to: int | None = None,
        note: str = "",
        expected: VersionId | None,
    ) -> AgentVersion:
        """Let visitors meet an earlier version again: number `to`, else the one before the live one.

        The draft stays as it is. Raises `ConflictError` when another than `expected` is live by now, `RefusedError`
        when there is nothing earlier or `to` is live, `NotFoundError` for an unknown agent or number.
        """
        note = _checked(note)
        async with writing(self._db, actor, "agent.rollback", ("agent", agent_id), Role.ADMIN) as tx:
            row = await agent_row(tx, agent_id, lock=True)
            _expect(row, expected)
            id = await _target(tx, row, to)
            return await _point(tx, actor, agent_id, id, "agent.rollback", note, expected)

    async def list(self, actor: Actor, agent_id: AgentId, *, limit: int = 100) -> tuple[AgentVersion, ...]:
        """The newest versions first; `NotFoundError` for an unknown agent."""
        async with reading(self._db, actor, "agent.versions", ("agent", agent_id)) as tx:
            await agent_row(tx, agent_id)
            tx.narrow(agent_id)
            newest = _versions(tx, agent_id).order_by(VersionRow.number.desc()).limit(limit)
            return tuple(_to_version(row) for row in await tx.rows(newest))

    async def diff(
        self, actor: Actor, agent: AgentId | str, left: Reference = "live", right: Reference = "draft"
    ) -> AgentDiff:
        """What differs from `left` to `right`; `NotFoundError` for an unknown agent or version."""
        async with reading(self._db, actor, "agent.diff", ("agent", None)) as tx:
            return await diff_in(tx, await agent_row(tx, agent), left, right)


async def published(tx: ReadTx, agent_id: AgentId, version_id: VersionId | None = None) -> Published:
    """What visitors meet: the live version, or the `version_id` that a run began with. Never the draft.

    Raises `NotFoundError` for an agent that is unknown or was never published.
    """
    row = await tx.one(
        select(VersionRow)
        .join(Agent, _OF_AGENT)
        .where(VersionRow.workspace_id == tx.workspace_id, VersionRow.agent_id == agent_id)
        .where(VersionRow.id == (version_id or Agent.published_version_id))
    )
    return to_published(agent_id, *((row.id, row.number, row.snapshot) if row else (None, None, None)))


def to_published(agent_id: AgentId, id: UUID | None, number: int | None, snapshot: Any) -> Published:
    """The version of these columns; `NotFoundError` where there is none."""
    if id is None or number is None:
        raise NotFoundError("this agent has no published version", hint="console agent publish")
    return _published(agent_id, VersionId(id), number, snapshot)


async def as_if_published(tx: ReadTx, agent_row: Any) -> Published:
    """The draft of the agent of this row as visitors would meet it, for those who try it."""
    return _published(AgentId(agent_row.id), _NO_VERSION, 0, await draft_snapshot(tx, agent_row))


def _published(agent_id: AgentId, version_id: VersionId, number: int, snapshot: Mapping[str, Any]) -> Published:
    sources = snapshot.get("sources")
    return Published(
        agent_id=agent_id,
        version_id=version_id,
        number=number,
        name=snapshot.get("name", ""),
        threshold=snapshot.get("retrieval_config", {}).get("threshold", DEFAULT_THRESHOLD),
        sources=None if sources is None else tuple(SourceId(UUID(text)) for text in sources),
        snapshot=snapshot,
    )


async def insert_version(
    tx: WriteTx, agent_id: AgentId, snapshot: dict[str, Any], note: str, author: UserId, vectors: Vectors | None = None
) -> VersionId:
    """Add the next version of an agent whose row is locked; `vectors` has each question of its curated answers."""
    id = VersionId(new_id())
    await tx.execute(
        "INSERT INTO agent_versions (workspace_id, id, agent_id, number, snapshot, content_hash, note, author_user_id,"
        " created_at) SELECT :ws, :id, :agent, coalesce(max(number), 0) + 1, cast(:snapshot AS jsonb), :hash, :note,"
        " :author, coalesce(cast(:back AS timestamptz), now())"
        " FROM agent_versions WHERE workspace_id = :ws AND agent_id = :agent",
        id=id, agent=agent_id, snapshot=json.dumps(snapshot), hash=content_hash(snapshot), note=note, author=author,
    )  # fmt: skip
    await insert_answers(tx, id, snapshot, vectors or {})
    return id


async def point_to(
    tx: WriteTx,
    principal: Principal,
    agent_id: AgentId,
    id: VersionId,
    action: str,
    note: str,
    expected: VersionId | None,
) -> None:
    """Move the published pointer by compare-and-set, audited; `ConflictError` when it points elsewhere by now."""
    moved = await tx.scalar(
        "UPDATE agents SET published_version_id = :id, updated_at = now() WHERE workspace_id = :ws AND id = :agent"
        " AND published_version_id IS NOT DISTINCT FROM cast(:expected AS uuid) RETURNING 1",
        id=id, agent=agent_id, expected=expected,
    )  # fmt: skip
    if not moved:
        raise _conflict()
    await audit.record(tx, principal, action, ("agent", agent_id), evidence=[f"agent_version:{id}"], text=note)
    tx.hint("agent", agent_id)


async def _point(
    tx: WriteTx, actor: Actor, agent_id: AgentId, id: VersionId, action: str, note: str, expected: VersionId | None
) -> AgentVersion:
    await point_to(tx, actor, agent_id, id, action, note, expected)
    return _to_version(await tx.row(_versions(tx, agent_id).where(VersionRow.id == id)))


def _versions(tx: ReadTx, agent_id: AgentId) -> Select[VersionRow, str, bool]:
    return (
        select(
            VersionRow,
            func.coalesce(WorkspaceUser.name, "").label("author"),
            (VersionRow.id == Agent.published_version_id).label("live"),
        )
        .join(Agent, _OF_AGENT)
        .outerjoin(WorkspaceUser, _BY_AUTHOR)
        .where(VersionRow.workspace_id == tx.workspace_id, VersionRow.agent_id == agent_id)
    )


async def _target(tx: WriteTx, row: Any, to: int | None) -> VersionId:
    if to is not None and to == row.live_number:
        raise RefusedError(f"version {to} is live already")
    wanted = VersionRow.number < (row.live_number or 0) if to is None else VersionRow.number == to
    id = await tx.one(
        select(VersionRow.id)
        .where(VersionRow.workspace_id == tx.workspace_id, VersionRow.agent_id == row.id, wanted)
        .order_by(VersionRow.number.desc())
        .limit(1)
    )
    if id is not None:
        return VersionId(id)
    if to is not None:
        raise NotFoundError(f"this agent has no version {to}", hint="console agent versions")
    raise RefusedError("there is no earlier version", hint="console agent versions")


def _expect(row: Any, expected: VersionId | None) -> None:
    if row.published_version_id != expected:
        raise _conflict()


def _conflict() -> ConflictError:
    return ConflictError("somebody has published or rolled back since", hint="look at the versions, then try again")


def _checked(note: str) -> str:
    try:
        return kinds.text(MAX_NOTE)(note).strip()
    except ValueError as error:
        raise InvalidInputError(f"the note {error}") from None


def _to_version(row: Any) -> AgentVersion:
    version: VersionRow = row.AgentVersion
    return AgentVersion(
        id=VersionId(version.id),
        agent_id=AgentId(version.agent_id),
        number=version.number,
        note=sanitise(version.note),
        author_name=sanitise(row.author),
        created_at=version.created_at,
        snapshot=version.snapshot,
        live=bool(row.live),
    )
