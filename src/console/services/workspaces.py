"""Workspaces: the first one of a fresh server, and the ones that signed-in people make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from psycopg import IntegrityError
from sqlalchemy import select

from console.db.engine import Database, ReadTx, WriteTx
from console.db.models.identity import Workspace as WorkspaceRow
from console.domain.actor import Actor, Role
from console.domain.agent_settings import check_settings
from console.domain.names import check_email, check_name, check_slug
from console.domain.workspace import Founded, NewWorkspace, Workspace
from console.errors import ConflictError, NotFoundError
from console.ids import AgentId, WorkspaceId, new_id
from console.services import audit
from console.services.agent_rows import agent_row, draft_snapshot, insert_agent, to_agent
from console.services.passwords import hash_password
from console.services.people import add_membership, ensure_user
from console.services.unit import reading
from console.services.versions import insert_version, point_to
from console.text import one_line, sanitise

_FIRST = 7_310_443_016
"""Advisory lock: two first workspaces at once wait for each other."""


class Workspaces:
    """Makes and reads workspaces."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create_first(self, new: NewWorkspace) -> Founded:
        """Make the first workspace of a server with owner and published agent, all or nothing.

        Raises `ConflictError` when the server has people already, `InvalidInputError` for a bad name or password.
        """
        return await self._found(new, first=True)

    async def found(self, new: NewWorkspace) -> Founded:
        """As `create_first`, beside others; for programs that set up a server, there is no actor to ask.

        An owner whose e-mail is known keeps name and password.
        """
        return await self._found(new, first=False)

    async def create(self, actor: Actor, slug: str, name: str) -> Workspace:
        """Make a workspace whose owner is the actor; `ConflictError` when the slug is taken."""
        id = WorkspaceId(new_id())
        slug, name = check_slug(slug), check_name(name)
        owner = replace(actor, workspace_id=id, role=Role.OWNER)
        async with _taken(slug), self._db.write(id) as tx:
            workspace = await _insert(tx, slug, name)
            await add_membership(tx, actor.user_id, actor.email, actor.name, Role.OWNER)
            await audit.record(tx, owner, "workspace.create", ("workspace", id))
            return workspace

    async def get(self, actor: Actor) -> Workspace:
        """The actor's workspace."""
        async with reading(self._db, actor, "workspace.read", ("workspace", actor.workspace_id)) as tx:
            return await _get(tx)

    async def _found(self, new: NewWorkspace, *, first: bool) -> Founded:
        new = _checked(new)
        settings = check_settings({"name": new.agent_name})
        password_hash = await hash_password(new.owner_password)
        id = WorkspaceId(new_id())
        async with _taken(new.slug), self._db.write(id) as tx:
            if first:
                await _refuse_second(tx)
            workspace = await _insert(tx, new.slug, new.name, new.plan)
            user_id, _ = await ensure_user(tx, new.owner_email, new.owner_name, password_hash)
            await add_membership(tx, user_id, new.owner_email, new.owner_name, Role.OWNER)
            owner = Actor(user_id, id, Role.OWNER, sanitise(new.owner_name), sanitise(new.owner_email))
            await audit.record(tx, owner, "workspace.create", ("workspace", id))
            agent_id = await insert_agent(tx, new.agent_slug, settings)
            await _publish_first(tx, owner, agent_id)
            return Founded(workspace, owner, to_agent(await agent_row(tx, agent_id)))


def _checked(new: NewWorkspace) -> NewWorkspace:
    check_slug(new.slug)
    check_slug(new.agent_slug)
    return replace(
        new,
        name=check_name(new.name, "workspace's name"),
        owner_email=check_email(new.owner_email),
        owner_name=check_name(new.owner_name, "owner's name"),
        agent_name=check_name(new.agent_name, "agent's name"),
    )


async def _refuse_second(tx: WriteTx) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock(:key)", key=_FIRST)
    if await tx.scalar("SELECT auth_any_user()"):
        raise ConflictError("this server has been set up already", hint="console login")


async def _insert(tx: WriteTx, slug: str, name: str, plan: str = "free") -> Workspace:
    if await tx.scalar("SELECT auth_slug_taken(:slug)", slug=slug):
        raise _slug_taken(slug)
    await tx.execute(
        "INSERT INTO workspaces (id, slug, name, plan, created_at, billing_anchor)"
        " SELECT :ws, :slug, :name, :plan, at, date_trunc('day', at, 'UTC')"
        " FROM coalesce(cast(:back AS timestamptz), now()) AS at",
        slug=slug, name=name, plan=plan,
    )  # fmt: skip
    await audit.begin_chain(tx)
    return await _get(tx)


async def _publish_first(tx: WriteTx, owner: Actor, agent_id: AgentId) -> None:
    await audit.record(tx, owner, "agent.create", ("agent", agent_id))
    snapshot = await draft_snapshot(tx, await agent_row(tx, agent_id))
    note = "the first version"
    version_id = await insert_version(tx, agent_id, snapshot, note, owner.user_id)
    await point_to(tx, owner, agent_id, version_id, "agent.publish", note, None)


async def _get(tx: ReadTx) -> Workspace:
    row = await tx.one(select(WorkspaceRow).where(WorkspaceRow.id == tx.workspace_id))
    if row is None:
        raise NotFoundError("there is no such workspace")
    return Workspace(
        id=WorkspaceId(row.id),
        slug=sanitise(row.slug),
        name=one_line(row.name),
        plan=sanitise(row.plan),
        time_zone=sanitise(row.time_zone),
        active=row.active,
    )


@asynccontextmanager
async def _taken(slug: str) -> AsyncIterator[None]:
    """Turn the unique index's refusal, which a race can reach, into the error of the look-up before it."""
    try:
        yield
    except IntegrityError as error:
        raise _slug_taken(slug) from error


def _slug_taken(slug: str) -> ConflictError:
    return ConflictError(f"the slug {slug!r} is taken", hint="choose another one")
