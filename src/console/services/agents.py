"""Agents and their drafts. Nothing here reaches a visitor: that takes a publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import IntegrityError

from console.db.engine import Database, ReadTx
from console.db.models.agents import Agent as AgentRow
from console.domain.actor import Actor, Role
from console.domain.agent import Agent, AgentDraft
from console.domain.agent_diff import AgentOverview
from console.domain.agent_settings import check_settings
from console.domain.names import check_name, check_slug
from console.errors import ConflictError
from console.ids import AgentId
from console.services import audit
from console.services.agent_rows import (
    agent_row,
    agents,
    content_hash,
    draft_settings,
    insert_agent,
    snapshot_of,
    source_ids,
    store_draft,
    to_agent,
)
from console.services.curated_rows import drafted
from console.services.unit import reading, writing
from console.services.version_diff import diff_in
from console.text import one_line


class Agents:
    """Agents of a workspace: everybody in it sees them, admins change them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create(self, actor: Actor, slug: str, name: str, settings: Mapping[str, Any] | None = None) -> Agent:
        """Make an agent, not yet published. `ConflictError` when the slug is taken, `InvalidInputError` otherwise."""
        wanted = check_settings({**(settings or {}), "name": check_name(name)})
        try:
            async with writing(self._db, actor, "agent.create", ("agent", None), Role.ADMIN) as tx:
                id = await insert_agent(tx, check_slug(slug), wanted)
                await audit.record(tx, actor, "agent.create", ("agent", id))
                return to_agent(await agent_row(tx, id))
        except IntegrityError as error:
            raise ConflictError(f"this workspace has an agent {slug!r} already", hint="choose another slug") from error

    async def list(self, actor: Actor) -> tuple[Agent, ...]:
        """All agents by slug."""
        async with reading(self._db, actor, "agent.list", ("agent", None)) as tx:
            return tuple(to_agent(row) for row in await tx.rows(agents(tx).order_by(AgentRow.slug)))

    async def overview(self, actor: Actor) -> tuple[AgentOverview, ...]:
        """All agents by slug, with how many changes each draft has and the answers of the last seven days."""
        async with reading(self._db, actor, "agent.list", ("agent", None)) as tx:
            answers = {row.agent_id: int(row.answers) for row in await tx.rows(_ANSWERS)}
            rows = await tx.rows(agents(tx).order_by(AgentRow.slug))
            return tuple(
                [AgentOverview(to_agent(row), await _changes(tx, row), answers.get(row.id, 0)) for row in rows]
            )

    async def draft(self, actor: Actor, which: AgentId | str) -> AgentDraft:
        """An agent by id or slug, with its draft; `NotFoundError` when there is none."""
        async with reading(self._db, actor, "agent.read", ("agent", None)) as tx:
            return await _draft(tx, which)

    async def edit(self, actor: Actor, id: AgentId, settings: Mapping[str, Any], *, revision: int) -> AgentDraft:
        """Replace the draft that was read at `revision`; settings left out take their defaults.

        Raises `SettingError` for a bad setting, `ConflictError` when the draft has changed since, `NotFoundError`.
        """
        wanted = check_settings(settings)
        async with writing(self._db, actor, "agent.edit", ("agent", id), Role.ADMIN) as tx:
            row = await agent_row(tx, id, lock=True)
            if row.draft_revision != revision:
                raise await _changed(tx, row, revision)
            snapshot = snapshot_of(wanted, await source_ids(tx, wanted), await drafted(tx, id))
            if content_hash(snapshot) != row.draft_hash:
                await store_draft(tx, id, wanted, revision)
                await audit.record(tx, actor, "agent.edit", ("agent", id))
                tx.hint("agent", id)
            return await _draft(tx, id)


_ANSWERS = (
    "SELECT agent_id, sum(quantity) AS answers FROM usage_events WHERE workspace_id = :ws AND metric = 'answers'"
    " AND occurred_at >= now() - interval '7 days' AND occurred_at < now() GROUP BY agent_id"
)


async def _changes(tx: ReadTx, row: Any) -> int:
    if row.draft_hash == row.live_hash or row.live_number is None:
        return 0
    return (await diff_in(tx, row, "live", "draft")).count


async def _draft(tx: ReadTx, which: AgentId | str) -> AgentDraft:
    row = await agent_row(tx, which)
    return AgentDraft(to_agent(row), await draft_settings(tx, row))


_CHANGED_BY = """
    SELECT u.name, e.created_at FROM (SELECT * FROM audit_events WHERE workspace_id = :ws ORDER BY seq DESC LIMIT 500) e
    JOIN workspace_users u ON u.workspace_id = :ws AND u.user_id = e.actor_user_id
    WHERE e.outcome = 'done' AND (e.resource_id = :id AND e.action = 'agent.edit'
        OR e.resource_kind = 'curated_answer' AND e.resource_id IN (
            SELECT id FROM curated_answers WHERE workspace_id = :ws AND agent_id = :id))
    ORDER BY e.seq DESC LIMIT 1
"""


async def _changed(tx: ReadTx, row: Any, then: int) -> ConflictError:
    last = await tx.row(_CHANGED_BY, id=row.id)
    who = f"{one_line(last.name, 60)} since, at {last.created_at:%H:%M} UTC" if last else "somebody since"
    return ConflictError(
        f"the draft was changed by {who}: it is at revision {row.draft_revision}, not {then}",
        hint="read it again and make your changes there",
    )
