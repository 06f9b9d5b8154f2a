"""All my workspaces: each read under its own tenant, and one in trouble holds up no other."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.glance import Glance
from console.domain.workspace import Membership, NewWorkspace
from console.errors import NotFoundError, NotMemberError
from console.ids import new_id
from console.services import Services
from console.services.my_workspaces import MyWorkspaces
from tests.services.test_agents import new_source
from tests.world import World

PASSWORD = "correct horse"
LONG = 120.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine's workspace is in no trouble; how one in trouble is told has its own seconds."""
    defaults = MyWorkspaces.glance.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "seconds", LONG)


@dataclass(frozen=True, slots=True)
class House:
    """Olivia, signed in, with workspaces of her own; all she owns."""

    services: Services
    olivia: Actor
    mine: tuple[Membership, ...]

    def actor(self, place: int) -> Actor:
        """Olivia in one of them."""
        from console.services.my_workspaces import actor_in

        return actor_in(self.olivia, self.mine[place])

    async def glance(self, place: int, seconds: float = LONG) -> Glance:
        """A glance at one of them."""
        return await self.services.my_workspaces.glance(self.olivia, self.mine[place], seconds=seconds)


async def make_house(db: Database, count: int = 2) -> House:
    services, tag = Services(db), new_id().hex[-10:]
    email = f"olivia-{tag}@acme.test"
    for number in range(count):
        await services.workspaces.found(
            NewWorkspace(
                slug=f"house-{number}-{tag}", name=f"House {number}", owner_email=email, owner_name="Olivia",
                owner_password=PASSWORD, agent_slug="help", agent_name="Help",
            )
        )  # fmt: skip
    signed = await services.auth.login(email, PASSWORD)
    olivia = await services.auth.resume(signed.token)
    return House(services, olivia, await services.my_workspaces.list(olivia))


def world_of(house: House, place: int) -> World:
    me = house.actor(place)
    return World(me.workspace_id, me, me, me, me, me, None)  # type: ignore[arg-type]


async def test_each_workspace_tells_of_itself_alone(db: Database) -> None:
    house = await make_house(db)
    assert [each.role for each in house.mine] == [Role.OWNER, Role.OWNER]
    await new_source(db, world_of(house, 1), "Broken")
    async with db.write(house.mine[1].workspace_id) as tx:
        await tx.execute("UPDATE sources SET status = 'failed' WHERE workspace_id = :ws")
    first, second = await house.glance(0), await house.glance(1)
    assert (first.failing_sources, second.failing_sources, first.waiting, first.trouble) == (0, 1, 0, "")
    assert first.last_publish is not None
    assert (first.last_publish.agent_slug, first.last_publish.number) == ("help", 1)
    assert first.last_publish.author_name == "Olivia"


async def test_a_source_of_which_a_document_fails_is_counted_as_everywhere_else(db: Database) -> None:
    house = await make_house(db, 1)
    world = world_of(house, 0)
    fine, partly, whole = [await new_source(db, world, name) for name in ("Fine", "Partly", "Whole")]
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE sources SET status = CASE id WHEN :whole THEN 'failed' ELSE 'ready' END", whole=whole)
        for source, name, status in ((fine, "a", "ready"), (partly, "a", "ready"), (partly, "b", "failed"),
                                     (partly, "c", "failed"), (whole, "a", "failed")):  # fmt: skip
            await tx.execute(
                "INSERT INTO documents (workspace_id, id, source_id, uri, status)"
                " VALUES (:ws, :id, :source, :uri, :status)",
                id=new_id(), source=source, uri=f"/{name}", status=status,
            )  # fmt: skip
    listed = await house.services.sources.list(world.owner)
    assert {source.name for source in listed if source.fails} == {"Partly", "Whole"}
    assert (await house.glance(0)).failing_sources == 2


async def test_one_that_fails_and_one_that_hangs_hold_up_no_other(db: Database) -> None:
    house = await make_house(db, 3)
    services, hung, ended = house.services, house.mine[1], house.mine[2]
    for gone in (hung, ended):
        async with db.write(gone.workspace_id) as tx:
            await tx.execute("UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws")
    async with db.write(hung.workspace_id) as tx:
        # the refusal is audited, and waits for this lock
        await tx.execute("SELECT 1 FROM audit_heads WHERE workspace_id = :ws FOR UPDATE")
        came = [each async for each in services.my_workspaces.glances(house.olivia, [ended, house.mine[0]])]
        slow = await house.glance(1, seconds=0.2)
    assert {glance.membership.slug: bool(glance.trouble) for glance in came} == {
        ended.slug: True, house.mine[0].slug: False,
    }  # fmt: skip
    assert "no answer within 0.2 s" in slow.trouble
    assert "no member" in (await house.glance(2)).trouble


async def test_the_first_to_come_is_the_first_to_be_told(db: Database) -> None:
    house = await make_house(db, 2)
    async with db.write(house.mine[0].workspace_id) as tx:
        await tx.execute("UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws")
    async with db.write(house.mine[0].workspace_id) as tx:
        await tx.execute("SELECT 1 FROM audit_heads WHERE workspace_id = :ws FOR UPDATE")
        glances = house.services.my_workspaces.glances(house.olivia, house.mine)
        first = await anext(aiter(glances))
        assert first.membership == house.mine[1]
        await glances.aclose()  # type: ignore[attr-defined]


async def test_switching_is_kept_in_the_session_and_only_to_my_own(db: Database) -> None:
    house, others = await make_house(db), await make_house(db)
    there, found = await house.services.my_workspaces.switch(house.olivia, house.mine[1].slug)
    assert (there.workspace_id, found.name) == (house.mine[1].workspace_id, "House 1")
    async with db.write(None) as tx:
        row = await tx.row("SELECT * FROM auth_session(:hash)", hash=house.olivia.session_hash)
    assert row is not None
    assert row.active_workspace_id == there.workspace_id
    with pytest.raises(NotFoundError, match="you have no workspace"):
        await house.services.my_workspaces.switch(house.olivia, others.mine[0].slug)


async def test_the_details_are_those_of_the_workspace_asked_for(db: Database) -> None:
    house = await make_house(db)
    me, services = house.actor(1), house.services
    await services.members.add(me, f"mia-{new_id().hex[-8:]}@acme.test", "Mia", Role.MEMBER, PASSWORD)
    await services.presence.here(me, None)
    found = await services.my_workspaces.details(house.olivia, house.mine[1])
    assert (found.workspace.slug, [each.name for each in found.members]) == (house.mine[1].slug, ["Mia", "Olivia"])
    assert found.present == {me.user_id}
    assert (found.credentials, found.endpoint) == ((), "")
    assert found.window.holds(found.created_at)
    first = await services.my_workspaces.details(house.olivia, house.mine[0])
    assert ([each.name for each in first.members], first.present) == (["Olivia"], frozenset())


async def test_what_admins_see_is_not_shown_to_others_and_strangers_see_nothing(db: Database) -> None:
    house, others = await make_house(db), await make_house(db)
    mine = house.mine[0]
    viewer = Membership(mine.workspace_id, mine.slug, mine.name, Role.VIEWER)
    async with db.write(mine.workspace_id) as tx:
        await tx.execute("UPDATE workspace_users SET role = 'viewer' WHERE workspace_id = :ws")
    assert (await house.services.my_workspaces.details(house.olivia, viewer)).credentials is None
    with pytest.raises(NotMemberError):
        await others.services.my_workspaces.details(others.olivia, mine)
    assert "no member" in (await others.services.my_workspaces.glance(others.olivia, mine)).trouble


async def test_who_was_seen_long_ago_is_not_present(db: Database) -> None:
    house = await make_house(db, 1)
    me = house.actor(0)
    await house.services.presence.here(me, None)
    assert await house.services.presence.present(me) == {me.user_id}
    async with db.write(me.workspace_id) as tx:
        await tx.execute("UPDATE presences SET seen_at = now() - interval '1 minute' WHERE workspace_id = :ws")
    assert await house.services.presence.present(me) == frozenset()
    await asyncio.gather(*(house.glance(0) for _ in range(3)))
