"""PDF to blocks, a page under its number. Hostile input: only to be run apart, under limits (see `apart`)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from console.errors import InvalidInputError
from console.knowledge.outline import Block

MAX_PAGES = 2_000

_ITEM = re.compile(r"[-*•+–] |\(?\d{1,3}[.)] ")
_FULL = 0.7
"""How much of the page's width a line fills that goes on in the next one."""


def read_pdf(data: bytes) -> tuple[str, list[Block]]:
    """Title and blocks; `InvalidInputError` says why there are none."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    if b"%PDF-" not in data[:1024]:
        raise InvalidInputError("is no PDF")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise InvalidInputError("is encrypted: it can't be read without its password")
        pages = len(reader.pages)
        if pages > MAX_PAGES:
            raise InvalidInputError(f"has {pages:,} pages, the limit is {MAX_PAGES:,}")
        blocks = [block for number, page in enumerate(reader.pages, 1) for block in _page(number, page.extract_text())]
        title = (reader.metadata and reader.metadata.title) or ""
    except PyPdfError:
        raise InvalidInputError("is no PDF that can be read: it is broken") from None
    if not blocks:
        raise InvalidInputError("holds no text: its pages are pictures" if pages else "holds no pages")
    return " ".join(str(title).split()), blocks


def _page(number: int, text: str) -> Iterator[Block]:
    lines = [line.strip() for line in text.split("\n")]
    width = max(map(len, lines))
    for paragraph in _paragraphs(lines, width):
        yield Block((f"Page {number}",), paragraph)


def _paragraphs(lines: list[str], width: int) -> Iterator[str]:
    """Lines that fill the page go on in the next one; a short line, an item or a gap ends the paragraph."""
    text, goes_on = "", False
    for line in lines:
        if not line or (text and not goes_on) or _ITEM.match(line):
            if text:
                yield text
            text = line
        else:
            text = _joined(text, line)
        goes_on = len(line) >= width * _FULL
    if text:
        yield text


def _joined(text: str, line: str) -> str:
    if not text:
        return line
    hyphenated = len(text) > 1 and text[-1] in "-\u00ad" and text[-2].islower() and line[:1].islower()
    return text[:-1] + line if hyphenated else f"{text} {line}"
