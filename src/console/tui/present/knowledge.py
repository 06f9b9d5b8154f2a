"""Sources, their documents, and what a search finds in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from textual.content import Content

from console.clock import ago
from console.domain.crawl import CrawlRun, SourceDetails
from console.domain.knowledge import Passage, Progress, Source, SourceStatus
from console.domain.search import SearchResult
from console.domain.trace_words import under
from console.text import one_line
from console.tui.present.row import wakes
from console.tui.present.tone import joined, sides, toned

_STATE = 10
_BAR = 12
_TEXT = 300
_MINUTE = 60


def source_lines(source: Source, width: int, now: datetime) -> tuple[Content, Content]:
    """A source as two lines of the list."""
    about = joined(toned(source.kind, "quiet"), toned(_age(source, now), "quiet"))
    left = Content("").join([_state(source), toned(source.name, "strong")])
    said = standing(source, now) or toned(_counts(source), "quiet")
    return sides(left, about, width), sides(Content(" " * _STATE) + said, Content(""), width)


def standing(source: Source, now: datetime) -> Content:
    """How far it is, what is wrong with it, or nothing."""
    if source.progress is not None:
        return _progress(source.progress, source, now)
    if source.error:
        return toned(one_line(source.error), "now" if source.status is SourceStatus.FAILED else "soon")
    if source.status is SourceStatus.PAUSED:
        return toned(f"not read any more; {many(source.chunks, 'passage')} still searched", "quiet")
    return Content("")


def summary(sources: Sequence[Source]) -> Content:
    """All sources in one line."""
    if not sources:
        return Content("")
    failing = sum(source.fails for source in sources)
    documents, passages = sum(one.documents for one in sources), sum(one.chunks for one in sources)
    said = (many(len(sources), "source"), many(documents, "document"), many(passages, "passage"))
    failed = toned(f"{failing:,} failing", "now") if failing else Content("")
    return joined(*(toned(each, "quiet") for each in said), failed)


def detail_lines(source: Source, details: SourceDetails | None, width: int, now: datetime) -> Content:
    """A source in full: where it is, how it stands, its last run; its documents come below."""
    synced = f", synced {when(source.synced_at, now)}" if source.synced_at else ", never synced"
    lines = [
        toned(source.name, "strong"),
        toned(f"{source.kind}  {source.uri}", "quiet"),
        Content(""),
        sides(_state(source) + toned(_counts(source) + synced, "quiet"), Content(""), width),
    ]
    if said := standing(source, now):
        lines.append(said)
    if details is not None and details.run is not None and details.run.started_at is not None:
        lines.append(_run(details.run, now))
    return Content("\n").join(lines)


def _state(source: Source) -> Content:
    glyph, word, tone = _told(source)
    return toned(f"{glyph} {word}".ljust(_STATE), tone)


def _told(source: Source) -> tuple[str, str, str]:
    """Glyph, word and tone of a source's state."""
    if source.progress is not None:
        if source.progress.again_at is not None:
            return ".", "waiting", "soon"
        return (">", "reading", "mine") if source.progress.running else (">", "queued", "quiet")
    if source.status is SourceStatus.FAILED:
        return "!", "failed", "now"
    if source.status is SourceStatus.PAUSED:
        return "=", "paused", "quiet"
    if source.status is SourceStatus.READY:
        return ("!", "partly", "soon") if source.failing else (" ", "ready", "fine")
    return ".", "new", "quiet"


def _progress(progress: Progress, source: Source, now: datetime) -> Content:
    if progress.again_at is not None:
        return toned(f"tries again {wakes(progress.again_at, now)[6:]}: {one_line(source.error)}", "soon")
    if not progress.running:
        return toned(f"waits for a worker, asked {when(progress.since, now)}", "quiet")
    done, total = progress.counted
    if not total:
        return toned("looking what there is …", "quiet")
    passages = total != progress.total or progress.chunks_total == total
    what = "embedding" if passages and progress.chunks_total else "reading"
    failed = toned(f"{progress.failed:,} failed", "now") if progress.failed else Content("")
    return joined(toned(f"{what} {done:,} of {total:,}", "mine"), bar(done, total), failed)


def bar(done: int, total: int, width: int = _BAR) -> Content:
    """How much of it is done, as a bar."""
    filled = min(width, done * width // total) if total else 0
    rest = toned("-" * (width - filled) + "]", "faint")
    return Content("").join([toned("[", "faint"), toned("#" * filled, "mine"), rest])


def _run(run: CrawlRun, now: datetime) -> Content:
    read = max(0, run.done - run.unchanged - run.failed)
    parts = [(read, "read"), (run.unchanged, "unchanged"), (run.failed, "failed")]
    said = ", ".join(f"{number:,} {word}" for number, word in parts if number) or "nothing read"
    began = run.started_at or run.queued_at
    took = f" in {(run.finished_at - began).total_seconds():.0f} s" if run.finished_at and run.started_at else ""
    since = when(began, now)
    what = f"this run began {since}" if run.active else f"last run {run.state}, {since}{took}"
    left = f", {run.skipped_total:,} left out" if run.skipped_total else ""
    return toned(f"{what}: {said}{left}", "quiet")


def when(then: datetime, now: datetime) -> str:
    """How long ago, without seconds: what is long and stands still is not drawn again each second."""
    return "just now" if (now - then).total_seconds() < _MINUTE else f"{ago(then, now)} ago"


def _age(source: Source, now: datetime) -> str:
    return ago(source.synced_at, now) if source.synced_at else "never"


def _counts(source: Source) -> str:
    return f"{many(source.documents, 'document')}, {many(source.chunks, 'passage')}"


def many(number: int, word: str) -> str:
    """A number of something, in words."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def empty_knowledge(may_add: bool) -> Content:
    """Nothing to answer from yet."""
    key = "+ adds a page, a file or a folder" if may_add else "an admin adds sources with +"
    return toned("No knowledge yet.\n", "strong") + toned(key, "quiet")


def found_lines(found: SearchResult, width: int) -> Content:
    """Passages with their ranks, best first."""
    if not found.passages:
        return toned("Nothing found.\n", "strong") + toned("this agent has no knowledge like that", "quiet")
    lines: list[Content] = [toned(f"{many(len(found.passages), 'passage')} in {found.ms:.0f} ms", "quiet")]
    for rank, one in enumerate(found.passages, 1):
        lines += [Content(""), *_passage(rank, one, width)]
    return Content("\n").join(lines)


def _passage(rank: int, one: Passage, width: int) -> Iterator[Content]:
    ranks = f"dense {one.dense_rank or '-'}  text {one.text_rank or '-'}  fused {one.score:.2f}"
    where = under(one_line(one.title), one_line(one.heading))
    yield sides(toned(f"{rank:>2}  ", "mine") + toned(where, "strong"), toned(ranks, "quiet"), width)
    yield Content(one_line(one.text, _TEXT))
    yield toned(one_line(one.uri), "quiet")
