"""Sign-in: one message for every wrong try, sessions that end, workspaces that are mine."""

from __future__ import annotations

import asyncio
import time

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.actor import Role
from console.domain.workspace import Founded, NewWorkspace
from console.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
)
from console.ids import new_id
from console.services import passwords
from console.services.auth import Auth
from console.services.members import Members
from console.services.passwords import hash_password, matches
from console.services.workspaces import Workspaces
from tests.db.embedded_support import ask, do

PASSWORD = "correct horse"


def fresh(**changes: str) -> NewWorkspace:
    tail = new_id().hex[-12:]
    given = {
        "slug": f"w-{tail}",
        "name": "Acme",
        "owner_email": f"owner-{tail}@example.test",
        "owner_name": "Olivia",
        "owner_password": PASSWORD,
        "agent_slug": "help",
        "agent_name": "Help",
    }
    return NewWorkspace(**(given | changes))


async def found(db: Database, **changes: str) -> Founded:
    return await Workspaces(db).found(fresh(**changes))


async def refused(db: Database, email: str, password: str) -> str:
    with pytest.raises(NotSignedInError) as caught:
        await Auth(db).login(email, password)
    return caught.value.message


async def test_a_session_is_opened_resumed_and_ended(db: Database, urls: ServerUrls) -> None:
    made = await found(db)
    auth = Auth(db)
    signed = await auth.login(f"  {made.owner.email.upper()} ", PASSWORD)
    assert signed.active_workspace_id == made.workspace.id
    assert signed.token not in repr(signed)
    actor = await auth.resume(signed.token)
    assert (actor.user_id, actor.workspace_id, actor.role) == (made.owner.user_id, made.workspace.id, Role.OWNER)
    stored = ask(urls.superuser, f"SELECT string_agg(s::text, '') FROM sessions s WHERE user_id = '{actor.user_id}'")
    assert signed.token not in stored
    await auth.logout(signed.token)
    with pytest.raises(NotSignedInError):
        await auth.resume(signed.token)
    await auth.logout(signed.token)


@pytest.mark.parametrize(
    "ending", ["expires_at = now()", "last_seen_at = now() - interval '13 hours'", "revoked_at = now()"]
)
async def test_a_session_that_is_over_signs_nobody_in(db: Database, urls: ServerUrls, ending: str) -> None:
    made = await found(db)
    signed = await Auth(db).login(made.owner.email, PASSWORD)
    do(urls.superuser, f"UPDATE sessions SET {ending} WHERE user_id = '{made.owner.user_id}'")
    with pytest.raises(NotSignedInError):
        await Auth(db).resume(signed.token)


async def test_a_session_lasts_seven_days(db: Database, urls: ServerUrls) -> None:
    made = await found(db)
    await Auth(db).login(made.owner.email, PASSWORD)
    days = f"SELECT extract(day FROM expires_at - created_at)::int FROM sessions WHERE user_id = '{made.owner.user_id}'"
    assert ask(urls.superuser, days) == 7


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (None, "wrong"), (None, ""), (None, "x" * 73), (None, "€" * 25), (None, "x" * 10_000_000), (None, "\udcff"),
        (None, PASSWORD + "\x00"), ("nobody@example.test", PASSWORD), ("", ""), ("a\x00b@c", "x"), ("\udcff", "x"),
        ("' OR true --", "x"),
    ],
)  # fmt: skip
async def test_every_wrong_try_reads_the_same(db: Database, email: str | None, password: str) -> None:
    made = await found(db)
    assert await refused(db, made.owner.email if email is None else email, password) == "wrong e-mail, password or code"


@pytest.mark.parametrize("stored", ["", "no hash", "$2b$12$short", "$2b$99$" + "." * 53, "$2b$12$" + "\x7f" * 53])
async def test_a_corrupt_hash_is_a_wrong_password(db: Database, urls: ServerUrls, stored: str) -> None:
    made = await found(db)
    do(urls.superuser, f"UPDATE users SET password_hash = '{stored}' WHERE id = '{made.owner.user_id}'")
    assert await refused(db, made.owner.email, PASSWORD) == "wrong e-mail, password or code"


async def test_a_disabled_person_is_refused_and_loses_the_session(db: Database, urls: ServerUrls) -> None:
    made = await found(db)
    signed = await Auth(db).login(made.owner.email, PASSWORD)
    do(urls.superuser, f"UPDATE users SET disabled_at = now() WHERE id = '{made.owner.user_id}'")
    assert await refused(db, made.owner.email, PASSWORD) == "wrong e-mail, password or code"
    with pytest.raises(NotSignedInError):
        await Auth(db).resume(signed.token)


async def test_unknown_and_wrong_take_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", 9)
    monkeypatch.setattr(passwords, "_NOBODY", f"$2b$09${passwords._NOBODY[7:]}")
    stored = await hash_password(PASSWORD)

    async def seconds(password: str, known: str | None) -> float:
        start = time.process_time()  # The processor's time: a busy machine changes nothing in it.
        assert not await matches(password, known)
        return time.process_time() - start

    tries = (("wrong password", stored), ("wrong password", None), ("wrong password", "no hash"), ("x" * 1000, stored))
    # In turn, and the least of each: what else the machine does meets all of them, and adds only.
    rounds = [[await seconds(*one) for one in tries] for _ in range(7)]
    wrong, *others = map(min, zip(*rounds, strict=True))
    for other in others:
        assert 0.5 < other / wrong < 2


@pytest.mark.parametrize("password", ["x" * 73, "€" * 25, "short", "", "1234567", "a\udcff" * 8])
async def test_a_password_that_can_not_be_used_is_refused_when_set(password: str) -> None:
    with pytest.raises(InvalidInputError, match="the password"):
        await hash_password(password)


async def test_a_password_of_72_bytes_works_to_its_last_byte() -> None:
    stored = await hash_password("€" * 24)
    assert await matches("€" * 24, stored)
    assert not await matches("€" * 23 + "e", stored)


async def test_another_tenants_workspace_and_none_at_all_read_the_same(db: Database) -> None:
    mine, theirs = await found(db), await found(db)
    auth = Auth(db)
    token = (await auth.login(mine.owner.email, PASSWORD)).token
    told = []
    for slug in (theirs.workspace.slug, "w-000000000000", "\udcff", ""):
        for act in (auth.resume(token, workspace_slug=slug), auth.switch(token, slug)):
            with pytest.raises(NotFoundError) as caught:
                await act
            told.append(caught.value.message.replace(repr(slug), "X").replace(repr("\u27e8U+DCFF\u27e9"), "X"))
        with pytest.raises(NotFoundError):
            await auth.login(mine.owner.email, PASSWORD, workspace_slug=slug)
    assert set(told) == {"you have no workspace X"}


async def test_the_named_then_the_active_then_the_first_workspace_is_chosen(db: Database) -> None:
    made = await found(db, slug=f"b-{new_id().hex[-12:]}")
    later = await Workspaces(db).create(made.owner, f"a-{new_id().hex[-12:]}", "Later")
    auth = Auth(db)
    signed = await auth.login(made.owner.email, PASSWORD)
    assert signed.active_workspace_id == made.workspace.id
    assert (await auth.switch(signed.token, later.slug)).workspace_id == later.id
    assert (await auth.resume(signed.token)).workspace_id == later.id
    assert (await auth.resume(signed.token, workspace_slug=made.workspace.slug)).workspace_id == made.workspace.id
    assert [m.slug for m in await auth.memberships(signed.token)] == [made.workspace.slug, later.slug]


async def test_a_membership_that_ended_is_seen_at_once(db: Database) -> None:
    made = await found(db)
    signed = await Auth(db).login(made.owner.email, PASSWORD)
    async with db.write(made.workspace.id) as tx:
        await tx.execute("UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws")
    with pytest.raises(NotAllowedError, match="member of any workspace"):
        await Auth(db).resume(signed.token)
    with pytest.raises(NotAllowedError):
        await Members(db).list(made.owner)


async def test_a_session_can_not_be_moved_to_a_workspace_that_is_not_mine(db: Database, urls: ServerUrls) -> None:
    mine, theirs = await found(db), await found(db)
    signed = await Auth(db).login(mine.owner.email, PASSWORD)
    actor = await Auth(db).resume(signed.token)
    async with db.write(None) as tx:
        await tx.execute("SELECT auth_switch_workspace(:h, :w)", h=actor.session_hash, w=theirs.workspace.id)
    active = f"SELECT active_workspace_id FROM sessions WHERE user_id = '{mine.owner.user_id}'"
    assert ask(urls.superuser, active) == mine.workspace.id


async def test_a_taken_slug_is_refused_and_leaves_nothing_behind(db: Database, urls: ServerUrls) -> None:
    made = await found(db)
    loser = fresh(slug=made.workspace.slug)
    with pytest.raises(ConflictError, match="taken"):
        await Workspaces(db).found(loser)
    with pytest.raises(ConflictError, match="taken"):
        await Workspaces(db).create(made.owner, made.workspace.slug, "Again")
    assert ask(urls.superuser, f"SELECT count(*) FROM users WHERE email = '{loser.owner_email}'") == 0


async def test_of_racing_workspaces_with_one_slug_one_is_made(db: Database) -> None:
    made = await found(db)
    slug = f"race-{new_id().hex[-12:]}"
    tries = [Workspaces(db).create(made.owner, slug, "Race") for _ in range(8)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ConflictError"] * 7 + ["Workspace"]


async def test_the_first_workspace_is_refused_where_people_are(db: Database) -> None:
    await found(db)
    with pytest.raises(ConflictError, match="set up already"):
        await Workspaces(db).create_first(fresh())


@pytest.mark.parametrize(
    "changes",
    [{"slug": "Upper"}, {"slug": "-x"}, {"slug": ""}, {"name": " "}, {"owner_email": "no address"},
     {"owner_name": "a\x1bb"}, {"owner_password": "short"}, {"agent_slug": "a b"}, {"agent_name": "x" * 201}],
)  # fmt: skip
async def test_a_bad_beginning_is_one_clear_line(db: Database, changes: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        await found(db, **changes)


async def test_a_session_that_was_closed_ends_at_its_next_transaction(db: Database) -> None:
    made = await found(db)
    auth = Auth(db)
    signed = await auth.login(made.owner.email, PASSWORD)
    actor = await auth.resume(signed.token)
    assert (await Workspaces(db).get(actor)).id == made.workspace.id
    await auth.logout(signed.token)
    with pytest.raises(NotSignedInError, match="session has ended"):
        await Workspaces(db).get(actor)
