"""The trace of an answer: what was asked, how sure it was, and which passages it saw."""

from __future__ import annotations

from textual.content import Content

from console.domain.run import Trace, TracePassage
from console.domain.trace_words import against_threshold, how_near, is_sure, mark, outcome, place
from console.domain.words import percent
from console.tui.present.tone import joined, sides, toned

_MARK = 8


def trace_lines(trace: Trace, width: int) -> Content:
    """The whole trace as lines of at most `width` cells."""
    lines = [_head(trace, width), Content(""), _labelled("question", f"“{trace.question}”", width)]
    lines += [_confidence(trace), _labelled("outcome", outcome(trace), width)]
    if trace.matched:
        lines.append(_labelled("matched", f"“{trace.matched}”, {how_near(trace.similarity)}", width))
    if trace.error:
        lines.append(_labelled("error", trace.error, width, "now"))
    if trace.passages or not trace.matched:
        lines += [Content(""), *_passages(trace, width)]
    return Content("\n").join([line for line in lines if line is not None])


def _head(trace: Trace, width: int) -> Content:
    version = f"v{trace.agent_version}" if trace.agent_version else ""
    took = f"{trace.duration_ms} ms" if trace.duration_ms is not None else ""
    facts = [str(trace.run_id)[:8], version, trace.model or (trace.kind.value if trace.kind else ""), took]
    title = toned("Why did the assistant say this?", "strong")
    details = joined(*(toned(fact, "quiet") for fact in ("run " + facts[0], *facts[1:])))
    if title.cell_length + details.cell_length + 2 > width:
        return title + Content("\n") + details
    return sides(title, details, width)


def _labelled(label: str, text: str, width: int, tone: str = "") -> Content:
    line = toned(label.ljust(14), "quiet") + toned(text.replace("\n", " "), tone)
    return line.truncate(width, ellipsis=True)


def _confidence(trace: Trace) -> Content:
    label = toned("confidence".ljust(14), "quiet")
    if trace.confidence is None:
        return label + toned("not measured", "quiet")
    verdict = toned(f"   {against_threshold(trace)}".rstrip(), "quiet")
    return label + toned(percent(trace.confidence), "fine" if is_sure(trace) else "now") + verdict


def _passages(trace: Trace, width: int) -> list[Content]:
    if not trace.passages:
        return [toned("It saw no passage.", "quiet")]
    columns = f"{'dense':>6}{'text':>6}{'fused':>8}{'':>{_MARK}}"
    head = sides(toned("    passage", "quiet"), toned(columns, "quiet"), width)
    lines = [head]
    for at, passage in enumerate(trace.passages, 1):
        lines += [_passage(at, passage, width, mark(trace, passage)), _quote(passage, width)]
    return lines


def _passage(at: int, passage: TracePassage, width: int, made_of_it: str) -> Content:
    left = toned(f"{at:>3} ", "quiet") + toned(place(passage), "strong" if passage.quoted else "")
    ranks = f"{_rank(passage.dense_rank):>6}{_rank(passage.text_rank):>6}{passage.score:>8.2f}"
    return sides(left, toned(ranks, "quiet") + toned(made_of_it.rjust(_MARK), "fine"), width)


def _rank(rank: int | None) -> str:
    return "-" if rank is None else str(rank)


def _quote(passage: TracePassage, width: int) -> Content:
    return (Content("    ") + toned(" ".join(passage.text.split()), "quiet")).truncate(max(1, width), ellipsis=True)
