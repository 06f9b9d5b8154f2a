"""A tenant sees only itself: every tenant table, every way of reaching, as the roles that act for a tenant."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import errors

from console.db.check import check_server
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.rules import GLOBAL_TABLES
from console.db.sample import Row, insert
from console.db.verify import verify
from console.errors import RefusedError
from console.ids import new_id
from tests.safety.rows import POINTERS, TENANT_TABLES, Connection, Two, become_app, twin

EACH_TABLE = pytest.mark.parametrize("table", TENANT_TABLES)
EACH_ROLE = pytest.mark.parametrize("role", ["app", "gateway"])
Rows = list[tuple[Any, ...]]
_READ = b"""
    SELECT relname, seq_scan, seq_tup_read, coalesce(idx_scan, 0), coalesce(idx_tup_fetch, 0)
    FROM pg_stat_xact_user_tables ORDER BY schemaname, relname"""


def _select(connection: Connection, two: Two, table: str) -> Rows:
    return connection.execute(f'SELECT * FROM "{table}"'.encode()).fetchall()


def _cursor(connection: Connection, two: Two, table: str) -> Rows:
    connection.execute(f'DECLARE c CURSOR FOR SELECT * FROM "{table}"'.encode())
    return connection.execute("FETCH ALL FROM c").fetchall()


def _copy(connection: Connection, two: Two, table: str) -> Rows:
    with connection.cursor().copy(f'COPY "{table}" TO STDOUT'.encode()) as copy:
        return [(bytes(part).decode(),) for part in copy]


def _wanted(connection: Connection, two: Two, table: str) -> Rows:
    query = f'SELECT * FROM "{table}" WHERE "{two.tables[table].key}" = %s'
    return connection.execute(query.encode(), (two.b.id,)).fetchall()


def _locked(connection: Connection, two: Two, table: str) -> Rows:
    return connection.execute(f'SELECT * FROM "{table}" FOR SHARE'.encode()).fetchall()


def _prepared(connection: Connection, two: Two, table: str) -> Rows:
    """Planned under one tenant, run under another."""
    connection.execute(f"SET LOCAL app.workspace_id = '{two.b.id}'".encode())
    connection.execute(f'PREPARE "p_{table}" AS SELECT * FROM "{table}"; EXECUTE "p_{table}"'.encode())
    connection.execute(f"SET LOCAL app.workspace_id = '{two.a.id}'".encode())
    return connection.execute(f'EXECUTE "p_{table}"'.encode()).fetchall()


READS: dict[str, Callable[[Connection, Two, str], Rows]] = {
    "select": _select,
    "cursor": _cursor,
    "copy": _copy,
    "by key": _wanted,
    "locked": _locked,
    "prepared": _prepared,
}


def _insert(connection: Connection, two: Two, table: str) -> int:
    row = two.sampler.row(two.tables[table], two.b.id, {**two.b.rows, **_GLOBAL}, "x")
    return connection.execute(*insert(table, row)).rowcount


def _upsert(connection: Connection, two: Two, table: str) -> int:
    statement, values = insert(table, dict(two.b.rows[table]))
    return connection.execute(statement + b" ON CONFLICT DO NOTHING", values).rowcount


def _overwrite(connection: Connection, two: Two, table: str) -> int:
    statement, values = insert(table, dict(two.b.rows[table]))
    primary = next(index for index in two.tables[table].uniques if index.primary)
    target, key = ", ".join(primary.columns), two.tables[table].key
    over = f" ON CONFLICT ({target}) DO UPDATE SET {key} = excluded.{key}"
    return connection.execute(statement + over.encode(), values).rowcount


def _statement(text: str, *owners: str) -> Callable[[Connection, Two, str], int]:
    def run(connection: Connection, two: Two, table: str) -> int:
        ids = [getattr(two, owner).id for owner in owners]
        return connection.execute(text.format(t=table, k=two.tables[table].key).encode(), ids).rowcount

    return run


_GLOBAL: dict[str, Row] = {"embedding_models": {"id": 1}}
WRITES: dict[str, Callable[[Connection, Two, str], int]] = {
    "insert": _insert,
    "insert, doing nothing on conflict": _upsert,
    "insert, updating on conflict": _overwrite,
    "update": _statement('UPDATE "{t}" SET "{k}" = "{k}" WHERE "{k}" = %s', "b"),
    "update without a condition": _statement('UPDATE "{t}" SET "{k}" = "{k}" WHERE "{k}" <> %s', "a"),
    "delete": _statement('DELETE FROM "{t}" WHERE "{k}" = %s', "b"),
    "move mine away": _statement('UPDATE "{t}" SET "{k}" = %s WHERE "{k}" = %s', "b", "a"),
    "move theirs here": _statement('UPDATE "{t}" SET "{k}" = %s WHERE "{k}" = %s', "a", "b"),
}


def test_the_tables_are_those_of_the_catalogue(two: Two) -> None:
    assert {name for name, table in two.tables.items() if table.is_tenants} == set(TENANT_TABLES)
    assert set(two.tables) - set(TENANT_TABLES) == GLOBAL_TABLES


@pytest.mark.parametrize("login", ["superuser", "owner"])
def test_who_is_not_bound_by_the_wall_may_not_start(urls: ServerUrls, login: str) -> None:
    with pytest.raises(RefusedError):
        check_server(getattr(urls, login))


def test_the_catalogue_proves_the_wall(urls: ServerUrls) -> None:
    proof = verify(urls.app)
    assert proof.ok, [report.problems for report in (proof.database, *proof.tables)]
    assert {report.table for report in proof.tables} == set(TENANT_TABLES)


@EACH_TABLE
@EACH_ROLE
@pytest.mark.parametrize("name", READS)
def test_nothing_of_another_tenant_is_read(two: Two, table: str, role: str, name: str) -> None:
    with two.acting(role, two.a.id) as connection:
        try:
            seen = READS[name](connection, two, table)
        except errors.InsufficientPrivilege:
            seen = []
            assert role == "gateway" or name == "locked"
    assert str(two.b.id) not in repr(seen)
    assert two.b.text not in repr(seen)
    if role == "app" and name not in {"by key", "locked"}:
        assert str(two.a.id) in repr(seen)


@EACH_TABLE
def test_a_view_shows_nothing_of_another_tenant(two: Two, table: str) -> None:
    with two.acting("superuser", two.a.id) as connection:
        connection.execute(f'CREATE VIEW v WITH (security_invoker = true) AS SELECT * FROM "{table}"'.encode())
        connection.execute("GRANT SELECT ON v TO console_app")
        become_app(connection)
        seen = repr(connection.execute("SELECT * FROM v").fetchall())
    assert str(two.b.id) not in seen
    assert str(two.a.id) in seen


@EACH_TABLE
@EACH_ROLE
@pytest.mark.parametrize("name", WRITES)
def test_nothing_of_another_tenant_is_written(two: Two, table: str, role: str, name: str) -> None:
    before = two.held(table, two.b)
    with two.acting(role, two.a.id) as connection:
        try:
            assert WRITES[name](connection, two, table) == 0
            connection.commit()
        except errors.InsufficientPrivilege:
            connection.rollback()
    assert two.held(table, two.b) == before
    assert two.held(table, two.a)


@EACH_TABLE
@EACH_ROLE
@pytest.mark.parametrize("state", ["empty", "after a transaction"])
def test_without_a_tenant_there_are_no_rows(two: Two, table: str, role: str, state: str) -> None:
    with two.acting(role, two.a.id if state == "after a transaction" else None) as connection:
        if state == "after a transaction":
            connection.commit()
        if state == "empty":
            connection.execute("SET LOCAL app.workspace_id = ''")
        try:
            assert connection.execute(f'SELECT FROM "{table}"'.encode()).rowcount == 0
        except errors.InsufficientPrivilege:
            assert role == "gateway"


@EACH_ROLE
def test_before_a_tenant_was_ever_set_there_are_no_rows(urls: ServerUrls, role: str) -> None:
    for table in TENANT_TABLES:
        with psycopg.connect(getattr(urls, role)) as connection:
            assert connection.execute("SELECT current_setting('app.workspace_id', true)").fetchone() == (None,)
            try:
                assert connection.execute(f'SELECT FROM "{table}"'.encode()).rowcount == 0
            except errors.InsufficientPrivilege:
                assert role == "gateway"


async def test_a_session_setting_is_not_seen_by_the_next_borrower(urls: ServerUrls, two: Two) -> None:
    database = Database(urls.app, pool_size=1)
    try:
        async with database.write(None) as tx:
            first = await tx.scalar("SELECT pg_backend_pid()")
            await tx.execute(f"SET app.workspace_id = '{two.b.id}'")
        for workspace_id in (None, two.a.id, None):
            async with database.read(workspace_id) as tx:
                assert await tx.scalar("SELECT pg_backend_pid()") == first
                found = await tx.scalar("SELECT current_setting('app.workspace_id', true)")
                assert found == (str(workspace_id) if workspace_id else "")
                assert [row.id for row in await tx.rows("SELECT id FROM workspaces")] == [workspace_id] * bool(found)
    finally:
        await database.close()


def _refused(connection: Connection, table: str, row: Row, point: Row) -> tuple[str, str]:
    """SQLSTATE and text of the refusal, ids left out."""
    with pytest.raises(psycopg.Error) as caught, connection.transaction():
        connection.execute(*insert(table, row | point))
    diagnosis = caught.value.diag
    text = f"{diagnosis.message_primary} {diagnosis.message_detail} {diagnosis.constraint_name}"
    for value in {**row, **point}.values():
        text = text.replace(str(value), "?")
    return str(caught.value.sqlstate), text


_HELD: dict[str, Row] = {
    "conversations_holder": {"control": "human", "lease_expires_at": datetime.now(UTC)},
    "knowledge_gaps_into": {"status": "merged"},
}


@pytest.mark.parametrize(("table", "name"), POINTERS)
def test_pointing_at_anothers_row_is_like_pointing_at_nothing(two: Two, table: str, name: str) -> None:
    key = next(key for key in two.tables[table].foreign_keys if key.name == name)
    pairs = [(column, target) for column, target in key.pairs if column != "workspace_id"]
    theirs = {column: two.b.rows[key.target][target] for column, target in pairs}
    nowhere = {column: new_id() if target.endswith("id") else 31_000 for column, target in pairs}
    with two.acting("superuser", two.a.id) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(f'DELETE FROM "{table}" WHERE workspace_id = %s'.encode(), (two.a.id,))
        connection.execute("SET LOCAL session_replication_role = origin")
        become_app(connection)
        row = two.a.rows[table] | _HELD.get(name, {})
        if table == key.target or name == "agents_published":
            theirs.pop("id", None), nowhere.pop("id", None)
        known = _refused(connection, table, row, theirs)
        unknown = _refused(connection, table, row, nowhere)
    assert known == unknown
    assert known[0] == "23503"


def test_a_refusal_tells_nothing_by_its_time(two: Two) -> None:
    """A message into another's conversation reads of each table what one into no conversation at all reads."""
    theirs, row = two.b.rows["conversations"]["id"], two.a.rows["messages"]

    def read(connection: Connection, conversation_id: object) -> Rows:
        before = connection.execute(_READ).fetchall()
        _refused(connection, "messages", dict(row), {"conversation_id": conversation_id, "seq": 1})
        pairs = zip(before, connection.execute(_READ).fetchall(), strict=True)
        return [(now[0], *(b - a for a, b in zip(then[1:], now[1:], strict=True))) for then, now in pairs]

    with two.acting("app", two.a.id) as connection:
        read(connection, new_id())  # Plans are made once.
        work = read(connection, theirs)
        assert work == read(connection, new_id())
        assert any(any(counts) for _, *counts in work)


def test_another_workspace_may_hold_the_very_same_keys_and_addresses(two: Two) -> None:
    """No unique index tells what another tenant has."""
    third = twin(two, two.b)
    with two.acting("app", third.id) as connection:
        for table in two.sampler.tables:
            assert connection.execute(*insert(table.name, dict(third.rows[table.name]))).rowcount == 1


LEAKS = {
    "where": 'SELECT count(*) FROM "{t}" t WHERE f_leak(t::text)',
    "order by": 'SELECT 1 FROM "{t}" t ORDER BY f_leak(t::text) LIMIT 1',
    "join": 'SELECT count(*) FROM "{t}" t JOIN "{t}" u ON f_leak(t::text || u::text)',
    "aggregate": 'SELECT bool_and(f_leak(t::text)) FROM "{t}" t',
    "case": 'SELECT 1 FROM "{t}" t WHERE CASE WHEN f_leak(t::text) THEN true END',
}


@EACH_TABLE
@pytest.mark.parametrize("place", LEAKS)
def test_a_leaky_function_never_meets_anothers_text(two: Two, table: str, place: str) -> None:
    """After `f_leak` of Postgres' own rowsecurity tests: so cheap that a planner would like to run it first."""
    notices: list[str] = []
    with two.acting("superuser", two.a.id) as connection:
        connection.execute(
            "CREATE FUNCTION f_leak(text) RETURNS bool COST 0.0000001 LANGUAGE plpgsql"
            " AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'"
        )
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        become_app(connection)
        connection.execute(LEAKS[place].format(t=table).encode())
    assert str(two.a.id) in "".join(notices)
    assert str(two.b.id) not in "".join(notices)
    assert two.b.text not in "".join(notices)


@EACH_TABLE
def test_an_error_is_no_oracle(two: Two, table: str) -> None:
    query = f'SELECT count(*) FROM "{table}" t WHERE 1 / (strpos(t::text, %s) = 0)::int = 1'
    with two.acting("app", two.a.id) as connection:
        connection.execute(query.encode(), (str(two.b.id),))
        with pytest.raises(errors.DivisionByZero):
            connection.execute(query.encode(), (str(two.a.id),))


def test_the_app_can_not_read_what_is_global(two: Two) -> None:
    for table in ("users", "sessions", "recovery_codes", "login_attempts", "auth_secrets"):
        with two.acting("app", two.a.id) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SELECT FROM {table}".encode())


def test_the_app_can_not_become_another(two: Two) -> None:
    for role in ("console_owner", "console_search", "console_auth", "console_eraser", "postgres"):
        with two.acting("app", two.a.id) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SET ROLE {role}".encode())


@EACH_TABLE
def test_row_security_can_not_be_switched_off(two: Two, table: str) -> None:
    with two.acting("app", two.a.id) as connection:
        connection.execute("SET LOCAL row_security = off")
        with pytest.raises(errors.InsufficientPrivilege, match=re.escape(table)):
            connection.execute(f'SELECT * FROM "{table}"'.encode())
