"""Password and code of a person: tries are counted, and every wrong one is answered alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from console.db.engine import Database, WriteTx
from console.domain.account import Proof
from console.domain.names import MAX_EMAIL, is_plain
from console.errors import CodeNeededError, NotSignedInError
from console.ids import UserId
from console.seal import Place, Seal
from console.services.codes import matching_step, recovery_hash
from console.services.passwords import matches

ACCOUNT_TRIES = 5
ADDRESS_TRIES = 20
_HINT = f"each code works once; after {ACCOUNT_TRIES} wrong tries wait up to 15 minutes, or give a recovery code"


@dataclass(slots=True)
class Shown:
    """What was shown, and whom it is checked against; `person` is None for an unknown e-mail."""

    email: str
    proof: Proof
    person: Any = field(repr=False)
    right: bool
    seal: Seal
    address: str | None = None
    wrong: str = "wrong e-mail, password or code"
    recovered: bool = False

    async def settle(self, tx: WriteTx) -> NotSignedInError | None:
        """Count the try; None when it proves the person. What is returned is to be raised after the commit.

        A recovery code opens an account that is locked too. Raises `SealError` when the secret can't be read.
        """
        if not await self._proves(tx):
            if self.right and not self.proof.code and self.person.totp_sealed and not await self._locked(tx):
                return CodeNeededError("this account asks for a code too", hint="set CONSOLE_TOTP, or console login")
            return NotSignedInError(self.wrong, hint=_HINT)
        await tx.execute("SELECT auth_forgive(:email)", email=self.email)
        return None

    async def _proves(self, tx: WriteTx) -> bool:
        if self.right and await self._recovers(tx):
            self.recovered = True
            return True
        if await self._locked(tx):
            return False
        if self.right and (self.person.totp_sealed is None or await self._uses_code(tx)):
            return True
        if not self.right or self.proof.code:
            await tx.execute(
                "SELECT auth_failed(:email, :address, :most, :most_address)",
                email=self.email, address=self.address, most=ACCOUNT_TRIES, most_address=ADDRESS_TRIES,
            )  # fmt: skip
        return False

    async def _locked(self, tx: WriteTx) -> bool:
        locked: bool = await tx.scalar("SELECT auth_locked(:email, :address)", email=self.email, address=self.address)
        return locked

    async def _recovers(self, tx: WriteTx) -> bool:
        hashed = recovery_hash(self.proof.code or "")
        if hashed is None:
            return False
        use = "SELECT auth_use_recovery_code(:user, :hash)"
        return bool(await tx.scalar(use, user=self.person.user_id, hash=hashed))

    async def _uses_code(self, tx: WriteTx) -> bool:
        step = matching_step(self._secret(), self.proof.code, self.person.at) if self.proof.code else None
        if step is None:
            return False
        return bool(await tx.scalar("SELECT auth_use_totp(:user, :step)", user=self.person.user_id, step=step))

    def _secret(self) -> str:
        return self.seal.open(self.person.totp_sealed, totp_place(self.person.user_id)).decode()


async def shown_by_email(db: Database, seal: Seal, email: str, proof: Proof, address: str | None) -> Shown:
    """Look at e-mail and password: one look-up and one bcrypt, whatever was given."""
    # what can't be anybody's is nobody's
    email = email.strip() if is_plain(email) and len(email) <= MAX_EMAIL else ""
    async with db.read(None) as tx:
        person = await tx.row("SELECT * FROM auth_login(:email)", email=email)
    return Shown(email, proof, person, await _right(person, proof), seal, address)


async def shown_by_user(db: Database, seal: Seal, user_id: UserId, proof: Proof) -> Shown:
    """Look at the password of somebody signed in."""
    async with db.read(None) as tx:
        person = await tx.row("SELECT * FROM auth_account(:user)", user=user_id)
    email = person.email if person else ""
    return Shown(email, proof, person, await _right(person, proof), seal, wrong="wrong password or code")


def totp_place(user_id: UUID) -> Place:
    """Where a person's secret lies, offered or in use."""
    return Place("users", "totp_secret", user_id)


async def _right(person: Any, proof: Proof) -> bool:
    matched = await matches(proof.password, person.password_hash if person else None)
    return matched and person is not None and not person.disabled
