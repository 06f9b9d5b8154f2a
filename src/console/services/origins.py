"""Which web pages may talk to the gateway for an agent: none until an admin lists their origin."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from console.db.engine import Database, ReadTx
from console.domain.actor import Actor, Role
from console.domain.origin import check_origin
from console.errors import ConflictError, NotFoundError, RefusedError
from console.ids import AgentId
from console.services import audit
from console.services.agent_rows import agent_row
from console.services.unit import reading, writing
from console.text import SafeText, sanitise

MAX_ORIGINS = 100


class Origins:
    """The origins of each agent: everybody in the workspace sees them, admins change them.

    A change holds from its commit on, without a publish: the gateway asks for each request of a browser.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(self, actor: Actor, agent: AgentId | str) -> tuple[SafeText, ...]:
        """The agent's origins in alphabetical order; `NotFoundError` for an unknown agent."""
        async with reading(self._db, actor, "agent.origin.list", ("agent", None)) as tx:
            return await _listed(tx, (await agent_row(tx, agent)).id)

    async def add(self, actor: Actor, agent: AgentId | str, origin: str) -> SafeText:
        """List an origin; gives it as it was stored.

        Raises `InvalidInputError` for what is no single origin, `ConflictError` when it is listed, `NotFoundError`,
        `RefusedError` when the list is full.
        """
        origin = check_origin(origin)
        async with writing(self._db, actor, "agent.origin.add", ("agent", None), Role.ADMIN) as tx:
            row = await agent_row(tx, agent, lock=True)
            if len(await _listed(tx, row.id)) >= MAX_ORIGINS:
                raise RefusedError(f"{row.slug} has {MAX_ORIGINS} origins, which is the most", hint="remove one first")
            added = await tx.scalar(
                "INSERT INTO agent_origins (workspace_id, agent_id, origin, created_by_user_id)"
                " VALUES (:ws, :agent, :origin, :user) ON CONFLICT DO NOTHING RETURNING origin",
                agent=row.id, origin=origin, user=actor.user_id,
            )  # fmt: skip
            if added is None:
                raise ConflictError(f"{origin} is on the list of {row.slug} already")
            await audit.record(tx, actor, "agent.origin.add", ("agent", row.id), evidence=[f"origin:{origin}"])
            return sanitise(added)

    async def remove(self, actor: Actor, agent: AgentId | str, origin: str) -> SafeText:
        """Take an origin from the list; `NotFoundError` when it is not on it, else as `add`."""
        origin = check_origin(origin)
        async with writing(self._db, actor, "agent.origin.remove", ("agent", None), Role.ADMIN) as tx:
            row: Any = await agent_row(tx, agent)
            removed = await tx.scalar(
                "DELETE FROM agent_origins WHERE workspace_id = :ws AND agent_id = :agent AND origin = :origin"
                " RETURNING origin",
                agent=row.id, origin=origin,
            )  # fmt: skip
            if removed is None:
                hint = f"console agent origin list {row.slug}"
                raise NotFoundError(f"{origin} is not on the list of {row.slug}", hint=hint)
            await audit.record(tx, actor, "agent.origin.remove", ("agent", row.id), evidence=[f"origin:{origin}"])
            return sanitise(removed)


async def _listed(tx: ReadTx, agent_id: UUID) -> tuple[SafeText, ...]:
    rows = await tx.rows(
        "SELECT origin FROM agent_origins WHERE workspace_id = :ws AND agent_id = :agent ORDER BY origin",
        agent=agent_id,
    )
    return tuple(sanitise(row.origin) for row in rows)
