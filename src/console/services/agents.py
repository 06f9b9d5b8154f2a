"""Agents and their drafts. Nothing here reaches a visitor: that takes a publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from console.db.engine import Database, ReadTx
from console.db.models.agents import Agent as AgentRow
from console.domain.actor import Actor, Role
from console.domain.agent import Agent, AgentDraft
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
from console.services.unit import reading, writing


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
                raise _changed(row.draft_revision, revision)
            if content_hash(snapshot_of(wanted, await source_ids(tx, wanted))) != row.draft_hash:
                await store_draft(tx, id, wanted, revision)
                await audit.record(tx, actor, "agent.edit", ("agent", id))
                tx.hint("agent", id)
            return await _draft(tx, id)


async def _draft(tx: ReadTx, which: AgentId | str) -> AgentDraft:
    row = await agent_row(tx, which)
    return AgentDraft(to_agent(row), await draft_settings(tx, row))


def _changed(now: int, then: int) -> ConflictError:
    return ConflictError(
        f"the draft was changed by somebody since: it is at revision {now}, not {then}",
        hint="read it again and make your changes there",
    )
