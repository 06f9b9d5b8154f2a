"""Rows of people and memberships, shared by workspaces and members."""

from __future__ import annotations

from collections.abc import Sequence

from console.db.engine import WriteTx
from console.domain.actor import Role
from console.ids import UserId, new_id


async def ensure_user(tx: WriteTx, email: str, name: str, password_hash: str) -> tuple[UserId, bool]:
    """The person with this e-mail, and whether made just now; a known person keeps name and password."""
    row = await tx.row(
        "SELECT * FROM auth_create_user(:id, :email, :name, :hash)",
        id=new_id(), email=email, name=name, hash=password_hash,
    )  # fmt: skip
    if row is None:
        # Made by somebody else at this very moment: visible to the next statement.
        row = await tx.row("SELECT user_id, false AS created FROM auth_login(:email)", email=email)
    assert row is not None  # noqa: S101 - one of the two always answers
    return UserId(row.user_id), row.created


async def add_membership(tx: WriteTx, user_id: UserId, email: str, name: str, role: Role) -> bool:
    """Make the person a member, or a member again who had left; False when one already."""
    added = await tx.scalar(
        "INSERT INTO workspace_users AS m (workspace_id, user_id, role, name, email)"
        " VALUES (:ws, :user, :role, :name, :email) ON CONFLICT (workspace_id, user_id)"
        " DO UPDATE SET role = excluded.role, name = excluded.name, email = excluded.email, left_at = NULL,"
        " joined_at = excluded.joined_at, updated_at = excluded.updated_at WHERE m.left_at IS NOT NULL RETURNING 1",
        user=user_id, role=role.label, name=name, email=email,
    )  # fmt: skip
    return bool(added)


async def end_sessions(
    tx: WriteTx, user_id: UserId, *, kept: bytes | None = None, named: Sequence[bytes] | None = None
) -> int:
    """End a person's sessions, at their next transaction: those `named` by token hash, else all but `kept`.

    Returns how many were open.
    """
    ended: int = await tx.scalar(
        "SELECT auth_end_sessions(:user, cast(:kept AS bytea), cast(:named AS bytea[]))",
        user=user_id, kept=kept, named=None if named is None else list(named),
    )  # fmt: skip
    return ended
