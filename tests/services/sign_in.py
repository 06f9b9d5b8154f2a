"""What the tests of sign-in share: a fresh person with a password, and one who is asked for codes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pyotp
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.account import Proof
from console.domain.actor import Actor, Role
from console.errors import NotSignedInError
from console.ids import new_id
from console.seal import Seal
from console.services import audit
from console.services.account import Account
from console.services.auth import Auth
from tests.db.embedded_support import ask, do
from tests.world import add_person, make_world

PASSWORD = "correct horse"
WRONG = "wrong e-mail, password or code"


@dataclass
class Person:
    """Somebody who can sign in, and hands to look at what the server keeps of them."""

    db: Database
    urls: ServerUrls
    seal: Seal
    actor: Actor
    secret: str = ""

    @property
    def email(self) -> str:
        """Theirs."""
        return str(self.actor.email)

    @property
    def auth(self) -> Auth:
        """Sign-in, with the key."""
        return Auth(self.db, self.seal)

    @property
    def account(self) -> Account:
        """Their account's acts."""
        return Account(self.db, self.seal)

    def code(self, drift: int = 0) -> str:
        """The code of now, or of some steps away."""
        return pyotp.HOTP(self.secret).at(int(time.time()) // 30 + drift)

    async def signed_in(self, password: str = PASSWORD, code: str | None = None, address: str | None = None) -> Actor:
        """Them, in a session of their own."""
        return await self.auth.resume((await self.auth.login(self.email, password, code=code, address=address)).token)

    async def refused(self, password: str = PASSWORD, code: str | None = None, address: str | None = None) -> str:
        """What the refusal says, message and hint."""
        with pytest.raises(NotSignedInError) as caught:
            await self.auth.login(self.email, password, code=code, address=address)
        return f"{caught.value.message}; {caught.value.hint}"

    async def enrolled(self) -> tuple[str, ...]:
        """Ask them for codes from now on; returns the recovery codes. The code of now stays unused."""
        actor = await self.signed_in()
        self.secret = (await self.account.offer_totp(actor, Proof(PASSWORD))).secret
        codes = await self.account.confirm_totp(actor, self.code())
        self.forget_steps()
        return codes

    def forget_steps(self) -> None:
        """As if no code had been used."""
        self.do("UPDATE users SET totp_last_step = 0 WHERE id = '{user}'")

    def pass_minutes(self, minutes: float) -> None:
        """As if that much time had gone by since the failures."""
        shift = f"- interval '{minutes} minutes'"
        self.do(f"UPDATE login_attempts SET failed_at = failed_at {shift}, locked_until = locked_until {shift}")

    def do(self, statement: str) -> None:
        """Change what the server keeps."""
        do(self.urls.superuser, statement.format(user=self.actor.user_id))

    def ask(self, query: str) -> object:
        """Look at what the server keeps."""
        return ask(self.urls.superuser, query.format(user=self.actor.user_id))

    async def audited(self) -> list[str]:
        """The acts in the workspace's log that are this person's, in order."""
        async with self.db.read(self.actor.workspace_id) as tx:
            assert await audit.first_break(tx) is None
            rows = await tx.rows(
                "SELECT action FROM audit_events WHERE workspace_id = :ws AND actor_user_id = :user"
                " AND outcome = 'done' ORDER BY seq",
                user=self.actor.user_id,
            )
        return [row.action for row in rows]


async def make_person(db: Database, urls: ServerUrls, folder: Path) -> Person:
    """A fresh member of a fresh workspace."""
    world = await make_world(db)
    actor = await add_person(db, world.workspace_id, f"p{new_id().hex[-6:]}", Role.MEMBER)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()  # a real one, fast
    do(urls.superuser, f"UPDATE users SET password_hash = '{hashed}' WHERE id = '{actor.user_id}'")
    return Person(db, urls, Seal(folder / "sealing.key"), actor)
