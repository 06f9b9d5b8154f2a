"""The meters of a workspace over the driver alone: for scripts that ask every minute, and wait for nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.begin import begin, for_driver
from console.domain.actor import Actor, Role
from console.domain.quota import Meter, quotas
from console.ids import UserId
from console.services import quota_sql, session_sql
from console.services.quota_rows import asked, given, metered
from console.services.session_check import checked, choose, memberships, not_signed_in
from console.text import SafeText, sanitise

if TYPE_CHECKING:
    from psycopg import Connection


def meters_of(
    connection: Connection[Any], token: str | None, slug: str | None, at: datetime
) -> tuple[SafeText, tuple[Meter, ...]]:
    """The workspace and its meters, as `Auth.resume` and `Usage.meters` give them, and refused as they refuse.

    `connection` is the app role's, in autocommit.
    """
    actor = _resumed(connection, token, slug)
    with _transaction(connection, actor.workspace_id, read_only=True) as tx:
        role, _ = checked(tx.row(session_sql.STANDING, user=actor.user_id, hash=actor.session_hash))
        replace(actor, role=role).require(Role.VIEWER)
        rows = tx.rows(quota_sql.LIMITS)
        found = quotas(given(rows), rows[0].billing_anchor, at)
        return sanitise(rows[0].slug), metered(found, tx.rows(quota_sql.METERS, **asked(found)))


class _Tx:
    """A transaction on the driver; `ws` is bound to the workspace."""

    def __init__(self, connection: Connection[Any], workspace_id: UUID | None) -> None:
        from psycopg.rows import namedtuple_row

        self._cursor = connection.cursor(row_factory=namedtuple_row)
        self._workspace_id = workspace_id

    def rows(self, statement: str, **params: object) -> Sequence[Any]:
        """All rows."""
        return self._cursor.execute(for_driver(statement).encode(), params | {"ws": self._workspace_id}).fetchall()

    def row(self, statement: str, **params: object) -> Any:
        """The first row, or None."""
        return next(iter(self.rows(statement, **params)), None)


@contextmanager
def _transaction(connection: Connection[Any], workspace_id: UUID | None, *, read_only: bool) -> Iterator[_Tx]:
    connection.execute(begin(workspace_id, read_only=read_only).encode(), prepare=False)
    try:
        yield _Tx(connection, workspace_id)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _resumed(connection: Connection[Any], token: str | None, slug: str | None) -> Actor:
    why = "you are not signed in, or your session is over" if token else "you are not signed in"
    hash = session_sql.hashed(token or "")
    with _transaction(connection, None, read_only=False) as tx:
        session = tx.row(session_sql.SESSION, hash=hash) if token else None
        if session is None:
            raise not_signed_in(why, anybody=tx.row("SELECT auth_any_user() AS found").found)
        chosen = choose(memberships(tx.rows(session_sql.MEMBERSHIPS, hash=hash)), slug, session.active_workspace_id)
    return Actor(
        UserId(session.user_id), chosen.workspace_id, chosen.role, sanitise(session.name), sanitise(session.email), hash
    )
