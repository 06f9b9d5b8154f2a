"""Blocks of a document to chunks for search: whole sentences, an overlap, the heading path beside each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from console.knowledge.outline import Block

_CHARS_PER_TOKEN = 6
_DENSE = 12  # a tokenizer may count a very long word as one token
_END = re.compile(
    r"""(?<=[.!?…])["'”’)\]]{0,3}\s+(?=["'“‘(\[*]{0,3}[A-Z0-9À-ÞА-ЯΑ-Ω])  # a sentence, then a capital
    |(?<=[。！？])                                                        # scripts without blanks
    |[ \t]{0,8}\n\s*                                                     # list items, rows, code lines
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“‘])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Gen|Col|Lt|Sgt|Rev|Hon|No|Nos|Vol|Fig|Art|"
    r"Inc|Ltd|Co|Corp|vs|etc|cf|ca|approx|e\.g|i\.e|[A-Za-z]\.[A-Za-z])\.$|(?:^|\n)\s*\d{1,3}\.$"
)
_TAIL = 24


@dataclass(frozen=True, slots=True)
class ChunkText:
    """A passage as it is stored and searched; `hash` covers the heading path and the text."""

    ordinal: int
    text: str
    heading_path: tuple[str, ...]
    token_count: int
    hash: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, what stood between it and the one before, and its length in tokens."""

    gap: str
    text: str
    tokens: int


def chunk(
    blocks: Sequence[Block], count_tokens: Callable[[str], int], *, size: int = 200, overlap: int = 40
) -> list[ChunkText]:
    """Cut blocks into chunks of at most `size` tokens, each beginning with up to `overlap` of the last.

    A chunk ends at a sentence's end and never crosses from one heading path to another. A sentence
    longer than `size` is cut between words.
    """
    chunks: list[ChunkText] = []
    for path, group in groupby(blocks, key=lambda block: block.heading_path):
        pieces = [piece for block in group for piece in _pieces(block.text, count_tokens, size)]
        for window in _windows(pieces, size, overlap):
            chunks.append(_chunk_text(len(chunks), window, path))
    return chunks


def sentences(text: str) -> list[str]:
    """Cut text into its sentences, list items and lines, in order and without blank ones."""
    return [sentence for _, sentence in _split(text)]


def headed(heading_path: Iterable[str], text: str) -> str:
    """The text that is embedded for a chunk: its headings, then its words."""
    return "\n".join((*([" > ".join(heading_path)] if heading_path else []), text))


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of (what stood before, sentence)."""
    start, gap = 0, ""
    for match in _END.finditer(text):
        if match.start() == start and not match[0].strip("\n\r\t "):
            start = match.end()
            continue
        if "\n" not in match[0] and _ABBREVIATION.search(text[max(start, match.start() - _TAIL) : match.start()]):
            continue
        closing = match[0].rstrip()
        yield gap, text[start : match.start()].strip() + closing
        start, gap = match.end(), match[0][len(closing) :]
    if rest := text[start:].strip():
        yield gap, rest


def _pieces(text: str, count_tokens: Callable[[str], int], size: int) -> Iterator[_Piece]:
    first = "\n\n"
    for gap, sentence in _split(text):
        for number, part in enumerate(_fitting(sentence, count_tokens, size)):
            yield _Piece(first or (gap if number == 0 else " "), part, max(count_tokens(part), len(part) // _DENSE))
            first = ""


def _fitting(sentence: str, count_tokens: Callable[[str], int], size: int) -> Iterator[str]:
    """The sentence, or its parts where it is longer than `size` tokens."""
    todo = _cut(sentence, size * _CHARS_PER_TOKEN)[::-1]
    while todo:
        part = todo.pop()
        if len(part) > 1 and count_tokens(part) > size:
            todo += _cut(part, (len(part) + 1) // 2)[::-1]
        else:
            yield part


def _cut(text: str, limit: int) -> list[str]:
    """Cut into parts of at most `limit` characters, at blanks where there are any."""
    parts, start = [], 0
    while len(text) - start > limit:
        blank = text.rfind(" ", start + limit // 2, start + limit + 1)
        end = blank if blank > start else start + limit
        parts.append(text[start:end].strip())
        start = end
    return [part for part in (*parts, text[start:].strip()) if part]


def _windows(pieces: Sequence[_Piece], size: int, overlap: int) -> Iterator[Sequence[_Piece]]:
    start = 0
    while start < len(pieces):
        end, total = start, 0
        while end < len(pieces) and (end == start or total + pieces[end].tokens <= size):
            total += pieces[end].tokens
            end += 1
        yield pieces[start:end]
        if end == len(pieces):
            return
        start = _step_back(pieces, start, end, overlap, size)


def _step_back(pieces: Sequence[_Piece], start: int, end: int, overlap: int, size: int) -> int:
    """Where the next window begins: up to `overlap` tokens before `end`, and with room for a new piece."""
    room, begin = min(overlap, size - pieces[end].tokens), end
    while begin - 1 > start and pieces[begin - 1].tokens <= room:
        begin -= 1
        room -= pieces[begin].tokens
    return begin


def _chunk_text(ordinal: int, window: Sequence[_Piece], path: tuple[str, ...]) -> ChunkText:
    text = "".join(piece.gap + piece.text if i else piece.text for i, piece in enumerate(window))
    digest = hashlib.sha256("\x00".join((*path, text)).encode("utf-8", "replace")).hexdigest()
    return ChunkText(ordinal, text, path, sum(piece.tokens for piece in window), digest)
