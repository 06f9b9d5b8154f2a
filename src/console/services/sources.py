"""Knowledge sources: what an admin adds, syncs and removes, and where each stands."""

from __future__ import annotations

from uuid import UUID

from console.addresses import PUBLIC, Reach
from console.clock import ago, utc_now
from console.db.engine import Database, WriteTx
from console.domain.actor import Actor, Role
from console.domain.crawl import CrawlRun, SourceDetails
from console.domain.knowledge import DocumentText, Source, SourceStatus
from console.domain.setting_kinds import ALL_SOURCES
from console.errors import ConflictError, NotFoundError, RefusedError
from console.ids import AgentId, DocumentId, SourceId, new_id
from console.knowledge.connectors import connector
from console.knowledge.connectors.fetched import place_name
from console.services import audit
from console.services.agent_rows import agent_row, draft_settings, store_draft
from console.services.source_pause import pause
from console.services.source_rows import all_sources, details, document_text, latest_run, one_source
from console.services.unit import reading, writing
from console.text import one_line

MOST_PARTS = 200
"""How many passages of a document are read at a time."""

_NAME_CHARS = 120


class Sources:
    """Use cases of the knowledge area; changing a source needs an admin."""

    def __init__(self, db: Database, reach: Reach = PUBLIC) -> None:
        self._db = db
        self._reach = reach

    async def list(self, actor: Actor) -> tuple[Source, ...]:
        """All sources, oldest first."""
        async with reading(self._db, actor, "source.list", ("source", None)) as tx:
            return await all_sources(tx)

    async def find(self, actor: Actor, text: str) -> SourceId:
        """The source with this id, or with this name alone; `NotFoundError`, `ConflictError` when several."""
        sources = await self.list(actor)
        ids = [source.id for source in sources if str(source.id) == text.lower()]
        ids = ids or [source.id for source in sources if source.name == text]
        if not ids:
            raise NotFoundError(f"there is no source {one_line(text, 80)}", hint="console source list")
        if len(ids) > 1:
            raise ConflictError(f"{len(ids)} sources are called {one_line(text, 80)}", hint="give the id")
        return ids[0]

    async def show(self, actor: Actor, id: SourceId, *, most: int | None = None) -> SourceDetails:
        """One source and its documents (at `most` so many, those that need somebody first); `NotFoundError`."""
        async with reading(self._db, actor, "source.show", ("source", id)) as tx:
            return await details(tx, id, most)

    async def document(self, actor: Actor, id: DocumentId, *, first: int = 0, limit: int = 20) -> DocumentText:
        """One document and its visible passages from ordinal `first` on, `MOST_PARTS` at most; `NotFoundError`."""
        async with reading(self._db, actor, "source.document", ("document", id)) as tx:
            return await document_text(tx, id, max(0, first), max(1, min(limit, MOST_PARTS)))

    async def add(
        self, actor: Actor, kind: str, path: str, *, name: str | None = None, agent: str | None = None
    ) -> Source:
        """Add a source of this machine and queue its first crawl; `agent` (a slug) puts it on that agent's list.

        Raises `InvalidInputError` or `NotFoundError` for what can't be read, `ConflictError` for what is there already.
        """
        uri = await connector(kind).check(path, self._reach)
        title = one_line(name or place_name(uri), _NAME_CHARS)
        source_id = SourceId(new_id())
        async with writing(self._db, actor, "source.add", ("source", source_id), Role.ADMIN) as tx:
            values = {"id": source_id, "kind": kind, "uri": uri, "name": title, "user": actor.user_id}
            if await tx.row(_ADD, **values) is None:
                known = await tx.scalar(_SAME, kind=kind, uri=uri)
                raise ConflictError(f"that {kind} is a source already", hint=f"console source sync {known}")
            if agent is not None:
                await _give(tx, actor, agent, source_id)
            await _queue(tx, source_id)
            await audit.record(tx, actor, "source.add", ("source", source_id))
            return await one_source(tx, source_id)

    async def sync(self, actor: Actor, id: SourceId) -> CrawlRun:
        """Queue a crawl; `ConflictError` says since when one is under way, `RefusedError` that it is paused."""
        async with writing(self._db, actor, "source.sync", ("source", id), Role.ADMIN) as tx:
            source = await one_source(tx, id)
            if source.status is SourceStatus.PAUSED:
                raise RefusedError(f"the source {source.name} is paused", hint="resume it first")
            return await _queued(tx, actor, "source.sync", id)

    async def retry(self, actor: Actor, id: SourceId) -> CrawlRun:
        """Queue a crawl for what has failed: what has not costs nothing. `RefusedError` when nothing has."""
        async with writing(self._db, actor, "source.retry", ("source", id), Role.ADMIN) as tx:
            source = await one_source(tx, id)
            if source.status is SourceStatus.PAUSED:
                raise RefusedError(f"the source {source.name} is paused", hint="resume it first")
            if not source.fails:
                raise RefusedError(f"nothing of {source.name} has failed")
            return await _queued(tx, actor, "source.retry", id)

    async def pause(self, actor: Actor, id: SourceId) -> Source:
        """Read it no more until it is resumed; what is known of it stays searchable. A crawl under way ends."""
        async with writing(self._db, actor, "source.pause", ("source", id), Role.ADMIN) as tx:
            source = await one_source(tx, id)
            if source.status is SourceStatus.PAUSED:
                raise RefusedError(f"the source {source.name} is paused already")
            await pause(tx, id)
            await audit.record(tx, actor, "source.pause", ("source", id))
            tx.hint("source", id)
            return await one_source(tx, id)

    async def resume(self, actor: Actor, id: SourceId) -> Source:
        """Read a paused source again, at once; `RefusedError` when it is not paused."""
        async with writing(self._db, actor, "source.resume", ("source", id), Role.ADMIN) as tx:
            source = await one_source(tx, id)
            if not await tx.row(_RESUME, id=id):
                raise RefusedError(f"the source {source.name} is not paused")
            await _queue(tx, id)
            await audit.record(tx, actor, "source.resume", ("source", id))
            return await one_source(tx, id)

    async def remove(self, actor: Actor, id: SourceId) -> None:
        """Remove a source with all its documents, chunks and vectors; a crawl under way loses its lease."""
        async with writing(self._db, actor, "source.remove", ("source", id), Role.ADMIN) as tx:
            await one_source(tx, id)
            await tx.execute("SET LOCAL statement_timeout = '10min'")
            await _take_from_agents(tx, id)
            for statement in _REMOVE:
                await tx.execute(statement, source=id)
            await audit.record(tx, actor, "source.remove", ("source", id))
            tx.hint("source", id)


async def _queue(tx: WriteTx, source_id: SourceId) -> UUID:
    run_id: UUID | None = await tx.scalar(_QUEUE, id=new_id(), source=source_id)
    if run_id is None:
        since = await tx.scalar(_ACTIVE_SINCE, source=source_id)
        when = f" since {ago(since, utc_now())} ago" if since else ""
        raise ConflictError(f"a crawl of this source is under way{when}", hint=f"console source show {source_id}")
    tx.hint("source", source_id)
    return run_id


async def _queued(tx: WriteTx, actor: Actor, act: str, id: SourceId) -> CrawlRun:
    run_id = await _queue(tx, id)
    await audit.record(tx, actor, act, ("source", id))
    run = await latest_run(tx, id)
    if run is None or run.id != run_id:
        raise NotFoundError("the source was removed meanwhile")
    return run


async def _give(tx: WriteTx, actor: Actor, slug: str, source_id: SourceId) -> None:
    """Put the source on the agent's list; an agent that may use every source needs no list."""
    agent = await agent_row(tx, slug, lock=True)
    settings = await draft_settings(tx, agent)
    listed = settings["retrieval_config"]["sources"]
    if listed == ALL_SOURCES:
        return
    settings["retrieval_config"]["sources"] = [*listed, str(source_id)]
    await store_draft(tx, AgentId(agent.id), settings, agent.draft_revision)
    await audit.record(tx, actor, "agent.edit", ("agent", agent.id))
    tx.hint("agent", agent.id)


async def _take_from_agents(tx: WriteTx, source_id: SourceId) -> None:
    """Take the source off the list of each agent's draft; published versions stay as they are."""
    listed = sorted(row.agent_id for row in await tx.rows(_LISTED_BY, source=source_id))
    # Agents first and in order, as an edit of a draft takes them.
    agents = [await agent_row(tx, AgentId(id), lock=True) for id in listed]
    await tx.execute(_UNLIST, source=source_id)
    for agent in agents:
        await store_draft(tx, AgentId(agent.id), await draft_settings(tx, agent), agent.draft_revision)
        tx.hint("agent", agent.id)


_ADD = """
    INSERT INTO sources (workspace_id, id, kind, name, uri, created_by_user_id)
    VALUES (:ws, :id, :kind, :name, :uri, :user)
    ON CONFLICT (workspace_id, kind, uri) DO NOTHING RETURNING id
"""
_RESUME = """
    UPDATE sources SET status = 'pending', updated_at = now()
    WHERE workspace_id = :ws AND id = :id AND status = 'paused' RETURNING id
"""
_SAME = "SELECT id FROM sources WHERE workspace_id = :ws AND kind = :kind AND uri = :uri"
_LISTED_BY = "SELECT agent_id FROM agent_sources WHERE workspace_id = :ws AND source_id = :source ORDER BY agent_id"
_UNLIST = "DELETE FROM agent_sources WHERE workspace_id = :ws AND source_id = :source"
_QUEUE = """
    INSERT INTO crawl_runs (workspace_id, id, source_id) VALUES (:ws, :id, :source)
    ON CONFLICT (workspace_id, source_id) WHERE state IN ('queued', 'running')
    DO UPDATE SET not_before = NULL WHERE crawl_runs.state = 'queued' AND crawl_runs.not_before > now()
    RETURNING id
"""
_ACTIVE_SINCE = """
    SELECT created_at FROM crawl_runs
    WHERE workspace_id = :ws AND source_id = :source AND state IN ('queued', 'running')
"""
# A crawl locks its run before anything else: the same order here.
_REMOVE = (
    "DELETE FROM crawl_runs WHERE workspace_id = :ws AND source_id = :source",
    "DELETE FROM documents WHERE workspace_id = :ws AND source_id = :source",
    "DELETE FROM sources WHERE workspace_id = :ws AND id = :source",
)
