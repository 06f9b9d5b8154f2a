"""Trying it: as the app role, under one made-up workspace, reach for the rows of another, table by table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db import sample
from console.db.catalogue import Table
from console.ids import new_id

if TYPE_CHECKING:
    from psycopg import Connection

_DENIED = "42501"


@dataclass(frozen=True, slots=True)
class Probe:
    """Two workspaces with a row in every table, in a transaction that is rolled back."""

    connection: Connection[Any]
    sampler: sample.Sampler
    mine: UUID
    theirs: UUID
    rows: dict[str, sample.Row] = field(default_factory=dict)
    unmade: dict[str, str] = field(default_factory=dict)

    def attempts(self, table: Table) -> dict[str, list[str]]:
        """What got through, by attempt; empty lists when the wall holds."""
        if table.name in self.unmade:
            return {"own_row": [self.unmade[table.name]]}
        return {"own_row": []} | {name: self._tried(attempt, table) for name, attempt in _ATTEMPTS.items()}

    def act_for(self, workspace_id: UUID | None) -> None:
        """Set the tenant of what follows."""
        tenant = str(UUID(int=workspace_id.int)) if workspace_id else ""
        self.connection.execute(f"SET LOCAL app.workspace_id = '{tenant}'".encode())

    def run(self, statement: str | bytes, params: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it saw or changed."""
        text = statement if isinstance(statement, bytes) else statement.encode()
        return self.connection.execute(text, params).rowcount

    def add(self, table: str, row: sample.Row) -> None:
        """Insert a row; a refusal is kept in `unmade`."""
        problem, _ = self._outcome(lambda: str(self.run(*sample.insert(table, row)) or ""), keep=True)
        if problem != "1":
            self.unmade[table] = problem

    def _tried(self, attempt: Callable[[Probe, Table], str], table: Table) -> list[str]:
        problem, denied = self._outcome(lambda: attempt(self, table))
        return [problem] if problem and not denied else []

    def _outcome(self, act: Callable[[], str], *, keep: bool = False) -> tuple[str, bool]:
        """What the act or the server's refusal says, and whether that was for want of rights."""
        import psycopg

        try:
            with self.connection.transaction(force_rollback=not keep):
                return act(), False
        except psycopg.Error as error:
            return f"{error.sqlstate}: {' '.join(str(error).split())}", error.sqlstate == _DENIED


def prepare(connection: Connection[Any], tables: Sequence[Table]) -> Probe:
    """Make both workspaces inside the connection's open transaction, each row under its own tenant."""
    probe = Probe(connection, sample.Sampler(connection, tables), new_id(), new_id())
    for workspace_id in (probe.mine, probe.theirs):
        probe.act_for(workspace_id)
        user_id = new_id()
        connection.execute(
            "SELECT auth_create_user(%s, %s, 'probe', 'no password')", (user_id, f"{user_id}@probe.invalid")
        )
        given: dict[str, sample.Row] = {"users": {"id": user_id}, "embedding_models": {"id": 1}}
        probe.rows.update(probe.sampler.rows(workspace_id, given, "probe"))
        for name in [table.name for table in probe.sampler.tables]:
            probe.add(name, probe.rows[name])
    probe.act_for(probe.mine)
    return probe


def _read(probe: Probe, table: Table) -> str:
    seen = probe.run(f'SELECT FROM "{table.name}" WHERE "{table.key}" <> %s', [probe.mine])
    if probe.run(f'SELECT FROM "{table.name}"') != 1:
        return "the table does not show exactly its own row"
    return f"{seen} rows read" if seen else ""


def _read_without_tenant(probe: Probe, table: Table) -> str:
    probe.act_for(None)
    seen = probe.run(f'SELECT FROM "{table.name}"')
    return f"{seen} rows read without a workspace" if seen else ""


def _update(probe: Probe, table: Table) -> str:
    key = table.key
    changed = probe.run(f'UPDATE "{table.name}" SET "{key}" = "{key}" WHERE "{key}" = %s', [probe.theirs])  # noqa: S608
    return f"{changed} rows changed" if changed else ""


def _move(probe: Probe, table: Table) -> str:
    probe.run(f'UPDATE "{table.name}" SET "{table.key}" = %s', [probe.theirs])  # noqa: S608
    return "a row was moved to the other workspace"


def _delete(probe: Probe, table: Table) -> str:
    gone = probe.run(f'DELETE FROM "{table.name}" WHERE "{table.key}" = %s', [probe.theirs])  # noqa: S608
    return f"{gone} rows deleted" if gone else ""


def _insert(probe: Probe, table: Table) -> str:
    row = probe.sampler.row(table, probe.theirs, probe.rows, "probe")
    probe.run(*sample.insert(table.name, row))
    return "a row was put into the other workspace"


_ATTEMPTS: dict[str, Callable[[Probe, Table], str]] = {
    "reads_nothing": _read,
    "reads_nothing_unset": _read_without_tenant,
    "updates_nothing": _update,
    "moves_nothing": _move,
    "deletes_nothing": _delete,
    "inserts_nothing": _insert,
}
