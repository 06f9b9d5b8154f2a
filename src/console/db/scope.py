"""The third tenant fence: every ORM statement is limited to the transaction's workspace (and agent).

It covers what goes through the models; `text()` and plain tables are left to row-level security.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, DateTime, ForeignKeyConstraint, Insert, MetaData, Numeric, Text, Update, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    UOWTransaction,
    mapped_column,
    with_loader_criteria,
)

from console.errors import ConsoleError

_NOBODY = UUID(int=0)


class Base(DeclarativeBase):
    """Base of all models. The tables themselves are made by the migrations in `sql/`."""

    metadata = MetaData()
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        float: REAL,
        Decimal: Numeric(12, 6),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class BelongsToWorkspace:
    """A row of one workspace: the workspace leads its primary key and every statement about it."""

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)


class BelongsToAgent(BelongsToWorkspace):
    """A row of one agent of a workspace; a session may be narrowed to one agent."""

    agent_id: Mapped[UUID | None] = mapped_column()


class TenantSession(Session):
    """A session whose `info` names the workspace, and possibly one agent, that it may touch."""


def tenant_key(name: str, column: str, target: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key that carries the workspace on both sides: `tenant_key("...", "run_id", "runs.id")`.

    Several columns are parted by blanks: `"conversation_id seq"`, `"messages.conversation_id messages.seq"`.
    """
    targets = target.split()
    table = targets[0].partition(".")[0]
    return ForeignKeyConstraint(
        ["workspace_id", *column.split()], [f"{table}.workspace_id", *targets], name=name, **options
    )


@event.listens_for(TenantSession, "do_orm_execute")
def _limit_to_tenant(state: ORMExecuteState) -> None:
    # Both are always UUIDs, so that the cached criteria differ in nothing but a bound value.
    tenant: UUID = state.session.info.get("workspace_id") or _NOBODY
    agent: UUID | None = state.session.info.get("agent_id")
    if isinstance(state.statement, Insert | Update):
        _refuse_foreign_values(state, tenant)
    options = [with_loader_criteria(BelongsToWorkspace, lambda cls: cls.workspace_id == tenant, include_aliases=True)]
    if agent is not None:
        options.append(with_loader_criteria(BelongsToAgent, lambda cls: cls.agent_id == agent, include_aliases=True))
    state.statement = state.statement.options(*options)


@event.listens_for(TenantSession, "before_flush")
def _refuse_foreign_rows(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    tenant = session.info.get("workspace_id")
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, BelongsToWorkspace) and row.workspace_id != tenant:
            raise _foreign()


def _refuse_foreign_values(state: ORMExecuteState, tenant: UUID) -> None:
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, BelongsToWorkspace):
        return
    key = str(mapper.primary_key[0].key)
    unsaid: object = None if state.is_insert else tenant
    if any(row.get(key, unsaid) != tenant for row in _rows(state)):
        raise _foreign()


def _rows(state: ORMExecuteState) -> list[dict[str, object]]:
    """The values that an INSERT or UPDATE would write, by column, whichever way they were given."""
    statement: Any = state.statement
    several = [_plain(row) for rows in statement._multi_values for row in rows]  # noqa: SLF001
    fixed = _plain(statement._values or {})  # noqa: SLF001
    given = state.parameters or {}
    return several or [fixed | dict(row) for row in ([given] if isinstance(given, Mapping) else given)]


def _plain(row: Mapping[Any, Any]) -> dict[str, object]:
    return {getattr(column, "key", column): getattr(value, "value", str(value)) for column, value in row.items()}


def _foreign() -> ConsoleError:
    return ConsoleError("a row of another workspace can't be written here")
