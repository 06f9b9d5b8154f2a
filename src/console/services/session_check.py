"""Who may act, from what the database says of a session: rules only, for the services and the plain driver alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from console.domain.actor import Role
from console.domain.workspace import Membership
from console.errors import NobodyYetError, NotAllowedError, NotFoundError, NotMemberError, NotSignedInError
from console.ids import WorkspaceId
from console.text import one_line, sanitise


def checked(row: Any) -> tuple[Role, float]:
    """The role, and the seconds since the session was last seen, of a row of `session_sql.STANDING`.

    Raises `NotMemberError` when the membership has ended, `NotSignedInError` when the session has.
    """
    if row is None:
        raise NotMemberError("you are no member of this workspace", hint="ask its owner for an invitation")
    if row.idle is None:
        raise NotSignedInError("your session has ended", hint="console login")
    return Role.parse(row.role), row.idle


def not_signed_in(why: str, *, anybody: bool) -> NotSignedInError:
    """What to tell somebody without a session: to sign in, or to begin where no user exists yet."""
    if anybody:
        return NotSignedInError(why, hint="console login")
    return NobodyYetError(f"{why}: nobody has been set up here yet", hint="console init")


def memberships(rows: Iterable[Any]) -> tuple[Membership, ...]:
    """Those of the rows of `session_sql.MEMBERSHIPS`."""
    return tuple(
        Membership(WorkspaceId(row.workspace_id), sanitise(row.slug), sanitise(row.name), Role.parse(row.role))
        for row in rows
    )


def choose(found: tuple[Membership, ...], slug: str | None, active: UUID | None) -> Membership:
    """The workspace named, else the session's active one, else the first.

    `NotFoundError` for one that is not the person's, whether it exists or not, `NotAllowedError` without any.
    """
    if slug is not None:
        named = [m for m in found if m.slug == slug]
        if not named:
            raise NotFoundError(f"you have no workspace {one_line(slug, 80)!r}", hint="console workspace list")
        return named[0]
    if not found:
        raise NotAllowedError("you are no member of any workspace", hint="ask an admin for an invitation")
    return next((m for m in found if m.workspace_id == active), found[0])
