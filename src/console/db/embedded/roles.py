"""The roles and databases that a superuser makes once, on the embedded server or on one of your own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from console.db.embedded.logins import APP_LOGIN, GATEWAY_LOGIN, OWNER_LOGIN
from console.db.embedded.urls import Address

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

ROLES_SQL: Final = """\
DO $roles$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['console_owner', 'console_app', 'console_gateway',
                                'console_search', 'console_auth', 'console_eraser'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
    FOREACH role IN ARRAY ARRAY['console_migrator', 'console_app_login', 'console_gateway_login'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN INHERIT', role);
        END IF;
    END LOOP;
END
$roles$;
ALTER ROLE console_migrator NOSUPERUSER NOBYPASSRLS NOCREATEDB CREATEROLE;
ALTER ROLE console_app_login NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE console_gateway_login NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
GRANT console_owner, console_app, console_gateway, console_search, console_auth, console_eraser
    TO console_migrator WITH ADMIN OPTION;
GRANT console_app TO console_app_login;
GRANT console_gateway TO console_gateway_login;
"""


def furnish(address: Address, database: str) -> None:
    """Make the roles and the database if they are missing, also after a start that was cut short."""
    with _connected(address, "postgres") as connection:
        _make_roles(connection, address)
        if _has_database(connection, database):
            return
        _create(connection, database, None, again=True)
    _open(address, database)


def make_database(address: Address, name: str, template: str | None) -> None:
    """Make a database, as a copy of `template` if one is named.

    Raises psycopg.Error when the server refuses.
    """
    with _connected(address, "postgres") as connection:
        _create(connection, name, template)
    _open(address, name)


def drop_database(address: Address, name: str) -> None:
    """Remove a database, ending its sessions."""
    from psycopg import sql

    with _connected(address, "postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _connected(address: Address, database: str) -> Iterator[Connection[TupleRow]]:
    import psycopg

    with psycopg.connect(address.urls(database).superuser, autocommit=True, connect_timeout=30) as connection:
        yield connection


def _make_roles(connection: Connection[TupleRow], address: Address) -> None:
    from psycopg import sql

    passwords = address.passwords
    logins = {OWNER_LOGIN: passwords.owner, APP_LOGIN: passwords.app, GATEWAY_LOGIN: passwords.gateway}
    ready = connection.execute(
        "SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname = ANY(%s)", [list(logins)]
    ).fetchone()
    if ready == (len(logins),):
        return
    with connection.transaction():
        connection.execute(ROLES_SQL)
        for login, password in logins.items():
            hashed = connection.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256")
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(login), sql.Literal(hashed.decode())))


def _has_database(connection: Connection[TupleRow], name: str) -> bool:
    """Whether the database is there and was opened to the app, the last step of its making."""
    found = connection.execute(
        "SELECT FROM pg_database, aclexplode(datacl) AS acl "
        "WHERE datname = %s AND acl.grantee = 'console_app'::regrole AND acl.privilege_type = 'CONNECT'",
        [name],
    )
    return found.fetchone() is not None


def _create(connection: Connection[TupleRow], name: str, template: str | None, *, again: bool = False) -> None:
    from psycopg import errors, sql

    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
    names = (sql.Identifier(part) for part in (name, OWNER_LOGIN, template or "template0"))
    try:
        connection.execute(statement.format(*names))
    except errors.DuplicateDatabase:
        if not again:
            raise
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def _open(address: Address, name: str) -> None:
    from psycopg import sql

    grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO console_app, console_gateway")
    with _connected(address, name) as connection:
        # pgvector is not a trusted extension, so no migration can make it
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(grant.format(sql.Identifier(name)))
