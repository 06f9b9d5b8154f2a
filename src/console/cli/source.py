"""`console source`: where the agents' knowledge comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.cli.session import acting
from console.errors import ExitCode
from console.text import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from console.domain.actor import Actor
    from console.domain.crawl import CrawlRun, SourceDetails
    from console.domain.knowledge import Document, IngestProgress, Source
    from console.ids import SourceId
    from console.services import Services
    from console.services.sources import Sources

_KINDS = ("file", "folder", "url")


def register(noun: Parser) -> None:
    """Add the verbs of `console source`."""
    noun.verb("list", "list the sources and where each stands", _list)
    shown = noun.verb("show", "show a source, its documents and what is wrong with them", _show)
    added = noun.verb(
        "add", "add a page of the web, or a file or folder of text, Markdown, HTML, PDF or Word files", _add,
        examples=[
            ("console source add url https://acme.example/returns --wait", "read a page and show how far it is"),
            ("console source add folder ./docs --name Policies", "a folder of this machine"),
        ],
    )  # fmt: skip
    added.add_argument("kind", metavar="KIND", choices=_KINDS, help="url, file or folder")
    added.add_argument("path", metavar="PLACE", help="its address, or where it is on this machine")
    added.add_argument("--name", metavar="NAME", help="what to call it (its last part)")
    added.add_argument(
        "--agent", metavar="SLUG", help="put it on this agent's own list of sources; without a list it may use all"
    )
    synced = noun.verb("sync", "read a source again; what is unchanged costs nothing", _sync)
    retried = noun.verb("retry", "read again what has failed", _retry)
    paused = noun.verb("pause", "read a source no more until it is resumed; what is known stays searchable", _pause)
    resumed = noun.verb("resume", "read a paused source again, at once", _resume)
    removed = noun.verb("remove", "remove a source and all that was learned from it", _remove)
    for parser in (shown, synced, retried, paused, resumed, removed):
        parser.add_argument("source", metavar="SOURCE", help="its id, or its name")
    for parser in (added, synced, retried, resumed):
        parser.add_argument("--wait", action="store_true", help="wait until it is read, showing how far it is")
    removed.add_argument("--yes", action="store_true", help="do not ask")


async def _list(call: Call) -> None:
    async with acting(call) as (services, actor):
        sources = await services.sources.list(actor)
    if call.out.json:
        call.out.lines(sources)
        return
    rows = [
        (one.name, one.kind, _state(one), one.documents, one.failing, one.chunks, one.error, one.id) for one in sources
    ]
    call.out.table(["name", "kind", "status", "documents", "failing", "chunks", "reason", "id"], rows)
    if not rows:
        call.out.say("no sources yet: console source add url https://..., or folder PATH")


async def _show(call: Call) -> None:
    async with acting(call) as (services, actor):
        found = await services.sources.find(actor, call.args.source)
        details = await services.sources.show(actor, found)
    if call.out.json:
        call.out.data(details)
        return
    _print_source(call, details.source)
    call.out.table(["document", "title", "status", "chunks", "reason"], [_row(one) for one in details.documents])
    if details.run is not None:
        _print_run(call, details.run)
    for uri, reason in details.run.skipped if details.run else ():
        call.out.say(f"skipped {uri}: {reason}")


async def _add(call: Call) -> int:
    args = call.args
    async with acting(call) as (services, actor):
        source = await services.sources.add(actor, args.kind, args.path, name=args.name, agent=args.agent)
        return await _ended(call, services, actor, source.id)


async def _sync(call: Call) -> int:
    return await _begin(call, lambda sources: sources.sync)


async def _retry(call: Call) -> int:
    return await _begin(call, lambda sources: sources.retry)


async def _pause(call: Call) -> None:
    async with acting(call) as (services, actor):
        source = await services.sources.pause(actor, await services.sources.find(actor, call.args.source))
    if call.out.json:
        call.out.data(source)
    else:
        call.out.say(f"paused {source.name}: {source.chunks} chunks stay searchable")


async def _resume(call: Call) -> int:
    return await _begin(call, lambda sources: sources.resume)


async def _begin(call: Call, act: Callable[[Sources], Callable[[Actor, SourceId], Awaitable[object]]]) -> int:
    """Let work on a source begin, and say how it ended."""
    async with acting(call) as (services, actor):
        found = await services.sources.find(actor, call.args.source)
        await act(services.sources)(actor, found)
        return await _ended(call, services, actor, found)


async def _remove(call: Call) -> None:
    async with acting(call) as (services, actor):
        found = await services.sources.find(actor, call.args.source)
        source = (await services.sources.show(actor, found)).source
        if not call.args.yes:
            from console.cli.prompt import confirm

            if not confirm(f"remove {source.name} with {source.documents} documents, {source.chunks} chunks?"):
                return
        await services.sources.remove(actor, found)
    if call.out.json:
        call.out.data({"removed": found, "documents": source.documents, "chunks": source.chunks})
    else:
        call.out.say(f"removed {source.name}: {source.documents} documents, {source.chunks} chunks")


async def _ended(call: Call, services: Services, actor: Actor, id: SourceId) -> int:
    """Print how the crawl ended, or that it is queued; 1 when it failed."""
    details = await (_follow if call.args.wait else _queued)(call, services, actor, id)
    if call.out.json:
        call.out.data(details)
    else:
        _print_source(call, details.source)
    return ExitCode.REFUSED if call.args.wait and details.source.status == "failed" else ExitCode.OK


async def _queued(call: Call, services: Services, actor: Actor, id: SourceId) -> SourceDetails:
    call.out.say(f"queued: the worker beside any open console or gateway reads it; console source show {id}")
    return await services.sources.show(actor, id)


async def _follow(call: Call, services: Services, actor: Actor, id: SourceId) -> SourceDetails:
    from console.domain.knowledge import counted

    with call.out.progress("documents") as bar:

        def report(progress: IngestProgress) -> None:
            done, total = counted(progress.done, progress.total, progress.chunks, progress.chunks_total)
            bar.label = one_line("documents" if total == progress.total else "passages")
            bar.to(done, total or None)

        return await services.crawls.follow(actor, id, report)


def _print_source(call: Call, source: Source) -> None:
    call.out.text(f"{source.name}  {_state(source)}  {source.documents} documents, {source.chunks} chunks")
    call.out.text(f"{source.kind}  {source.uri}")
    call.out.text(f"id  {source.id}")
    if source.error:
        call.out.text(f"reason  {source.error}")


def _print_run(call: Call, run: CrawlRun) -> None:
    counts = {"read": run.done - run.unchanged - run.failed, "unchanged": run.unchanged, "failed": run.failed}
    said = ", ".join(f"{number:,} {what}" for what, number in counts.items())
    call.out.say(f"last run {run.state}: {said}, of {run.total:,}")


def _state(source: Source) -> str:
    """The state, and how far the run is."""
    if source.progress is None or not source.progress.total:
        return source.status.value
    done, total = source.progress.counted
    return f"{source.status.value} {done:,} of {total:,}"


def _row(one: Document) -> tuple[object, ...]:
    return (one.uri, one.title, one.status, one.chunks, one.error)
