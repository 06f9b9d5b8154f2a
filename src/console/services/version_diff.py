"""What a diff of an agent is made from: the two snapshots, and the names of the sources in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from console.db.engine import ReadTx
from console.db.models.agents import AgentVersion as VersionRow
from console.db.models.identity import WorkspaceUser
from console.domain.agent_diff import AgentDiff, Reference, Side
from console.domain.diff import NameOfSource, diff_snapshots
from console.errors import NotFoundError
from console.services.agent_rows import draft_snapshot, to_agent
from console.text import one_line, sanitise

Snapshot = Mapping[str, Any]


async def diff_in(tx: ReadTx, row: Any, left: Reference, right: Reference) -> AgentDiff:
    """What differs between two states of the agent of this row; `NotFoundError` for a version that is not there."""
    (one, before), (other, after) = await _state(tx, row, left), await _state(tx, row, right)
    name_of = await source_names(tx, [before, after])
    return AgentDiff(to_agent(row), one, other, diff_snapshots(before, after, name_of))


async def source_names(tx: ReadTx, snapshots: Iterable[Snapshot]) -> NameOfSource:
    """Names of the sources that snapshots name by id; one that was removed since is called so."""
    ids = {UUID(id) for snapshot in snapshots for id in snapshot.get("sources") or ()}
    found = "SELECT id, name FROM sources WHERE workspace_id = :ws AND id = ANY (:ids)"
    rows = await tx.rows(found, ids=list(ids)) if ids else ()
    names = {str(row.id): one_line(row.name) for row in rows}
    return lambda source: names.get(source, f"a removed source {source}")


async def _state(tx: ReadTx, row: Any, which: Reference) -> tuple[Side, Snapshot]:
    if which == "draft":
        return Side(revision=row.draft_revision, at=row.updated_at), await draft_snapshot(tx, row)
    if which == "live" and row.live_number is None:
        return Side(empty=True), {}
    return await _version(tx, row, row.live_number if which == "live" else which)


async def _version(tx: ReadTx, row: Any, number: int) -> tuple[Side, Snapshot]:
    author = (WorkspaceUser.workspace_id == VersionRow.workspace_id) & (
        WorkspaceUser.user_id == VersionRow.author_user_id
    )
    wanted = (
        select(VersionRow, WorkspaceUser.name.label("author"))
        .outerjoin(WorkspaceUser, author)
        .where(VersionRow.workspace_id == tx.workspace_id, VersionRow.agent_id == row.id, VersionRow.number == number)
    )
    if (found := await tx.row(wanted)) is None:
        raise NotFoundError(f"this agent has no version {number}", hint="console agent versions")
    version: VersionRow = found.AgentVersion
    return (
        Side(
            number=version.number, note=sanitise(version.note), author_name=one_line(found.author or ""),
            at=version.created_at, live=version.number == row.live_number,
        ),
        version.snapshot,
    )  # fmt: skip
