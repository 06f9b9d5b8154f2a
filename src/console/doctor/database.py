"""The database: the bundled programs or DATABASE_URL, its version, pgvector, the login's rights, the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from console.db.check import OLDEST_PGVECTOR, OLDEST_SERVER, facts, role_problem
from console.db.link import direct
from console.doctor.finding import Finding, broken, failed, fine
from console.errors import ConsoleError

if TYPE_CHECKING:
    from psycopg import Connection

    from console.config import Config


def programs(config: Config) -> Finding:
    """The database programs that travel with the console, as the running server found them."""
    from console.db.embedded.binaries import locate
    from console.db.embedded.places import settle

    return fine("database programs", str(locate(settle(config.data_dir)).directory))


def server(url: str, *, embedded: bool) -> Iterator[Finding]:
    """Everything that is asked of a server, one finding each; ends early when there is none to ask."""
    try:
        with direct(url, _UNREACHED) as connection:
            yield _version(connection, embedded=embedded)
            yield _pgvector(connection)
            yield _role(connection)
            yield _schema(connection)
    except ConsoleError as error:
        yield failed("database", error)


_UNREACHED = "start the server, or mend DATABASE_URL"


def _version(connection: Connection[Any], *, embedded: bool) -> Finding:
    info = connection.info
    found = info.parameter_status("server_version") or "?"
    where = "the bundled server" if embedded else f"{info.host or 'local'}:{info.port}/{info.dbname}"
    if info.server_version < OLDEST_SERVER:
        return broken("database", f"{where} is PostgreSQL {found}, too old", "use PostgreSQL 15 or later")
    return fine("database", f"{where}, PostgreSQL {found}")


def _pgvector(connection: Connection[Any]) -> Finding:
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    if row is None:
        return broken(
            "pgvector", "not there", "install pgvector 0.8 or later, then as superuser: CREATE EXTENSION vector"
        )
    if tuple(int(part) for part in row[0].split(".")[:2]) < OLDEST_PGVECTOR:
        return broken("pgvector", f"{row[0]} is too old", "install 0.8 or later, then ALTER EXTENSION vector UPDATE")
    return fine("pgvector", str(row[0]))


def _role(connection: Connection[Any]) -> Finding:
    if problem := role_problem(connection):
        return broken("login", problem, "CREATE ROLE ... LOGIN IN ROLE console_app, and name it in DATABASE_URL")
    return fine("login", f"{connection.info.user} owns nothing and bypasses nothing")


def _schema(connection: Connection[Any]) -> Finding:
    try:
        found = facts(connection)
    except ConsoleError as error:
        return failed("schema", error)
    if found.pending:
        return broken("schema", f"{len(found.pending)} migrations are pending", "console db migrate")
    return fine("schema", f"{found.schema_version}, nothing pending")
