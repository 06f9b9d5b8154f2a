"""The migration runner: `sql/NNNN_name.sql` in order, each in one transaction, never edited once released."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.db import queue_schema
from console.db.link import direct
from console.errors import ConnectionFailedError, RefusedError
from console.resources import resource

LOCK_KEY = 7_310_443_015
_NAME = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")
_ALONE = "-- no transaction"
_HINT = "check DATABASE_OWNER_URL"
_TRACK = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name, its text, and the SHA-256 of its text."""

    name: str
    sql: str
    checksum: str


def load(folder: Path | None = None) -> tuple[Migration, ...]:
    """The migrations that this program knows, in order, the job queue's schema last."""
    paths = sorted(path for path in (folder or resource("sql")).iterdir() if _NAME.match(path.name))
    files = tuple(_migration(path.name, path.read_text("utf-8")) for path in paths)
    return files if folder else (*files, _migration(queue_schema.name(), queue_schema.install()))


def pending(url: str, known: tuple[Migration, ...] | None = None) -> tuple[str, ...]:
    """Names not yet applied. Raises `RefusedError` when an applied file was edited or is missing."""
    with direct(url, _HINT) as connection:
        return tuple(m.name for m in outstanding(connection, known or load()))


def migrate(url: str, known: tuple[Migration, ...] | None = None) -> tuple[str, ...]:
    """Apply what is pending as the owner and return its names; a second migrator waits, then does nothing.

    Raises `RefusedError` when applied files were edited, are missing, or would run out of order, and when one fails,
    `ConnectionFailedError` when the connection breaks.
    """
    known = known or load()
    with direct(url, _HINT) as connection:
        _begin(connection)
        todo = outstanding(connection, known)
        for migration in todo:
            _apply(connection, migration)
        return tuple(m.name for m in todo)


def _begin(connection: Any) -> None:
    import psycopg

    connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
    try:
        connection.execute(_TRACK)
    except psycopg.errors.InsufficientPrivilege as error:
        raise RefusedError(f"this login may not migrate: {error.diag.message_primary}", hint=_HINT) from error


def _migration(name: str, sql: str) -> Migration:
    return Migration(name, sql, hashlib.sha256(sql.encode()).hexdigest())


def outstanding(connection: Any, known: tuple[Migration, ...]) -> list[Migration]:
    """What of `known` is not applied yet, in order.

    Raises `RefusedError` when applied files were edited or are missing, when the schema is newer than this program,
    or when a file would run out of order.
    """
    readable = "SELECT coalesce(has_table_privilege(to_regclass('schema_migrations'), 'SELECT'), false)"
    if not connection.execute(readable).fetchone()[0]:
        return list(known)
    applied = dict(connection.execute("SELECT name, checksum FROM schema_migrations").fetchall())
    known = _with_queue_upgrade(applied, known)
    _refuse_edited(applied, known)
    _refuse_unknown(applied, known)
    todo = [migration for migration in known if migration.name not in applied]
    if applied and todo and todo[0].name < max(applied, key=_order):
        raise RefusedError(f"{todo[0].name} comes before what is applied", hint="give it a number after the last one")
    return todo


def _with_queue_upgrade(applied: dict[str, str], known: tuple[Migration, ...]) -> tuple[Migration, ...]:
    """Where an older queue is installed, its upgrade stands in place of the installation."""
    before = queue_schema.older(applied)
    if before is None or known[-1].name != queue_schema.name():
        return known
    for name in [name for name in applied if name.startswith(queue_schema.PREFIX) and name != known[-1].name]:
        del applied[name]
    if known[-1].name in applied:
        return known
    # It counts as the installation from then on, so it carries the installation's checksum.
    return (*known[:-1], replace(known[-1], sql=queue_schema.upgrade(before)))


def _refuse_edited(applied: dict[str, str], known: tuple[Migration, ...]) -> None:
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise RefusedError(f"{migration.name} was changed after it was applied", hint="restore the released file")


def _refuse_unknown(applied: dict[str, str], known: tuple[Migration, ...]) -> None:
    unknown = sorted(set(applied) - {migration.name for migration in known})
    if not unknown:
        return
    if unknown[-1] > max((migration.name for migration in known), key=_order, default=""):
        raise RefusedError(
            f"the database's schema is newer: it has {unknown[-1]}, which this version does not know",
            hint="install the newer version",
        )
    raise RefusedError(f"{unknown[0]} is applied, but its file is missing", hint="restore the released file")


def _order(name: str) -> str:
    return name if _NAME.match(name) else ""


def _apply(connection: Any, migration: Migration) -> None:
    import psycopg

    alone = migration.sql.startswith(_ALONE)
    try:
        if alone:
            _run_alone(connection, migration)
        else:
            with connection.transaction():
                connection.execute(migration.sql)
                _record(connection, migration)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        if connection.closed:
            # What a lost COMMIT did only the database knows.
            raise ConnectionFailedError(
                f"the connection broke in {migration.name}: {reason}", hint="run it again; what is applied is kept"
            ) from error
        undone = "may be half done" if alone else "was rolled back"
        raise RefusedError(f"{migration.name} failed and {undone}: {reason}") from error


def _run_alone(connection: Any, migration: Migration) -> None:
    """Each statement by itself, since several sent as one text would be a transaction; each ends a line with `;`."""
    for statement in re.split(r";[ \t]*\n", migration.sql + "\n"):
        if statement.strip():
            connection.execute(statement)
    _record(connection, migration)


def _record(connection: Any, migration: Migration) -> None:
    connection.execute("RESET ROLE")
    connection.execute("RESET search_path")
    connection.execute(
        "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)", (migration.name, migration.checksum)
    )
