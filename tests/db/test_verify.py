"""`verify` proves the wall, and turns red for each way of breaking it."""

# ruff: noqa: E501 - statements read best one a line
from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import migrate
from console.db.verify import Proof, verify
from console.errors import RefusedError

_TENANT = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"
_ROLES = "console_app, console_gateway, console_owner"

BREAKS = {
    "no row security": ("agents", "row_security", "ALTER TABLE agents DISABLE ROW LEVEL SECURITY"),
    "not forced": ("agents", "forced", "ALTER TABLE agents NO FORCE ROW LEVEL SECURITY"),
    "no tenant policy": ("messages", "tenant_policy", "DROP POLICY tenant ON messages"),
    "no tenant policy, tried": ("messages", "reads_nothing", "DROP POLICY tenant ON messages"),
    "no check": ("drafts", "tenant_policy", f"DROP POLICY tenant ON drafts; CREATE POLICY tenant ON drafts AS RESTRICTIVE TO {_ROLES} USING ({_TENANT})"),
    "check of true": ("drafts", "inserts_nothing", f"DROP POLICY tenant ON drafts; CREATE POLICY tenant ON drafts AS RESTRICTIVE TO {_ROLES} USING ({_TENANT}) WITH CHECK (true)"),
    "moved": ("drafts", "moves_nothing", f"DROP POLICY tenant ON drafts; CREATE POLICY tenant ON drafts AS RESTRICTIVE TO {_ROLES} USING ({_TENANT}) WITH CHECK (true)"),
    "another form": ("runs", "tenant_policy", f"DROP POLICY tenant ON runs; CREATE POLICY tenant ON runs AS RESTRICTIVE TO {_ROLES} USING (workspace_id = current_setting('app.workspace_id')::uuid)"),
    "unset sees all": ("runs", "reads_nothing_unset", f"DROP POLICY tenant ON runs; CREATE POLICY tenant ON runs AS RESTRICTIVE TO {_ROLES} USING (current_setting('app.workspace_id', true) = '' OR {_TENANT})"),
    "for the app alone": ("runs", "tenant_policy", f"DROP POLICY tenant ON runs; CREATE POLICY tenant ON runs AS RESTRICTIVE TO console_app USING ({_TENANT}) WITH CHECK ({_TENANT})"),
    "permissive tenant policy": ("runs", "tenant_policy", f"DROP POLICY tenant ON runs; CREATE POLICY tenant ON runs TO {_ROLES} USING ({_TENANT}) WITH CHECK ({_TENANT})"),
    "opened further": ("contacts", "permissive_policies", "CREATE POLICY more ON contacts TO console_app USING (true)"),
    "no permissive policy": ("contacts", "permissive_policies", "DROP POLICY allowed ON contacts"),
    "nothing can be added": ("contacts", "own_row", "DROP POLICY allowed ON contacts"),
    "primary key": ("drafts", "primary_key", "ALTER TABLE drafts DROP CONSTRAINT drafts_pkey"),
    "unique across": ("sources", "unique_indexes", "CREATE UNIQUE INDEX loose ON sources (uri)"),
    "unique expression across": ("contacts", "unique_indexes", "CREATE UNIQUE INDEX loose ON contacts (lower(email), workspace_id)"),
    "loose foreign key": ("drafts", "foreign_keys", "CREATE UNIQUE INDEX one ON runs (id); ALTER TABLE drafts ADD COLUMN r uuid REFERENCES runs (id)"),
    "key set to null": ("runs", "foreign_keys", "ALTER TABLE runs DROP CONSTRAINT runs_agent, ADD CONSTRAINT runs_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE SET NULL"),
    "truncate": ("chunks", "grants", "GRANT TRUNCATE ON chunks TO console_app"),
    "references": ("chunks", "grants", "GRANT REFERENCES (id) ON chunks TO console_gateway"),
    "granted to all": ("chunks", "grants", "GRANT SELECT ON chunks TO PUBLIC"),
    "other owner": ("chunks", "owner", "ALTER TABLE chunks OWNER TO console_migrator"),
    "trigger": ("chunks", "no_triggers", "CREATE TRIGGER t BEFORE UPDATE ON chunks FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"),
    "mutable version": ("agent_versions", "immutable", "GRANT UPDATE (note) ON agent_versions TO console_app"),
    "mutable usage": ("usage_events", "immutable", "GRANT DELETE ON usage_events TO console_app"),
    "new table without a wall": ("fresh", "row_security", "CREATE TABLE fresh (workspace_id uuid, id uuid, PRIMARY KEY (workspace_id, id)); GRANT ALL ON fresh TO console_app"),
    "new table, tried": ("fresh", "reads_nothing", "CREATE TABLE fresh (workspace_id uuid, id uuid, PRIMARY KEY (workspace_id, id)); GRANT ALL ON fresh TO console_app"),
    "new table without a workspace": ("fresh", "tenant_key", "CREATE TABLE fresh (id uuid PRIMARY KEY)"),
    "materialised view": ("fresh", "tenant_key", "CREATE MATERIALIZED VIEW fresh AS SELECT content FROM messages"),
    "definer of another": ("database", "definer_owner", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1'"),
    "open search_path": ("database", "definer_search_path", "ALTER FUNCTION auth_any_user() RESET search_path"),
    "executed by all": ("database", "definer_execute", "GRANT EXECUTE ON FUNCTION auth_login(text) TO PUBLIC"),
    "executed by default": ("database", "definer_execute", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1'"),
    "leakproof": ("database", "no_leakproof", "CREATE FUNCTION f(text) RETURNS bool LANGUAGE sql LEAKPROOF AS 'SELECT true'"),
    "owner's view": ("database", "views", "CREATE VIEW fresh AS SELECT content FROM messages"),
    "creates in the schema": ("database", "schemas", "GRANT CREATE ON SCHEMA public TO console_app"),
}  # fmt: skip


@pytest.fixture(scope="module")
def template(server: EmbeddedServer) -> Iterator[str]:
    name = f"sound_{os.getpid()}"
    migrate(server.create_database(name).owner)
    yield name
    server.drop_database(name)


@pytest.fixture
def copy(server: EmbeddedServer, template: str) -> Iterator[ServerUrls]:
    """A database that a test may break."""
    name = f"broken_{os.getpid()}"
    yield server.create_database(name, template=template)
    server.drop_database(name)


def _failed(proof: Proof) -> set[tuple[str, str]]:
    reports = (proof.database, *proof.tables)
    return {(report.table, name) for report in reports for name, held in report.checks.items() if not held}


def _run(urls: ServerUrls, statements: str) -> None:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(statements.encode())


def test_the_schema_is_sound_and_the_proof_leaves_nothing(copy: ServerUrls) -> None:
    proof = verify(copy.app)
    assert proof.ok, [report.problems for report in (proof.database, *proof.tables)]
    with psycopg.connect(copy.superuser) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        filled = {name for (name,) in tables if connection.execute(f'SELECT FROM "{name}" LIMIT 1'.encode()).rowcount}
    assert filled == {"auth_secrets", "embedding_models", "model_prices", "plans", "plan_limits", "schema_migrations"}


@pytest.mark.parametrize("name", BREAKS)
def test_a_hole_is_found_and_named(copy: ServerUrls, name: str) -> None:
    table, check, statements = BREAKS[name]
    _run(copy, statements)
    proof = verify(copy.app)
    assert (table, check) in _failed(proof)
    assert not proof.ok


def test_a_login_that_may_also_search_is_found(copy: ServerUrls) -> None:
    name = f"loose_{os.getpid()}"
    _run(copy, f"CREATE ROLE {name} LOGIN PASSWORD 'x' IN ROLE console_app, console_search")
    try:
        url = psycopg.conninfo.make_conninfo(copy.app, user=name, password="x")
        assert ("database", "strong_roles") in _failed(verify(url))
    finally:
        _run(copy, f"DROP ROLE {name}")


def test_a_superuser_or_owner_proves_nothing(copy: ServerUrls) -> None:
    for url in (copy.superuser, copy.owner):
        assert ("database", "role") in _failed(verify(url))


def test_a_schema_that_is_not_there_is_refused(server: EmbeddedServer) -> None:
    name = f"empty_{os.getpid()}"
    urls = server.create_database(name)
    try:
        with pytest.raises(RefusedError, match="older"):
            verify(urls.app)
    finally:
        server.drop_database(name)
