"""Members of a workspace."""

from __future__ import annotations

from typing import Any

from console.db.engine import Database, WriteTx
from console.domain.actor import Actor, Role
from console.domain.names import check_email, check_name
from console.domain.workspace import Member
from console.errors import ConflictError, InvalidInputError, NotAllowedError, RefusedError
from console.ids import UserId
from console.services import audit
from console.services.passwords import hash_password
from console.services.people import add_membership, ensure_user
from console.services.unit import current_role, reading, writing
from console.text import one_line

_MATCHES_NOTHING = "-"
_MEMBERS = "SELECT * FROM workspace_users WHERE workspace_id = :ws"


class Members:
    """People of a workspace: everybody in it sees them, admins add them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, actor: Actor, email: str, name: str, role: Role, password: str | None = None) -> Member:
        """Add a person; somebody known here or elsewhere keeps the password, and one who had left is a member again.

        Raises `NotAllowedError` for a role above the actor's, `ConflictError` for a member, `InvalidInputError` for a
        bad e-mail, name or password, or none for a new person, `RefusedError` when the seats are taken.
        """
        email, name = check_email(email), check_name(name)
        password_hash = await hash_password(password) if password is not None else _MATCHES_NOTHING
        async with writing(self._db, actor, "member.add", ("workspace", actor.workspace_id), Role.ADMIN) as tx:
            await _refuse_above(tx, actor, role)
            await _need_seat(tx)
            user_id, created = await ensure_user(tx, email, name, password_hash)
            if created and password is None:
                raise InvalidInputError(f"{one_line(email)} is new here and needs a password")
            if not await add_membership(tx, user_id, email, name, role):
                raise ConflictError(f"{one_line(email)} is a member already", hint="console member list")
            await audit.record(tx, actor, "member.add", ("user", user_id), evidence=[f"role:{role.label}"])
            return to_member(await tx.row(f"{_MEMBERS} AND user_id = :user", user=user_id))

    async def list(self, actor: Actor, *, left: bool = False) -> tuple[Member, ...]:
        """The members by name; with `left` those who were members too."""
        async with reading(self._db, actor, "member.list", ("workspace", actor.workspace_id)) as tx:
            members = _MEMBERS if left else f"{_MEMBERS} AND left_at IS NULL"
            return tuple(map(to_member, await tx.rows(f"{members} ORDER BY lower(name), user_id")))


async def _refuse_above(tx: WriteTx, actor: Actor, role: Role) -> None:
    own = await current_role(tx, actor)
    if role > own:
        raise NotAllowedError(f"you are {own.label} here and can't make anybody {role.label}", hint="ask an owner")


async def _need_seat(tx: WriteTx) -> None:
    seats = await tx.scalar("SELECT max_seats FROM workspaces WHERE id = :ws FOR UPDATE")
    taken = await tx.scalar("SELECT count(*) FROM workspace_users WHERE workspace_id = :ws AND left_at IS NULL")
    if seats is not None and taken >= seats:
        raise RefusedError(f"all {seats} seats of this workspace are taken", hint="a larger plan has more")


def to_member(row: Any) -> Member:
    """The row as the domain has it."""
    return Member(
        user_id=UserId(row.user_id),
        name=one_line(row.name),
        email=one_line(row.email),
        role=Role.parse(row.role),
        joined_at=row.joined_at,
        left_at=row.left_at,
    )
