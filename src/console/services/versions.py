"""Published versions: immutable, and one pointer that says which of them visitors meet."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from console.db.engine import Database, ReadTx, WriteTx
from console.domain import setting_kinds as kinds
from console.domain.actor import Actor, Principal, Role
from console.domain.agent import AgentVersion, Published
from console.domain.agent_settings import DEFAULT_THRESHOLD
from console.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from console.ids import AgentId, SourceId, UserId, VersionId, new_id
from console.services import audit
from console.services.agent_rows import agent_row, content_hash, draft_snapshot
from console.services.unit import reading, writing
from console.text import sanitise

MAX_NOTE = 2000
_VERSION = """
    SELECT v.id, v.agent_id, v.number, v.note, v.created_at, v.snapshot, coalesce(u.name, '') AS author,
        v.id = a.published_version_id AS live
    FROM agent_versions v JOIN agents a ON a.workspace_id = v.workspace_id AND a.id = v.agent_id
    LEFT JOIN workspace_users u ON u.workspace_id = v.workspace_id AND u.user_id = v.author_user_id
    WHERE v.workspace_id = :ws AND v.agent_id = :agent
"""

_BEFORE = """
    SELECT id FROM agent_versions WHERE workspace_id = :ws AND agent_id = :agent AND number < :number
    ORDER BY number DESC LIMIT 1
"""
_NUMBERED = "SELECT id FROM agent_versions WHERE workspace_id = :ws AND agent_id = :agent AND number = :number"


class Versions:
    """Publish and roll back: admins only, each with a note in the audit log."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def publish(
        self, actor: Actor, agent_id: AgentId, *, note: str = "", expected: VersionId | None
    ) -> AgentVersion:
        """Make the draft the next version and let visitors meet it; `expected` is the version now live (None: none).

        Raises `ConflictError` when another is live by now, `RefusedError` when nothing has changed, `NotFoundError`.
        """
        note = _checked(note)
        async with writing(self._db, actor, "agent.publish", ("agent", agent_id), Role.ADMIN) as tx:
            row = await agent_row(tx, agent_id, lock=True)
            _expect(row, expected)
            snapshot = await draft_snapshot(tx, row)
            if content_hash(snapshot) == row.live_hash:
                raise RefusedError(f"nothing to publish: the draft is what version {row.live_number} has")
            id = await insert_version(tx, agent_id, snapshot, note, actor.user_id)
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
            rows = await tx.rows(f"{_VERSION} ORDER BY v.number DESC LIMIT :limit", agent=agent_id, limit=limit)
            return tuple(_to_version(row) for row in rows)


async def published(tx: ReadTx, agent_id: AgentId, version_id: VersionId | None = None) -> Published:
    """What visitors meet: the live version, or the `version_id` that a run began with. Never the draft.

    Raises `NotFoundError` for an agent that is unknown or was never published.
    """
    row = await tx.row(
        "SELECT v.id, v.number, v.snapshot FROM agents a JOIN agent_versions v ON v.workspace_id = a.workspace_id"
        " AND v.agent_id = a.id AND v.id = coalesce(cast(:version AS uuid), a.published_version_id)"
        " WHERE a.workspace_id = :ws AND a.id = :agent",
        agent=agent_id, version=version_id,
    )  # fmt: skip
    if row is None:
        raise NotFoundError("this agent has no published version", hint="console agent publish")
    snapshot = row.snapshot
    sources = snapshot.get("sources")
    return Published(
        agent_id=agent_id,
        version_id=VersionId(row.id),
        number=row.number,
        name=snapshot.get("name", ""),
        threshold=snapshot.get("retrieval_config", {}).get("threshold", DEFAULT_THRESHOLD),
        sources=None if sources is None else tuple(SourceId(UUID(text)) for text in sources),
        snapshot=snapshot,
    )


async def insert_version(
    tx: WriteTx, agent_id: AgentId, snapshot: dict[str, Any], note: str, author: UserId
) -> VersionId:
    """Add the next version of an agent whose row is locked."""
    id = VersionId(new_id())
    await tx.execute(
        "INSERT INTO agent_versions (workspace_id, id, agent_id, number, snapshot, content_hash, note, author_user_id)"
        " SELECT :ws, :id, :agent, coalesce(max(number), 0) + 1, cast(:snapshot AS jsonb), :hash, :note, :author"
        " FROM agent_versions WHERE workspace_id = :ws AND agent_id = :agent",
        id=id, agent=agent_id, snapshot=json.dumps(snapshot), hash=content_hash(snapshot), note=note, author=author,
    )  # fmt: skip
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
    return _to_version(await tx.row(f"{_VERSION} AND v.id = :id", agent=agent_id, id=id))


async def _target(tx: WriteTx, row: Any, to: int | None) -> VersionId:
    if to is not None and to == row.live_number:
        raise RefusedError(f"version {to} is live already")
    id = await tx.scalar(
        _BEFORE if to is None else _NUMBERED, agent=row.id, number=row.live_number if to is None else to
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
    return AgentVersion(
        id=VersionId(row.id),
        agent_id=AgentId(row.agent_id),
        number=row.number,
        note=sanitise(row.note),
        author_name=sanitise(row.author),
        created_at=row.created_at,
        snapshot=row.snapshot,
        live=bool(row.live),
    )
