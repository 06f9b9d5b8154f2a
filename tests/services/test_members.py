"""People of a workspace: who may add whom, and what a known person keeps."""

from __future__ import annotations

import asyncio

import pytest

from console.db.engine import Database
from console.domain.actor import Role
from console.domain.workspace import Member
from console.errors import ConflictError, InvalidInputError, NotAllowedError, NotSignedInError, RefusedError
from console.ids import new_id
from console.services import audit
from console.services.auth import Auth
from console.services.members import Members
from tests.world import make_world


def address() -> str:
    return f"p-{new_id().hex[-12:]}@example.test"


async def test_an_added_person_signs_in_and_is_listed(db: Database) -> None:
    world = await make_world(db)
    email = address()
    member = await Members(db).add(world.admin, email, " Nia ", Role.MEMBER, "a fine password")
    assert (member.name, member.email, member.role) == ("Nia", email, Role.MEMBER)
    actor = await Auth(db).resume((await Auth(db).login(email, "a fine password")).token)
    assert (actor.workspace_id, actor.role) == (world.workspace_id, Role.MEMBER)
    assert email in [m.email for m in await Members(db).list(world.viewer)]
    async with db.read(world.workspace_id) as tx:
        assert await tx.scalar("SELECT action FROM audit_events WHERE workspace_id = :ws AND seq = 1") == "member.add"
        assert await audit.first_break(tx) is None


@pytest.mark.parametrize(("who", "role"), [("viewer", "viewer"), ("member", "viewer"), ("admin", "owner")])
async def test_nobody_adds_above_the_own_role_or_without_being_admin(db: Database, who: str, role: str) -> None:
    world = await make_world(db)
    with pytest.raises(NotAllowedError):
        await Members(db).add(getattr(world, who), address(), "Nia", Role.parse(role), "a fine password")
    assert len(await Members(db).list(world.owner)) == 5


async def test_a_known_person_keeps_the_password(db: Database) -> None:
    here, there = await make_world(db), await make_world(db)
    email = address()
    await Members(db).add(here.admin, email, "Nia", Role.MEMBER, "the first password")
    await Members(db).add(there.admin, email.upper(), "Nia", Role.VIEWER, "another password")
    with pytest.raises(NotSignedInError):
        await Auth(db).login(email, "another password")
    assert len((await Auth(db).login(email, "the first password")).memberships) == 2


async def test_a_person_who_left_is_a_member_again(db: Database) -> None:
    world = await make_world(db)
    email = address()
    first = await Members(db).add(world.admin, email, "Nia", Role.ADMIN, "a fine password")
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND user_id = :id", id=first.user_id
        )
    assert email not in [m.email for m in await Members(db).list(world.owner)]
    assert email in [m.email for m in await Members(db).list(world.owner, left=True)]
    again = await Members(db).add(world.admin, email, "Nia", Role.VIEWER)
    assert (again.user_id, again.role, again.left_at) == (first.user_id, Role.VIEWER, None)


async def test_a_member_is_not_added_twice_even_in_a_race(db: Database) -> None:
    world = await make_world(db)
    email = address()
    tries = [Members(db).add(world.admin, email, "Nia", Role.MEMBER, "a fine password") for _ in range(4)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(o).__name__ for o in outcomes) == ["ConflictError"] * 3 + ["Member"]
    with pytest.raises(ConflictError, match="member already"):
        await Members(db).add(world.owner, world.viewer.email, "Vera", Role.OWNER, "a fine password")
    assert next(m.role for m in await Members(db).list(world.owner) if m.user_id == world.viewer.user_id) == Role.VIEWER


async def test_seats_are_counted_under_a_lock(db: Database) -> None:
    world = await make_world(db)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE workspaces SET max_seats = 6 WHERE id = :ws")
    tries = [Members(db).add(world.admin, address(), "Nia", Role.MEMBER, "a fine password") for _ in range(3)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert len([o for o in outcomes if isinstance(o, Member)]) == 1
    assert len([o for o in outcomes if isinstance(o, RefusedError)]) == 2


@pytest.mark.parametrize(
    ("email", "name", "password"),
    [("no address", "Nia", "a fine password"), ("a@b", "", "a fine password"), ("a@b", "x" * 201, "a fine password"),
     ("a@b", "Ni\x1ba", "a fine password"), ("a\x00@b", "Nia", "a fine password"), ("a@b", "Nia", "short"),
     ("a@b", "Nia", "€" * 25), ("nobody-knows-me@b", "Nia", None)],
)  # fmt: skip
async def test_a_bad_person_is_refused_and_not_made(db: Database, email: str, name: str, password: str | None) -> None:
    world = await make_world(db)
    with pytest.raises(InvalidInputError):
        await Members(db).add(world.owner, email, name, Role.MEMBER, password)
    assert len(await Members(db).list(world.owner)) == 5
    async with db.read(None) as tx:
        assert await tx.rows("SELECT * FROM auth_login('nobody-knows-me@b')") == []
