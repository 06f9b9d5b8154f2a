"""The edge of every use case: one transaction, the actor's role read again in it, denials audited."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.actor import Actor, Role
from console.errors import NotAllowedError, NotFoundError, NotSignedInError
from console.services import audit

Resource = tuple[str, UUID | None]
"""What an act is about: its kind and id."""


@asynccontextmanager
async def reading(
    db: Database, actor: Actor, action: str, resource: Resource, role: Role = Role.VIEWER
) -> AsyncIterator[ReadTx]:
    """A read as `actor`. Raises `NotAllowedError` below `role`; denials and misses are audited."""
    async with _denials(db, actor, action, resource), db.read(actor.workspace_id) as tx:
        await _check(tx, actor, role)
        yield tx


@asynccontextmanager
async def writing(
    db: Database, actor: Actor, action: str, resource: Resource, role: Role = Role.MEMBER
) -> AsyncIterator[WriteTx]:
    """A write as `actor`, committed at the end. Raises `NotAllowedError` below `role`; denials are audited."""
    async with _denials(db, actor, action, resource), db.write(actor.workspace_id) as tx:
        await _check(tx, actor, role)
        yield tx


async def current_role(tx: ReadTx, actor: Actor) -> Role:
    """The actor's role as it stands in this transaction.

    Raises `NotAllowedError` when the membership has ended, `NotSignedInError` when the session has.
    """
    row = await tx.row(
        "SELECT role, cast(:hash AS bytea) IS NULL OR auth_session_open(:hash) AS open FROM workspace_users"
        " WHERE workspace_id = :ws AND user_id = :user AND left_at IS NULL",
        user=actor.user_id, hash=actor.session_hash,
    )  # fmt: skip
    if row is None:
        raise NotAllowedError("you are no member of this workspace", hint="ask its owner for an invitation")
    if not row.open:
        raise NotSignedInError("your session has ended", hint="console login")
    return Role.parse(row.role)


async def _check(tx: ReadTx, actor: Actor, role: Role) -> None:
    replace(actor, role=await current_role(tx, actor)).require(role)


@asynccontextmanager
async def _denials(db: Database, actor: Actor, action: str, resource: Resource) -> AsyncIterator[None]:
    try:
        yield
    except (NotAllowedError, NotFoundError):
        async with db.write(actor.workspace_id) as tx:
            await audit.record(tx, actor, action, resource, outcome="denied")
        raise
