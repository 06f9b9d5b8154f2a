"""After a commit: one task a process sends coalesced notifications, and puts the committed work into the queue.

NOTIFY inside the business transaction would make commits serial; a lost one costs a poll, never data.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import Any, Self
from uuid import UUID

from console.db.ending import end
from console.db.engine import Database, Hints
from console.db.hub import CHANNEL as VISITORS
from console.db.jobs import Job, answer_job, crawl_job, defer, queue_app
from console.db.link import LINK

WINDOW_SECONDS = 0.02
PATIENCE_SECONDS = 10.0
LEAVING_SECONDS = 0.8
"""How long the last hints may take when the process ends."""
_LOG = logging.getLogger(__name__)


_QUEUED = "SELECT id, conversation_id FROM runs WHERE workspace_id = :ws AND id = ANY (:ids) AND state = 'queued'"
_CRAWLS = "SELECT id, source_id FROM crawl_runs WHERE workspace_id = :ws AND id = ANY (:ids)"


def channel(workspace_id: UUID) -> str:
    """The workspace's channel."""
    return f"ws_{workspace_id.hex}"


class Notifier:
    """Collects the hints of a database's commits and sends them on; start it once a process."""

    def __init__(self, db: Database, direct_url: str) -> None:
        self._db = db
        self._url = direct_url
        self._queue = queue_app(direct_url)
        self._waiting: dict[UUID, Hints] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: Any = None
        self._queue_open = False

    async def __aenter__(self) -> Self:
        self._db.on_commit = self._collect
        self._task = asyncio.create_task(self._run(), name="notifier")
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._task is not None  # noqa: S101 - set in __aenter__
        await end(self._task)
        last = asyncio.create_task(self._flush(), name="last notifications")
        try:
            await asyncio.wait({last}, timeout=LEAVING_SECONDS)
        finally:
            await end(last)
            await self._hang_up()
            if self._queue_open:
                await self._queue.close_async()

    def _collect(self, workspace_id: UUID, hints: Hints) -> None:
        self._waiting.setdefault(workspace_id, set()).update(hints)
        self._wake.set()

    async def _run(self) -> None:
        last = 0.0
        while True:
            await self._wake.wait()
            # The first after a quiet moment goes out at once; what follows is gathered.
            await asyncio.sleep(max(0.0, last + WINDOW_SECONDS - monotonic()))
            self._wake.clear()
            last = monotonic()
            await self._flush()

    async def _flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for workspace_id, hints in waiting.items():
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._defer(workspace_id, hints)
                    await self._notify(workspace_id, hints)
            except asyncio.CancelledError:
                for each in waiting.items():
                    self._collect(*each)  # What was sent already is sent again: a hint is true twice, too.
                raise
            except Exception as error:
                # The sweep defers what is queued and every screen polls: nothing is lost here.
                _LOG.warning("notifications not sent: %s", type(error).__name__)
                await self._hang_up()

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _defer(self, workspace_id: UUID, hints: Hints) -> None:
        jobs = [job for job in await self._jobs(workspace_id, hints) if job is not None]
        if jobs and not self._queue_open:
            await self._queue.open_async()
            self._queue_open = True
        for job in jobs:
            await defer(self._queue, job)

    async def _jobs(self, workspace_id: UUID, hints: Hints) -> list[Job]:
        runs = [id for kind, id in hints if kind == "run"]
        crawls = [id for kind, id in hints if kind == "crawl"]
        if not runs and not crawls:
            return []
        read, jobs = self._db.read_once, list[Job]()
        if runs:
            found = await read(workspace_id, _QUEUED, ids=runs)
            jobs += [answer_job(workspace_id, row.id, row.conversation_id) for row in found.rows]
        if crawls:
            found = await read(workspace_id, _CRAWLS, ids=crawls)
            jobs += [crawl_job(workspace_id, row.id, row.source_id) for row in found.rows]
        return jobs

    async def _notify(self, workspace_id: UUID, hints: Hints) -> None:
        from console.db.hangup import Impatient

        if self._connection is None or self._connection.closed:
            self._connection = await Impatient.connect(self._url, autocommit=True, **LINK)
        sent = [(channel(workspace_id), f"{kind}:{id}") for kind, id in hints if kind != "run"]
        sent += [(VISITORS, str(id)) for kind, id in hints if kind in {"conversation", "presence"}]
        names, payloads = [name for name, _ in sent], [payload for _, payload in sent]
        await self._connection.execute(
            "SELECT pg_notify(name, payload) FROM unnest(%s::text[], %s::text[]) AS sent (name, payload)",
            (names, payloads),
        )
