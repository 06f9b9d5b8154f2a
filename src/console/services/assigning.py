"""Whom a conversation may be given to."""

from __future__ import annotations

from console.db.engine import ReadTx
from console.domain.actor import Role
from console.errors import InvalidInputError
from console.ids import UserId
from console.text import SafeText, one_line


async def may_reply(tx: ReadTx, user_id: UserId) -> SafeText:
    """The member's name; `InvalidInputError` for somebody who is no member or may not reply."""
    row = await tx.row(
        "SELECT name, role FROM workspace_users WHERE workspace_id = :ws AND user_id = :id AND left_at IS NULL",
        id=user_id,
    )
    if row is None:
        raise InvalidInputError("that person is no member of this workspace", hint="`console member list` shows them")
    if Role.parse(row.role) < Role.MEMBER:
        raise InvalidInputError(f"{one_line(row.name)} is a viewer and may not reply", hint="assign it to a member")
    return one_line(row.name)
