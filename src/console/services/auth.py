"""Sign-in: a password for a session, a session for an actor in one workspace."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.account import Proof
from console.domain.actor import Actor
from console.domain.workspace import Membership, SignIn
from console.errors import ConflictError, NotSignedInError
from console.ids import UserId
from console.seal import Seal
from console.services import audit
from console.services.proof import Shown, shown_by_email
from console.services.session_check import choose, memberships, not_signed_in
from console.services.session_sql import MEMBERSHIPS, SESSION, hashed
from console.services.unit import enter
from console.text import one_line, sanitise

SESSION_DAYS = 7
_TOKEN_BYTES = 32


class Auth:
    """Sessions of people. The database keeps the SHA-256 of a token, never the token."""

    def __init__(self, db: Database, seal: Seal | None = None) -> None:
        """`seal` opens the secrets of those who are asked for a code."""
        self._db = db
        self._seal = seal or Seal()

    async def login(
        self,
        email: str,
        password: str,
        *,
        code: str | None = None,
        workspace_slug: str | None = None,
        address: str | None = None,
        seen_from: str = "",
        passing: bool = False,
    ) -> SignIn:
        """Open a session of 7 days; one that is `passing`, for a single command, is not in the audit log.

        Raises `NotSignedInError`, always the same, for a wrong or unknown e-mail, password or code and for an account
        or `address` that must wait; `CodeNeededError` where only the code is missing; `NotFoundError` for a workspace
        that is not the person's; `SealError` when the code can't be checked here.
        """
        shown = await shown_by_email(self._db, self._seal, email, Proof(password, code), address)
        async with self._db.write(None) as tx:
            refusal = await shown.settle(tx)
            if refusal is None:
                signed = await self._open(tx, shown, workspace_slug, seen_from)
                await _record(tx, signed, shown, passing)
                return signed
        raise refusal

    async def _open(self, tx: WriteTx, shown: Shown, workspace_slug: str | None, seen_from: str) -> SignIn:
        person, token = shown.person, secrets.token_urlsafe(_TOKEN_BYTES)
        opened = await tx.scalar(
            "SELECT auth_open_session(:hash, :user, now() + make_interval(days => :days), :seen_from, :checked, :totp)",
            hash=hashed(token), user=person.user_id, days=SESSION_DAYS, seen_from=one_line(seen_from),
            checked=person.password_hash, totp=person.totp_sealed,
        )  # fmt: skip
        if not opened:
            raise ConflictError("your password or code was changed at this moment", hint="sign in again")
        memberships = await _memberships(tx, hashed(token))
        active = choose(memberships, workspace_slug, None) if memberships or workspace_slug else None
        if active is not None:
            await _activate(tx, hashed(token), active)
        return SignIn(
            token=token,
            user_id=UserId(person.user_id),
            name=sanitise(person.name),
            email=sanitise(person.email),
            memberships=memberships,
            active_workspace_id=active.workspace_id if active else None,
        )

    async def logout(self, token: str) -> None:
        """End the session; a token that is unknown or ended is no error."""
        async with self._db.write(None) as tx:
            await tx.execute("SELECT auth_close_session(:hash)", hash=hashed(token))

    async def resume(self, token: str, *, workspace_slug: str | None = None) -> Actor:
        """Who acts and where: the workspace named, else the session's active one, else the first.

        `NotSignedInError` for a session that is unknown or over, `NotFoundError` for a workspace that is not
        the person's, whether it exists or not, `NotAllowedError` for a person without any.
        """
        async with self._db.write(None) as tx:
            session = await _session(tx, token)
            chosen = choose(await _memberships(tx, session.hash), workspace_slug, session.active)
        return session.actor(chosen)

    async def memberships(self, token: str) -> tuple[Membership, ...]:
        """The person's workspaces by slug; `NotSignedInError` for a session that is unknown or over."""
        async with self._db.write(None) as tx:
            return await _memberships(tx, (await _session(tx, token)).hash)

    async def switch(self, token: str, slug: str) -> Actor:
        """Make a workspace the session's active one; errors as with `resume`."""
        async with self._db.write(None) as tx:
            session = await _session(tx, token)
            chosen = choose(await _memberships(tx, session.hash), slug, None)
            await _activate(tx, session.hash, chosen)
        return session.actor(chosen)

    async def nobody(self) -> NotSignedInError:
        """What to tell somebody without a session: to sign in, or to begin where no user exists yet."""
        async with self._db.read(None) as tx:
            return await _not_signed_in(tx, "you are not signed in")


@dataclass(frozen=True, slots=True)
class _Session:
    """A session that stands."""

    hash: bytes = field(repr=False)
    row: Any

    @property
    def active(self) -> UUID | None:
        active: UUID | None = self.row.active_workspace_id
        return active

    def actor(self, membership: Membership) -> Actor:
        return Actor(
            user_id=UserId(self.row.user_id),
            workspace_id=membership.workspace_id,
            role=membership.role,
            name=sanitise(self.row.name),
            email=sanitise(self.row.email),
            session_hash=self.hash,
        )


async def _session(tx: WriteTx, token: str) -> _Session:
    row = await tx.row(SESSION, hash=hashed(token))
    if row is None:
        raise await _not_signed_in(tx, "you are not signed in, or your session is over")
    return _Session(hashed(token), row)


async def _not_signed_in(tx: ReadTx, why: str) -> NotSignedInError:
    return not_signed_in(why, anybody=await tx.scalar("SELECT auth_any_user()"))


async def _record(tx: WriteTx, signed: SignIn, shown: Shown, passing: bool) -> None:
    active = next((m for m in signed.memberships if m.workspace_id == signed.active_workspace_id), None)
    if active is None or (passing and not shown.recovered):
        return
    await enter(tx, active.workspace_id)
    actor = Actor(signed.user_id, active.workspace_id, active.role, signed.name, signed.email)
    for act in ("recovery_code.use",) * shown.recovered + ("session.open",) * (not passing):
        await audit.record(tx, actor, act, ("user", signed.user_id))


async def _memberships(tx: ReadTx, token_hash: bytes) -> tuple[Membership, ...]:
    return memberships(await tx.rows(MEMBERSHIPS, hash=token_hash))


async def _activate(tx: WriteTx, token_hash: bytes, membership: Membership) -> None:
    await tx.execute(
        "SELECT auth_switch_workspace(:hash, :workspace)", hash=token_hash, workspace=membership.workspace_id
    )
