"""A person's own sign-in: password, second factor, recovery codes, sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.account import Proof, SecondFactor, SessionInfo, TotpOffer
from console.domain.actor import Actor, Role
from console.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from console.seal import Seal
from console.services import audit
from console.services.codes import enrolment_url, matching_step, new_recovery_codes, new_secret, recovery_hash
from console.services.passwords import hash_password
from console.services.people import end_sessions
from console.services.proof import Shown, shown_by_user, totp_place
from console.services.unit import Resource, reading, writing
from console.text import one_line, sanitise

_ID_LETTERS = 12


class Account:
    """What people do to their own sign-in; what weakens or changes it asks for the password, and the code, again.

    A wrong proof raises `NotSignedInError`, a missing code `CodeNeededError`; both count as at sign-in.
    """

    def __init__(self, db: Database, seal: Seal | None = None) -> None:
        self._db = db
        self._seal = seal or Seal()

    async def second_factor(self, actor: Actor) -> SecondFactor:
        """Whether codes are asked for."""
        async with reading(self._db, actor, "totp.read", _of(actor)) as tx:
            state = await _state(tx, actor)
        return SecondFactor(state.active, state.offered_sealed is not None, state.codes_left)

    async def offer_totp(self, actor: Actor, proof: Proof) -> TotpOffer:
        """A fresh secret, not in use before a code confirms it; one that is in use stays so until then."""
        secret = new_secret()
        async with self._proven(actor, "totp.offer", proof) as (tx, shown):
            sealed = self._seal.seal(secret.encode(), totp_place(actor.user_id))
            await tx.execute("SELECT auth_offer_totp(:user, :sealed)", user=actor.user_id, sealed=sealed)
        return TotpOffer(secret, enrolment_url(secret, shown.email))

    async def confirm_totp(self, actor: Actor, code: str) -> tuple[str, ...]:
        """Ask for codes from now on; returns ten recovery codes. All other sessions end, and the code is used up.

        Raises `RefusedError` when nothing was offered, `InvalidInputError` for a wrong code, `ConflictError`.
        """
        async with _own(self._db, actor, "totp.on") as tx:
            state = await _state(tx, actor)
            if state.offered_sealed is None:
                raise RefusedError("there is no new secret to confirm", hint="console user totp enrol")
            secret = self._seal.open(state.offered_sealed, totp_place(actor.user_id)).decode()
            step = matching_step(secret, code, state.at)
            if step is None:
                raise InvalidInputError("that is not the code of now", hint="console user totp confirm")
            accept = "SELECT auth_accept_totp(:user, :offered, :step)"
            if not await tx.scalar(accept, user=actor.user_id, offered=state.offered_sealed, step=step):
                raise ConflictError("the secret was confirmed or offered anew at this moment")
            codes = await _renew(tx, actor)
            await _end_others(tx, actor)
            await audit.record(tx, actor, "totp.on", _of(actor))
        return codes

    async def drop_totp(self, actor: Actor, proof: Proof) -> None:
        """Ask for no code any more; recovery codes and all other sessions end. `RefusedError` when none was asked."""
        async with self._proven(actor, "totp.off", proof) as (tx, _):
            state = await _state(tx, actor)
            if not state.active and state.offered_sealed is None:
                raise RefusedError("no code is asked for", hint="console user totp enrol")
            await tx.execute("SELECT auth_drop_totp(:user)", user=actor.user_id)
            await tx.execute("SELECT auth_renew_recovery_codes(:user, '{}')", user=actor.user_id)
            await _end_others(tx, actor)
            await audit.record(tx, actor, "totp.off", _of(actor))

    async def renew_recovery_codes(self, actor: Actor, proof: Proof) -> tuple[str, ...]:
        """Ten new codes, each good for one sign-in; the old ones end."""
        async with self._proven(actor, "recovery_codes.renew", proof) as (tx, _):
            codes = await _renew(tx, actor)
            await audit.record(tx, actor, "recovery_codes.renew", _of(actor))
        return codes

    async def change_password(self, actor: Actor, proof: Proof, new: str) -> None:
        """Set another password; all other sessions end. `InvalidInputError` for one that can't be used."""
        hashed = await hash_password(new)
        async with self._proven(actor, "password.change", proof) as (tx, shown):
            change = "SELECT auth_set_password(:user, :checked, :hash)"
            if not await tx.scalar(change, user=actor.user_id, checked=shown.person.password_hash, hash=hashed):
                raise ConflictError("the password was changed at this moment", hint="try again")
            await _end_others(tx, actor)
            await audit.record(tx, actor, "password.change", _of(actor))

    async def sessions(self, actor: Actor) -> tuple[SessionInfo, ...]:
        """The open ones, newest first."""
        async with reading(self._db, actor, "session.list", _of(actor)) as tx:
            return tuple(_session(row, actor) for row in await _sessions(tx, actor))

    async def end_sessions(self, actor: Actor, ids: Sequence[str] | None = None) -> int:
        """End these sessions, or all others; returns how many. `NotFoundError` for an id of none or several."""
        async with _own(self._db, actor, "session.end") as tx:
            if ids is None:
                ended = await _end_others(tx, actor)
            else:
                named = [_named(await _sessions(tx, actor), id) for id in ids]
                ended = await end_sessions(tx, actor.user_id, named=named)
            if ended:
                await audit.record(tx, actor, "session.end", _of(actor), evidence=[f"count:{ended}"])
        return ended

    @asynccontextmanager
    async def _proven(self, actor: Actor, action: str, proof: Proof) -> AsyncIterator[tuple[WriteTx, Shown]]:
        shown = await shown_by_user(self._db, self._seal, actor.user_id, proof)
        async with _own(self._db, actor, action) as tx:
            refusal = await shown.settle(tx)
            if refusal is None:
                yield tx, shown
                if shown.recovered:
                    await audit.record(tx, actor, "recovery_code.use", _of(actor))
        if refusal is not None:
            raise refusal


def _of(actor: Actor) -> Resource:
    return ("user", actor.user_id)


@asynccontextmanager
async def _own(db: Database, actor: Actor, action: str) -> AsyncIterator[WriteTx]:
    async with writing(db, actor, action, _of(actor), Role.VIEWER) as tx:
        yield tx


async def _state(tx: ReadTx, actor: Actor) -> Any:
    return await tx.row("SELECT * FROM auth_second_factor(:user)", user=actor.user_id)


async def _renew(tx: WriteTx, actor: Actor) -> tuple[str, ...]:
    codes = new_recovery_codes()
    hashes = [recovery_hash(code) for code in codes]
    await tx.execute("SELECT auth_renew_recovery_codes(:user, :hashes)", user=actor.user_id, hashes=hashes)
    return codes


async def _end_others(tx: WriteTx, actor: Actor) -> int:
    return await end_sessions(tx, actor.user_id, kept=actor.session_hash)


async def _sessions(tx: ReadTx, actor: Actor) -> Sequence[Any]:
    return await tx.rows("SELECT * FROM auth_sessions(:user)", user=actor.user_id)


def _named(rows: Sequence[Any], id: str) -> bytes:
    found: list[bytes] = [row.token_hash for row in rows if id and row.token_hash.hex().startswith(id.lower())]
    if len(found) != 1:
        why = "no open session" if not found else "more than one session"
        raise NotFoundError(f"you have {why} whose id begins with {one_line(id, 80)!r}", hint="console session list")
    return found[0]


def _session(row: Any, actor: Actor) -> SessionInfo:
    return SessionInfo(
        id=row.token_hash.hex()[:_ID_LETTERS],
        seen_from=sanitise(row.seen_from or ""),
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        current=row.token_hash == actor.session_hash,
    )
