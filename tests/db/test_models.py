"""The models and the schema that the migrations make are the same."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, text

from console.db.embedded.server import EmbeddedServer, ServerUrls
from tests.models import METADATA, TABLES

_NOT_OURS = {"schema_migrations"}
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'schema_migrations'"
_KEYS = (
    "SELECT conrelid::regclass::text || ': ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype IN ('p', 'f', 'u') AND connamespace = 'public'::regnamespace"
    " AND conrelid <> 'schema_migrations'::regclass"
)
_COLUMNS = (
    "SELECT attrelid::regclass::text || '.' || attname || ' ' || format_type(atttypid, atttypmod)"
    " || CASE WHEN attnotnull THEN ' not null ' ELSE ' ' END || coalesce(pg_get_expr(adbin, adrelid), '')"
    " FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
    " LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum"
    " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
    " AND relname <> 'schema_migrations'"
)


def _url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="module")
def migrated(urls: ServerUrls) -> Iterator[Connection]:
    """The schema as the migrations make it."""
    with create_engine(_url(urls.superuser), poolclass=NullPool).connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def modelled(server: EmbeddedServer, urls: ServerUrls) -> Iterator[Connection]:
    """The schema as the models alone would make it."""
    name = f"modelled_{os.getpid()}"
    with create_engine(_url(server.create_database(name).superuser), poolclass=NullPool).connect() as connection:
        connection.execute(text("CREATE TABLE schema_migrations ()"))
        METADATA.create_all(connection)
        yield connection
        connection.rollback()
    server.drop_database(name)


def _facts(connection: Connection, query: str) -> set[str]:
    return set(connection.execute(text(query)).scalars())


def test_alembic_sees_no_difference(migrated: Connection) -> None:
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _parents: not (kind == "table" and name in _NOT_OURS),
    }
    context = MigrationContext.configure(migrated, opts=options)
    assert compare_metadata(context, METADATA) == []


@pytest.mark.parametrize("query", [_COLUMNS, _INDEXES, _KEYS], ids=["columns", "indexes", "keys"])
def test_the_catalogues_agree(migrated: Connection, modelled: Connection, query: str) -> None:
    """Also in what alembic does not look at: predicates, operator classes, order, methods."""
    assert _facts(migrated, query) == _facts(modelled, query)


def test_every_table_has_its_model(migrated: Connection) -> None:
    tables = _facts(migrated, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") - _NOT_OURS
    assert tables == {table.name for table in TABLES}
