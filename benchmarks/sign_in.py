"""What a wrong sign-in costs, whoever it names, and a right one, against one bare bcrypt comparison; and what the
check of its session costs a transaction.

Run: python -m benchmarks.sign_in [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys

import bcrypt
import psycopg

from benchmarks.common import interleaved, report, scratch_server
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.workspace import NewWorkspace
from console.errors import NotSignedInError
from console.services.auth import Auth
from console.services.passwords import COST
from console.services.workspaces import Workspaces

PASSWORD = "correct horse"  # noqa: S105 - of a server that lives for minutes
PEOPLE = ("known", "locked", "right")


async def _found(db: Database) -> None:
    for name in PEOPLE:
        await Workspaces(db).found(
            NewWorkspace(
                slug=name, name=name, owner_email=f"{name}@example.test", owner_name=name, owner_password=PASSWORD,
                agent_slug="help", agent_name="Help",
            )
        )  # fmt: skip


async def _measure(urls: ServerUrls, rounds: int) -> None:
    db = Database(urls.app)
    auth = Auth(db)
    await _found(db)
    stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(COST))

    async def bare() -> None:
        await asyncio.to_thread(bcrypt.checkpw, b"wrong", stored)

    async def refused(email: str) -> None:
        try:
            await auth.login(email, "wrong")
        except NotSignedInError:
            return
        raise AssertionError

    async def known() -> None:
        forget()
        await refused("known@example.test")

    async def unknown() -> None:
        forget()
        await refused("unknown@example.test")

    with psycopg.connect(urls.superuser, autocommit=True) as connection:

        def forget() -> None:
            connection.execute(
                "DELETE FROM login_attempts WHERE locked_until IS NULL OR locked_until < now() + '1 day'"
            )

        for _ in range(5):
            await refused("locked@example.test")
        connection.execute("UPDATE login_attempts SET locked_until = now() + interval '2 days'")
        found = await interleaved(
            rounds,
            bare=bare,
            known=known,
            unknown=unknown,
            locked=lambda: refused("locked@example.test"),
            right=lambda: auth.login("right@example.test", PASSWORD, passing=True),
        )
        actor = await auth.resume((await auth.login("right@example.test", PASSWORD)).token)
        reads = await interleaved(rounds, reading=lambda: Workspaces(db).get(actor), ping=db.ping)
    wrong = found["known"]
    report(
        rounds=rounds,
        ms=found | reads,
        unknown_over_wrong=found["unknown"] / wrong,
        locked_over_wrong=found["locked"] / wrong,
        wrong_over_bare_bcrypt=wrong / found["bare"],
    )
    await db.close()


if __name__ == "__main__":
    with scratch_server() as urls:
        asyncio.run(_measure(urls, int(sys.argv[1]) if len(sys.argv) > 1 else 200))
