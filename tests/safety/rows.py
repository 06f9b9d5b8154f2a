"""Two workspaces with a row in every table, made from the catalogue by one who is bound by no policy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg

from console.db import catalogue
from console.db.catalogue import Table
from console.db.embedded.server import ServerUrls
from console.db.sample import Row, Sampler, insert
from console.ids import new_id
from tests.models import TABLES

TENANT_TABLES = sorted(table.name for table in TABLES if "workspace_id" in table.columns or table.name == "workspaces")
"""Every tenant table, known without a server; a test compares them with the catalogue."""

POINTERS = sorted(
    (table.name, str(key.name)) for table in TABLES for key in table.foreign_key_constraints if len(key.columns) > 1
)
"""Every foreign key of a tenant table that says more than its workspace, as (table, constraint)."""

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Tenant:
    """A workspace, its row of each table, and the text that its free-text columns hold."""

    id: UUID
    text: str
    rows: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Two:
    """Tenants a and b on one server; `links` are its open connections by login."""

    links: Mapping[str, Connection]
    tables: Mapping[str, Table]
    sampler: Sampler
    a: Tenant
    b: Tenant

    @contextmanager
    def acting(self, login: str, workspace_id: UUID | None) -> Iterator[Connection]:
        """A transaction of a login (`superuser`, `app`, `gateway`) for a workspace, undone at the end."""
        connection = self.links[login]
        try:
            if workspace_id is not None:
                connection.execute(f"SET LOCAL app.workspace_id = '{workspace_id}'".encode())
            yield connection
        finally:
            connection.rollback()

    def held(self, table: str, tenant: Tenant) -> list[tuple[Any, ...]]:
        """All the tenant's rows as they are stored, whoever may see them."""
        query = f'SELECT t::text FROM "{table}" t WHERE "{self.tables[table].key}" = %s ORDER BY 1'
        with self.acting("superuser", None) as connection:
            return connection.execute(query.encode(), (tenant.id,)).fetchall()


def become_app(connection: Connection) -> None:
    """From here to the end of the transaction the app's rights and policies hold."""
    connection.execute("SET LOCAL ROLE console_app")


@contextmanager
def filled(urls: ServerUrls) -> Iterator[Two]:
    """Make both tenants and keep them."""
    with ExitStack() as stack:
        addresses = {"superuser": urls.superuser, "app": urls.app, "gateway": urls.gateway}
        links = {login: stack.enter_context(psycopg.connect(url)) for login, url in addresses.items()}
        connection = links["superuser"]
        tables = {table.name: table for table in catalogue.tables(connection)}
        sampler = Sampler(connection, list(tables.values()))
        a, b = (_tenant(connection, sampler, name) for name in ("a", "b"))
        connection.commit()
        yield Two(links, tables, sampler, a, b)


def twin(two: Two, tenant: Tenant) -> Tenant:
    """The rows of a third workspace, with the very ids, keys and addresses of `tenant`."""
    id = new_id()
    rows = {name: row | {two.tables[name].key: id} for name, row in tenant.rows.items()}
    rows["workspaces"] = rows["workspaces"] | {"slug": f"twin-{id.hex[-12:]}"}
    return replace(tenant, id=id, rows=rows)


def _tenant(connection: Connection, sampler: Sampler, name: str) -> Tenant:
    id, user_id = new_id(), new_id()
    connection.execute(
        "INSERT INTO users (id, email, name, password_hash) VALUES (%s, %s, %s, 'none')",
        (user_id, f"{user_id}@{name}.invalid", name),
    )
    text = f"secret-of-{name}-{os.getpid()}"
    rows = sampler.rows(id, {"users": {"id": user_id}, "embedding_models": {"id": 1}}, text)
    for table, row in rows.items():
        connection.execute(*insert(table, row))
    return Tenant(id, text, rows)
