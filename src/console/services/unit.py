"""The edge of every use case: one transaction, the actor's role read again in it, denials audited."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from uuid import UUID

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.actor import Actor, Role
from console.errors import ConsoleError, NotAllowedError, NotFoundError
from console.ids import WorkspaceId
from console.services import audit
from console.services.session_check import checked
from console.services.session_sql import STANDING

Resource = tuple[str, UUID | None]
"""What an act is about: its kind and id."""

SEEN_SECONDS = 60


@asynccontextmanager
async def reading(
    db: Database, actor: Actor, action: str, resource: Resource, role: Role = Role.VIEWER
) -> AsyncIterator[ReadTx]:
    """A read as `actor`. Raises `NotAllowedError` below `role`; denials and misses are audited."""
    async with _denials(db, actor, action, resource):
        async with db.read(actor.workspace_id) as tx:
            idle = await _check(tx, actor, role)
            yield tx
        await _seen(db, actor, idle)


@asynccontextmanager
async def writing(
    db: Database, actor: Actor, action: str, resource: Resource, role: Role = Role.MEMBER
) -> AsyncIterator[WriteTx]:
    """A write as `actor`, committed at the end. Raises `NotAllowedError` below `role`; denials are audited."""
    async with _denials(db, actor, action, resource):
        async with db.write(actor.workspace_id) as tx:
            idle = await _check(tx, actor, role)
            yield tx
        await _seen(db, actor, idle)


async def enter(tx: WriteTx, workspace_id: WorkspaceId) -> None:
    """Make a transaction, begun without a tenant, this workspace's from here on."""
    # SET takes no parameters: only a UUID object's own text may stand here.
    await tx.execute(f"SET LOCAL app.workspace_id = '{UUID(int=workspace_id.int)}'")
    tx.workspace_id = workspace_id


async def current_role(tx: ReadTx, actor: Actor) -> Role:
    """The actor's role as it stands in this transaction.

    Raises `NotMemberError` when the membership has ended, `NotSignedInError` when the session has.
    """
    return (await _standing(tx, actor))[0]


async def _standing(tx: ReadTx, actor: Actor) -> tuple[Role, float]:
    """The role, and the seconds since the session was last seen."""
    return checked(await tx.row(STANDING, user=actor.user_id, hash=actor.session_hash))


async def _check(tx: ReadTx, actor: Actor, role: Role) -> float:
    held, idle = await _standing(tx, actor)
    replace(actor, role=held).require(role)
    return idle


async def _seen(db: Database, actor: Actor, idle: float) -> None:
    """Note that the session is in use, once a minute; never in the act's own transaction, which would hold its row."""
    if idle >= SEEN_SECONDS:
        with suppress(ConsoleError):  # the act itself is done
            async with db.write(None) as tx:
                await tx.execute("SELECT auth_touch_session(:hash)", hash=actor.session_hash)


@asynccontextmanager
async def _denials(db: Database, actor: Actor, action: str, resource: Resource) -> AsyncIterator[None]:
    try:
        yield
    except (NotAllowedError, NotFoundError):
        async with db.write(actor.workspace_id) as tx:
            await audit.record(tx, actor, action, resource, outcome="denied")
        raise
