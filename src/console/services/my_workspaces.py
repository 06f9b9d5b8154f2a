"""All my workspaces: memberships by the session, then each under its own tenant and with the person's role there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any

from console.db.engine import Database, ReadTx
from console.domain.actor import Actor, Role
from console.domain.glance import Glance, Publish, WorkspaceDetails
from console.domain.quota import Period, window
from console.domain.workspace import Membership
from console.errors import ConsoleError, NotFoundError
from console.ids import WorkspaceId
from console.services.credentials import Credentials
from console.services.inbox import Inbox
from console.services.members import Members
from console.services.models import Models
from console.services.overviews import Overviews
from console.services.presence import Presence
from console.services.unit import reading
from console.services.workspaces import Workspaces
from console.text import one_line, sanitise

GLANCE_SECONDS = 5.0
_AT_ONCE = 4


class MyWorkspaces:
    """What a person belongs to; each workspace is read by itself, so that one in trouble holds up no other."""

    def __init__(self, db: Database, models: Models | None = None) -> None:
        self._db = db
        self._models = models or Models(db)

    async def list(self, actor: Actor) -> tuple[Membership, ...]:
        """The workspaces of the actor's session, the oldest membership first; an actor without one sees its own."""
        if actor.session_hash is None:
            here = await Workspaces(self._db).get(actor)
            return (Membership(here.id, here.slug, here.name, actor.role),)
        async with self._db.read(None) as tx:
            rows = await tx.rows("SELECT * FROM auth_memberships(:hash)", hash=actor.session_hash)
        return tuple(_membership(row) for row in rows)

    async def glance(self, actor: Actor, membership: Membership, *, seconds: float = GLANCE_SECONDS) -> Glance:
        """What a workspace needs now; what goes wrong, or takes longer than `seconds`, is the glance's `trouble`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._glance(actor_in(actor, membership), membership)
        except TimeoutError:
            return Glance(membership, trouble=one_line(f"no answer within {seconds:g} s"))
        except ConsoleError as error:
            return Glance(membership, trouble=one_line(error.message))

    async def glances(self, actor: Actor, memberships: Iterable[Membership]) -> AsyncIterator[Glance]:
        """A glance at each, in the order in which they come; a few are read at once."""
        few = asyncio.Semaphore(_AT_ONCE)

        async def one(membership: Membership) -> Glance:
            async with few:
                return await self.glance(actor, membership)

        tasks = [asyncio.create_task(one(each), name="glance") for each in memberships]
        try:
            for ready in asyncio.as_completed(tasks):
                yield await ready
        finally:
            for task in tasks:
                task.cancel()

    async def details(self, actor: Actor, membership: Membership) -> WorkspaceDetails:
        """What is set in one of them, and who is in it."""
        there = actor_in(actor, membership)
        admin = membership.role >= Role.ADMIN
        in_force = await self._models.settings(there)
        async with reading(self._db, there, "workspace.read", ("workspace", there.workspace_id)) as tx:
            row = await tx.row(_SETTINGS)
        if row is None:
            raise NotFoundError("there is no such workspace")
        return WorkspaceDetails(
            workspace=await Workspaces(self._db).get(there),
            created_at=row.created_at,
            window=window(Period.MONTH, row.billing_anchor, row.now),
            max_seats=row.max_seats,
            endpoint=sanitise(in_force.endpoint.host if in_force.endpoint else ""),
            chat=sanitise(in_force.chat),
            embedding=sanitise(in_force.embedding),
            credentials=await Credentials(self._db).all(there) if admin else None,
            members=await Members(self._db).list(there),
            present=await Presence(self._db).present(there),
        )

    async def switch(self, actor: Actor, slug: str) -> tuple[Actor, Membership]:
        """Make one of them the session's active workspace, and act there; `NotFoundError` for none of the person's."""
        found = next((each for each in await self.list(actor) if each.slug == slug), None)
        if found is None:
            raise NotFoundError(f"you have no workspace {one_line(slug, 80)!r}", hint="console workspace list")
        if actor.session_hash is not None:
            async with self._db.write(None) as tx:
                await tx.execute(
                    "SELECT auth_switch_workspace(:hash, :there)", hash=actor.session_hash, there=found.workspace_id
                )
        return actor_in(actor, found), found

    async def _glance(self, there: Actor, membership: Membership) -> Glance:
        counts = await Inbox(self._db).counts(there)
        overview = await Overviews(self._db).get(there)
        async with reading(self._db, there, "workspace.read", ("workspace", there.workspace_id)) as tx:
            last = await _last_publish(tx)
        return Glance(
            membership, counts.waiting, overview.failing_sources, overview.quota_percent, overview.quota_soft, last
        )


def actor_in(actor: Actor, membership: Membership) -> Actor:
    """The same person in another workspace."""
    return replace(actor, workspace_id=membership.workspace_id, role=membership.role)


def _membership(row: Any) -> Membership:
    return Membership(WorkspaceId(row.workspace_id), sanitise(row.slug), one_line(row.name), Role.parse(row.role))


async def _last_publish(tx: ReadTx) -> Publish | None:
    row = await tx.row(_LAST_PUBLISH)
    return Publish(sanitise(row.slug), row.number, row.created_at, one_line(row.author or "")) if row else None


_SETTINGS = "SELECT created_at, billing_anchor, max_seats, now() AS now FROM workspaces WHERE id = :ws"
_LAST_PUBLISH = """
    SELECT a.slug, v.number, v.created_at, u.name AS author FROM agent_versions v
    JOIN agents a ON a.workspace_id = v.workspace_id AND a.id = v.agent_id
    LEFT JOIN workspace_users u ON u.workspace_id = v.workspace_id AND u.user_id = v.author_user_id
    WHERE v.workspace_id = :ws ORDER BY v.created_at DESC, v.id DESC LIMIT 1
"""
