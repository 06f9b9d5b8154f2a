"""Fresh workspaces for tests, made by the product's own services."""

from __future__ import annotations

from dataclasses import dataclass

from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.keys import public_key
from console.ids import AgentId, ConversationId, UserId, WorkspaceId, new_id
from console.services import audit
from console.services.visitors import Visitors
from console.text import sanitise


@dataclass(frozen=True, slots=True)
class World:
    """A workspace, one actor per role, and the workspace's first agent, published."""

    workspace_id: WorkspaceId
    owner: Actor
    admin: Actor
    member: Actor
    other: Actor
    viewer: Actor
    agent_id: AgentId


async def add_person(db: Database, workspace_id: WorkspaceId, name: str, role: Role) -> Actor:
    """A person with this role in the workspace."""
    user_id = UserId(new_id())
    email = f"{name}-{user_id.hex[-12:]}@example.test"
    async with db.write(workspace_id) as tx:
        await tx.execute(
            "SELECT auth_create_user(:id, :email, :name, 'no password')", id=user_id, email=email, name=name
        )
        await tx.execute(
            "INSERT INTO workspace_users (workspace_id, user_id, role, name, email)"
            " VALUES (:ws, :id, :role, :name, :email)",
            id=user_id, role=role.label, name=name, email=email,
        )  # fmt: skip
    return Actor(user_id, workspace_id, role, sanitise(name), sanitise(email))


async def make_world(db: Database) -> World:
    """A fresh workspace with people of every role and a published agent."""
    workspace_id = WorkspaceId(new_id())
    agent_id, version_id = AgentId(new_id()), new_id()
    async with db.write(workspace_id) as tx:
        await tx.execute(
            "INSERT INTO workspaces (id, slug, name) VALUES (:ws, :slug, 'Test')", slug=f"w-{workspace_id.hex[-12:]}"
        )
        await audit.begin_chain(tx)
        await tx.execute(
            "INSERT INTO agents (workspace_id, id, slug, name, draft_hash, widget_key)"
            " VALUES (:ws, :id, 'assistant', 'Assistant', '', :key)",
            id=agent_id, key=agent_id.hex,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO agent_versions (workspace_id, id, agent_id, number, snapshot, content_hash)"
            " VALUES (:ws, :id, :agent, 1, '{\"name\": \"Assistant\"}', '')",
            id=version_id, agent=agent_id,
        )  # fmt: skip
        await tx.execute("UPDATE agents SET published_version_id = :v WHERE workspace_id = :ws", v=version_id)
    names = ("olivia", "adam", "mia", "max", "vera")
    roles = (Role.OWNER, Role.ADMIN, Role.MEMBER, Role.MEMBER, Role.VIEWER)
    people = [await add_person(db, workspace_id, *person) for person in zip(names, roles, strict=True)]
    owner, admin, member, other, viewer = people
    return World(workspace_id, owner, admin, member, other, viewer, agent_id)


@dataclass(frozen=True, slots=True)
class Talk:
    """A visitor in a conversation, through the gateway's own role and service."""

    visitors: Visitors
    id: ConversationId
    token: str

    async def say(self, content: str, *, key: str | None = None) -> int:
        """Send as the visitor; returns the seq."""
        return (await self.visitors.send(self.token, self.id, content, key=key or new_id().hex)).seq

    async def seen(self) -> list[tuple[str, str]]:
        """What the visitor sees: (role, content) in order."""
        return [(m["role"], m["content"]) for m in await self.visitors.read(self.token, self.id)]


async def make_talk(gateway_db: Database, world: World, **profile: str) -> Talk:
    """A fresh conversation with the world's agent, nothing said yet."""
    visitors = Visitors(gateway_db)
    started = await visitors.start(public_key(world.workspace_id, world.agent_id.hex), profile)
    return Talk(visitors, started.conversation_id, started.visitor_token)
