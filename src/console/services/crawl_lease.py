"""A crawl run's lease: who works on it, until when by the database's clock, and the fence around each write."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from console.db.ending import end
from console.db.engine import Database, WriteTx
from console.errors import ConnectionFailedError, ConsoleError
from console.ids import SourceId, WorkspaceId, new_id

LEASE_SECONDS = 60.0
MAX_ATTEMPTS = 10
"""A run whose workers died this often is given up."""

FIRST_WAIT, LONGEST_WAIT, MAX_WAITS = 15.0, 900.0, 20
"""Seconds until documents that wait for a model are tried again, and how often they are."""

_SKIPS_KEPT = 50


class LeaseLostError(ConsoleError):
    """Another worker has taken this crawl, or its source was removed."""


@dataclass(frozen=True, slots=True)
class Crawl:
    """A crawl run taken by this process."""

    workspace_id: WorkspaceId
    id: UUID
    source_id: SourceId
    kind: str
    uri: str
    config: Mapping[str, Any]
    token: UUID
    lease_seconds: float
    waits: int = 0


@dataclass(slots=True)
class Counts:
    """How far the run is."""

    total: int = 0
    done: int = 0
    unchanged: int = 0
    failed: int = 0
    chunks: int = 0
    chunks_total: int = 0
    skipped: int = 0
    waiting: int = 0
    lost: int = 0
    reason: str = ""
    skips: list[dict[str, str]] = field(default_factory=list)

    def fail(self, reason: str) -> None:
        """Count a document that can't be read."""
        self.done += 1
        self.failed += 1
        self.reason = reason

    def gone(self, reason: str) -> None:
        """Count an item that its source no longer has."""
        self.done += 1
        self.lost += 1
        self.reason = reason

    def wait(self, reason: str) -> None:
        """Count a document that has to wait for a model."""
        self.waiting += 1
        self.reason = reason

    def skip(self, uri: str, reason: str) -> None:
        """Count an item that was left out; the first ones are kept with their reasons."""
        self.skipped += 1
        if len(self.skips) < _SKIPS_KEPT:
            self.skips.append({"uri": uri, "reason": reason})


async def take(
    db: Database, workspace_id: WorkspaceId, run_id: UUID, lease_seconds: float = LEASE_SECONDS
) -> Crawl | None:
    """Take a queued run, or one whose worker's lease has expired; None when neither holds."""
    token = new_id()
    async with db.write(workspace_id) as tx:
        run = await tx.row(_TAKE, id=run_id, token=token, seconds=lease_seconds)
        if run is None:
            return None
        if run.attempt > MAX_ATTEMPTS:
            await _give_up(tx, run_id, run.source_id)
            return None
        source = await tx.row(_SYNCING, source=run.source_id)
        if source is None:
            await tx.execute(_FINISH, id=run_id, state="cancelled", error="paused")
        tx.hint("source", run.source_id)
    if source is None:
        return None
    source_id = SourceId(run.source_id)
    return Crawl(
        workspace_id, run_id, source_id, source.kind, source.uri, source.config, token, lease_seconds, run.waits
    )


async def fence(tx: WriteTx, crawl: Crawl, counts: Counts, *, durable: bool = False) -> None:
    """Write the counts and renew the lease; `LeaseLostError` when it is no longer ours.

    Holds the run's row until the transaction ends, so that nobody can take the run meanwhile. Unless `durable`,
    the commit does not wait for the disk: what a crash of the server loses is done again, since the run is not over.
    """
    values = {
        "id": crawl.id, "token": crawl.token, "seconds": crawl.lease_seconds, "total": counts.total,
        "done": counts.done, "unchanged": counts.unchanged, "failed": counts.failed, "chunks": counts.chunks,
        "all_chunks": counts.chunks_total, "left": counts.skipped, "skips": json.dumps(counts.skips),
        "durable": durable,
    }  # fmt: skip
    if await tx.row(_FENCE, **values) is None:
        raise LeaseLostError
    tx.hint("source", crawl.source_id)


@asynccontextmanager
async def kept(db: Database, crawl: Crawl) -> AsyncIterator[None]:
    """Renew the lease for as long as the block runs, however long one step of it takes."""
    renewing = asyncio.create_task(_renew(db, crawl))
    try:
        yield
    finally:
        await end(renewing)


async def finish(db: Database, crawl: Crawl, counts: Counts, error: str = "") -> None:
    """Close the run: its source is ready or failed, and says why. `LeaseLostError` when it is not ours."""
    async with db.write(crawl.workspace_id) as tx:
        await fence(tx, crawl, counts, durable=True)
        state = "failed" if error else "complete"
        await tx.execute(_FINISH, id=crawl.id, state=state, error=error)
        status, reason = _verdict(counts, error)
        await tx.execute(_SETTLED, source=crawl.source_id, status=status, error=reason, synced=not error)


async def put_off(db: Database, crawl: Crawl, counts: Counts) -> None:
    """Back into the queue, for later and each time for longer: documents wait. The last time the run fails."""
    why = f"{counts.waiting} of {counts.total} documents wait: {counts.reason}"
    if crawl.waits >= MAX_WAITS:
        await finish(db, crawl, counts, f"given up after {MAX_WAITS} tries: {why}")
        return
    async with db.write(crawl.workspace_id) as tx:
        await fence(tx, crawl, counts, durable=True)
        seconds = min(FIRST_WAIT * 2**crawl.waits, LONGEST_WAIT)
        await tx.execute(_PUT_OFF, id=crawl.id, token=crawl.token, seconds=seconds, error=why)
        await tx.execute(_SETTLED, source=crawl.source_id, status="syncing", error=why, synced=False)


async def give_back(db: Database, crawl: Crawl) -> None:
    """Put the run back into the queue: this worker is leaving."""
    with suppress(ConnectionFailedError):
        async with db.write(crawl.workspace_id) as tx:
            await tx.execute(_GIVE_BACK, id=crawl.id, token=crawl.token)


def _verdict(counts: Counts, error: str) -> tuple[str, str]:
    if error:
        return "failed", error
    if counts.failed and counts.failed >= counts.total:
        several = f"none of {counts.failed} documents can be read: " if counts.failed > 1 else ""
        return "failed", f"{several}{counts.reason}"
    if counts.lost and counts.lost >= counts.total:
        return "failed", counts.reason
    if counts.failed:
        return "ready", f"{counts.failed} of {counts.total} documents can't be read"
    return "ready", "" if counts.total else "there is nothing to read in it"


async def _renew(db: Database, crawl: Crawl) -> None:
    while True:
        await asyncio.sleep(crawl.lease_seconds / 3)
        with suppress(ConnectionFailedError):
            async with db.write(crawl.workspace_id) as tx:
                await tx.execute(_RENEW, id=crawl.id, token=crawl.token, seconds=crawl.lease_seconds)


async def _give_up(tx: WriteTx, run_id: UUID, source_id: UUID) -> None:
    reading = await tx.scalar(_READING, source=source_id)
    at = f" while reading {reading}" if reading else ""
    error = f"given up after {MAX_ATTEMPTS} attempts: the worker died each time{at}"
    await tx.execute(_FINISH, id=run_id, state="failed", error=error)
    await tx.execute(_SETTLED, source=source_id, status="failed", error=error, synced=False)
    tx.hint("source", source_id)


_TAKE = """
    UPDATE crawl_runs SET state = 'running', attempt = attempt + 1, lease_token = :token,
        lease_expires_at = now() + make_interval(secs => :seconds),
        started_at = coalesce(started_at, now()),
        documents_done = 0, documents_unchanged = 0, documents_failed = 0, documents_skipped = 0,
        skipped = '[]', chunks = 0, chunks_total = 0
    WHERE workspace_id = :ws AND id = :id AND ((state = 'queued' AND coalesce(not_before <= now(), true))
        OR (state = 'running' AND lease_expires_at < now()))
    RETURNING source_id, attempt, waits
"""
_SYNCING = """
    UPDATE sources SET status = 'syncing', error = '', updated_at = now()
    WHERE workspace_id = :ws AND id = :source AND status <> 'paused' RETURNING kind, uri, config
"""
_FENCE = """
    UPDATE crawl_runs SET lease_expires_at = now() + make_interval(secs => :seconds),
        documents_total = :total, documents_done = :done,
        documents_unchanged = :unchanged, documents_failed = :failed, documents_skipped = :left,
        skipped = cast(:skips AS jsonb), chunks = :chunks, chunks_total = :all_chunks
    WHERE workspace_id = :ws AND id = :id AND state = 'running' AND lease_token = :token
    RETURNING set_config('synchronous_commit',
                         CASE WHEN :durable THEN current_setting('synchronous_commit') ELSE 'off' END, true)
"""
_RENEW = """
    UPDATE crawl_runs SET lease_expires_at = now() + make_interval(secs => :seconds)
    WHERE workspace_id = :ws AND id = :id AND state = 'running' AND lease_token = :token
"""
_FINISH = """
    UPDATE crawl_runs SET state = :state, error = :error, finished_at = now(), lease_token = NULL,
        lease_expires_at = NULL
    WHERE workspace_id = :ws AND id = :id
"""
_SETTLED = """
    UPDATE sources SET status = :status, error = :error, updated_at = now(),
        synced_at = CASE WHEN :synced THEN now() ELSE synced_at END
    WHERE workspace_id = :ws AND id = :source
"""
_GIVE_BACK = """
    UPDATE crawl_runs SET state = 'queued', attempt = attempt - 1, lease_token = NULL, lease_expires_at = NULL
    WHERE workspace_id = :ws AND id = :id AND state = 'running' AND lease_token = :token
"""
_PUT_OFF = """
    UPDATE crawl_runs SET state = 'queued', attempt = attempt - 1, waits = waits + 1, error = :error,
        not_before = now() + make_interval(secs => :seconds), lease_token = NULL, lease_expires_at = NULL
    WHERE workspace_id = :ws AND id = :id AND state = 'running' AND lease_token = :token
"""
_READING = """
    SELECT uri FROM documents WHERE workspace_id = :ws AND source_id = :source AND status = 'processing' LIMIT 1
"""
