"""One row for every tenant table, made up from the catalogue: for proofs, which nothing new may escape."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.catalogue import Table
from console.ids import new_id

if TYPE_CHECKING:
    from psycopg import Connection

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that must be given a value: its type, or its domain's, and the first value that a CHECK allows."""

    name: str
    type: str
    choice: str | None


_NEEDED = """
SELECT a.attrelid::regclass::text, a.attname, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL),
    (SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k
     WHERE k.contype = 'c' AND (k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum] OR k.contypid = t.oid))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attnotnull AND NOT a.atthasdef
ORDER BY a.attrelid, a.attnum
"""
_CHOICE = re.compile(r"ARRAY\['([^']*)'")


class Sampler:
    """Makes up rows; parents come before children, and each child points at the one row of its parent."""

    def __init__(self, connection: Connection[Any], tables: Sequence[Table]) -> None:
        self._needed: dict[str, list[Column]] = {}
        for table, name, type_, checks in connection.execute(_NEEDED).fetchall():
            choice = _CHOICE.search(checks or "")
            self._needed.setdefault(table, []).append(Column(name, type_, choice and choice[1]))
        tenants = {table.name: table for table in tables if table.is_tenants}
        self.tables = tuple(self._in_order(tenants))

    def rows(self, workspace_id: UUID, given: Mapping[str, Row], text: str) -> dict[str, Row]:
        """A row of each table for one workspace, in the order of insertion, with `text` in what is free text.

        `given` holds a row of each global table that is pointed at.
        """
        made: dict[str, Row] = {}
        for table in self.tables:
            made[table.name] = self.row(table, workspace_id, {**given, **made}, text)
        return made

    def row(self, table: Table, workspace_id: UUID, parents: Mapping[str, Row], text: str) -> Row:
        """One more row of the table, pointing at `parents`, with keys of its own where they are free."""
        row = {column.name: _value(column, text) for column in self._needed[table.name]}
        for key in table.foreign_keys:
            for column, target in key.pairs:
                if column in row and key.target in parents:
                    row[column] = parents[key.target][target]
        return row | {table.key: workspace_id}

    def _in_order(self, tables: dict[str, Table]) -> list[Table]:
        ordered: dict[str, Table] = {}
        while len(ordered) < len(tables):
            ready = [
                t for n, t in tables.items() if n not in ordered and self._parents(t) & set(tables) <= set(ordered)
            ]
            ordered |= {table.name: table for table in ready}
        return list(ordered.values())

    def _parents(self, table: Table) -> set[str]:
        """The tables that a row can't be without; a nullable pointer stays empty."""
        needed = {column.name for column in self._needed[table.name]}
        return {key.target for key in table.foreign_keys if {column for column, _ in key.pairs} <= needed}


def insert(table: str, row: Row) -> tuple[bytes, list[Any]]:
    """The INSERT of a row, and its parameters."""
    columns = ", ".join(f'"{name}"' for name in row)
    statement = f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join(["%s"] * len(row))})'  # noqa: S608
    return statement.encode(), list(row.values())


def _value(column: Column, text: str) -> Any:
    match column.type:
        case "uuid":
            return new_id()
        case "text" | "character varying":
            return column.choice or f"{text}-{new_id().hex[-12:]}"
        case "bytea":
            return new_id().bytes
        case "smallint" | "integer" | "bigint" | "real" | "double precision" | "numeric":
            return secrets.randbelow(30_000) + 1
        case "boolean":
            return False
        case "json" | "jsonb":
            return "{}"
        case "timestamp with time zone":
            return datetime.now(UTC)
        case _:
            return ""
