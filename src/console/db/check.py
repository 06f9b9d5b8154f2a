"""What a server must be before the console uses it: each refusal one line, with its mend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from console.db.link import direct
from console.db.migrate import Migration, load, outstanding
from console.errors import RefusedError

if TYPE_CHECKING:
    from psycopg import Connection

OLDEST_SERVER: Final = 150000
OLDEST_PGVECTOR: Final = (0, 8)

_ROLE = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls,
    EXISTS (SELECT FROM pg_roles o WHERE (o.rolname = 'console_owner' OR o.rolsuper OR o.rolbypassrls)
            AND o.oid <> r.oid AND pg_has_role(r.oid, o.oid, 'MEMBER')),
    EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't')
FROM pg_roles r WHERE r.rolname = current_user
"""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server as it was found; `pgvector_version` and `schema_version` are None when there is none yet."""

    server_version: str
    pgvector_version: str | None
    schema_version: str | None
    pending: tuple[str, ...]


def server_facts(url: str, known: Sequence[Migration] | None = None) -> ServerFacts:
    """What is there, refused by nothing but an edited, missing or newer schema (`RefusedError`).

    Raises `ConnectionFailedError` when the server can't be reached.
    """
    with direct(url) as connection:
        return facts(connection, known)


def check_server(url: str, known: Sequence[Migration] | None = None) -> ServerFacts:
    """The facts of a server that the console may use as it is, with this login.

    Raises `ConnectionFailedError` when it can't be reached, `RefusedError` when its version, pgvector, the login's
    rights or its schema are not what they must be.
    """
    with direct(url) as connection:
        _require_version(connection)
        require_role(connection)
        _require_pgvector(connection)
        found = facts(connection, known)
    require_schema(found)
    return found


def facts(connection: Connection[Any], known: Sequence[Migration] | None = None) -> ServerFacts:
    """The facts on an open connection; raises what `server_facts` raises for the schema."""
    known = tuple(known) if known is not None else load()
    todo = [migration.name for migration in outstanding(connection, known)]
    files = [m.name for m in known if m.name[0].isdigit() and m.name not in todo]
    return ServerFacts(
        server_version=_one(connection, "SELECT split_part(current_setting('server_version'), ' ', 1)"),
        pgvector_version=_one(connection, "SELECT extversion FROM pg_extension WHERE extname = 'vector'"),
        schema_version=files[-1].removesuffix(".sql") if files else None,
        pending=tuple(todo),
    )


def require_schema(found: ServerFacts) -> None:
    """Raises `RefusedError` when migrations are pending."""
    if found.pending:
        raise RefusedError(
            f"the database's schema is older than this program ({len(found.pending)} migrations are pending)",
            hint="run `console db migrate`",
        )


def role_problem(connection: Connection[Any]) -> str | None:
    """Why the wall does not bind this login, or None: superuser, BYPASSRLS, owner or a member of it."""
    row = connection.execute(_ROLE).fetchone()
    if row is None:
        return "the login has no role"
    name, superuser, bypasses, above, owns = row
    reasons = {
        "is a superuser": superuser,
        "has BYPASSRLS": bypasses,
        "may act as the owner or a superuser": above or owns,
    }
    return next((f"{name} {reason}" for reason, holds in reasons.items() if holds), None)


def _require_version(connection: Connection[Any]) -> None:
    if connection.info.server_version < OLDEST_SERVER:
        version = _one(connection, "SELECT current_setting('server_version')")
        raise RefusedError(f"the server is PostgreSQL {version}, too old", hint="use PostgreSQL 15 or later")


def require_role(connection: Connection[Any]) -> None:
    """Raises `RefusedError` for a login that the wall does not bind."""
    if problem := role_problem(connection):
        raise RefusedError(
            f"the login {problem}, so one workspace could see another's rows",
            hint="give DATABASE_URL a login that owns nothing: CREATE ROLE ... LOGIN IN ROLE console_app",
        )


def _require_pgvector(connection: Connection[Any]) -> None:
    version = _one(connection, "SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    if version is None:
        offered = _one(connection, "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
        hint = "as its superuser: CREATE EXTENSION vector" if offered else "install pgvector 0.8 or later on the server"
        raise RefusedError("the database has no pgvector", hint=hint)
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_PGVECTOR:
        raise RefusedError(
            f"pgvector is {version}, too old", hint="install 0.8 or later, then ALTER EXTENSION vector UPDATE"
        )


def _one(connection: Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
