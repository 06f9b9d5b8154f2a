"""The documents of a source as rows, and one of them to read."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from console.domain.crawl import SourceDetails
from console.domain.knowledge import Document, DocumentPart, Source, SourceStatus
from console.text import SafeText
from console.tui.present.knowledge import many, when
from console.tui.present.notices import loading
from console.tui.present.tone import joined, sides, toned
from console.tui.present.transcript import Block, Part

_STATE = 10
_INDENT = 1
_STATES = {
    "failed": ("!", "failed", "now"), "waiting": (".", "waiting", "soon"), "processing": (">", "reading", "mine"),
    "pending": (".", "pending", "quiet"), "ready": (" ", "ready", "fine"), "removed": ("-", "removed", "faint"),
}  # fmt: skip
"""How each state of a document is told."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What the last run has passed over: there is nothing of it to open."""

    uri: SafeText
    reason: SafeText


Row = Document | LeftOut


def rows_of(details: SourceDetails, *, whole: bool) -> list[Row]:
    """The documents, and after the last of them what was left out."""
    skipped = details.run.skipped if whole and details.run is not None else ()
    return [*details.documents, *(LeftOut(uri, reason) for uri, reason in skipped)]


def row_key(row: Row) -> Hashable:
    """A document's id; where something was left out."""
    return row.id if isinstance(row, Document) else row.uri


def row_lines(row: Row, width: int) -> tuple[Content, Content]:
    """State, title, number of passages; then what is wrong, or where it is."""
    if isinstance(row, LeftOut):
        return _lines(("-", "left out", "quiet"), Content(row.uri), Content(""), toned(row.reason, "quiet"), width)
    told = _STATES[row.status]
    passages = toned(f"{row.chunks:,}", "quiet") if row.chunks else Content("")
    below = toned(row.error, _error_tone(row)) if row.error else toned(row.uri if row.title else "", "quiet")
    return _lines(told, Content(row.title or row.uri), passages, below, width)


def _lines(
    told: tuple[str, str, str], title: Content, right: Content, below: Content, width: int
) -> tuple[Content, Content]:
    return sides(_state(told) + title, right, width), sides(Content(" " * _STATE) + below, Content(""), width)


def _state(told: tuple[str, str, str]) -> Content:
    glyph, word, tone = told
    return toned(f"{glyph} {word}".ljust(_STATE), tone)


def _error_tone(document: Document) -> str:
    return "quiet" if document.status == "removed" else _STATES[document.status][2]


def no_documents(source: Source, details: SourceDetails | None) -> Content:
    """Why no document is listed, and the next key."""
    if details is None:
        return loading("its documents")
    if source.progress is not None:
        key = "they come as they are read"
    else:
        key = "p reads it again" if source.status is SourceStatus.PAUSED else "s reads it again"
    return toned("No documents yet.\n", "strong") + toned(key, "quiet")


def head_block(document: Document, now: datetime) -> Block:
    """What is known of a document, above its text."""
    read = f"read {when(document.fetched_at, now)}" if document.fetched_at else "never read"
    state = toned("{} {}".format(*_STATES[document.status]).strip(), _STATES[document.status][2])
    lines = [
        toned(document.title or document.uri, "strong"),
        toned(document.uri, "quiet"),
        joined(state, toned(many(document.chunks, "passage"), "quiet"), toned(read, "quiet")),
    ]
    if document.error:
        lines.append(toned(document.error, _error_tone(document)))
    return Block("head", tuple(Part(line, _INDENT) for line in lines))


def part_blocks(parts: Sequence[DocumentPart]) -> list[Block]:
    """The passages: number and headings, then the text as a search has it."""
    return [Block(one.ordinal, (Part(_part_head(one), _INDENT), Part(Content(one.text), _INDENT))) for one in parts]


def _part_head(one: DocumentPart) -> Content:
    return joined(toned(f"{one.ordinal + 1:,}", "mine"), toned(one.heading, "quiet"))


def nothing_block(document: Document) -> Block:
    """Why a document has no text."""
    comes = document.status in {"pending", "processing", "waiting"}
    why = "its text comes when it is read" if comes else "no search finds anything of it"
    return Block("nothing", (Part(toned("No passages.", "strong"), _INDENT), Part(toned(why, "quiet"), _INDENT)))
