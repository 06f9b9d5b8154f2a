"""Files to text: Markdown, MDX, HTML, plain text, PDF and Word files become blocks under their headings."""

from __future__ import annotations

import asyncio
import codecs
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from console.errors import InvalidInputError, RefusedError
from console.knowledge.media import (
    HTML,
    HTML_SUFFIXES,
    MARKDOWN,
    MARKDOWN_SUFFIXES,
    MAX_TEXT_BYTES,
    document_type,
    essence,
)
from console.knowledge.outline import Block

__all__ = ["Block", "Extracted", "decode", "extract", "read"]

_EXCERPT = 200
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{1,40})", re.IGNORECASE)
_SERVED = re.compile(rb"charset=[\"']?([\w-]{1,40})", re.IGNORECASE)
_WEB_CHARSETS = re.compile(r"ascii|cp\d+|iso8859-\d+|koi8-[ru]|mac-\w+|gb\w+|big5\w*|euc_\w+|shift_jis\w*|iso2022_\w+")
_BLANK_LINES = re.compile(r"\n[ \t]*(?=\n)")
_ITEM = re.compile(r"[-*•+] |\d{1,3}[.)] ")
_WRAPPED = (50, 100)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a file says: its title, a short excerpt, and its text in order."""

    title: str
    excerpt: str
    blocks: tuple[Block, ...]


async def read(data: bytes, *, name: str, media_type: str | None = None) -> Extracted:
    """Read the text of a file of any kind; PDF and Word files apart from this process.

    Raises what `extract` and `read_apart` raise.
    """
    kind = document_type(name, media_type)
    if kind is None:
        return await asyncio.to_thread(extract, data, name=name, media_type=media_type)
    from console.knowledge.apart import read_apart

    try:
        title, blocks = await read_apart(data, kind)
    except (InvalidInputError, RefusedError) as error:
        raise type(error)(f"{name} {error.message}", hint=error.hint) from None
    return _extracted(name, title, "", blocks)


def extract(data: bytes, *, name: str, media_type: str | None = None) -> Extracted:
    """Read the text of a text file; `name` and `media_type` say which kind it is.

    Raises `InvalidInputError` for a file that is too large, empty, or no text.
    """
    if len(data) > MAX_TEXT_BYTES:
        size = f"{len(data) / 1e6:.1f} MB"
        hint = f"split it into files under {MAX_TEXT_BYTES // 10**6} MB"
        raise InvalidInputError(f"{name} is too large: {size}", hint=hint)
    text = decode(data, name, media_type)
    title, summary, blocks = _read(text, _kind(name, media_type, text))
    return _extracted(name, title, summary, blocks)


def _extracted(name: str, title: str, summary: str, blocks: list[Block]) -> Extracted:
    if not blocks:
        raise InvalidInputError(f"{name} holds no text")
    title = title or _title_of(blocks) or PurePosixPath(name).stem
    return Extracted(_short(title), _short(summary or blocks[0].text), tuple(blocks))


def decode(data: bytes, name: str, media_type: str | None = None) -> str:
    """Decode as the byte order mark says, else UTF-8, else the declared or Western charset.

    Raises `InvalidInputError` where the result would not be text.
    """
    text = _decode(data, media_type or "")
    if text is None or "\x00" in text or len(_CONTROL.findall(text)) > len(text) // 200:
        raise InvalidInputError(f"{name} is no text file", hint="give Markdown, HTML or plain text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes, media_type: str) -> str | None:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _try(data, encoding)
    if b"\x00" in data:
        return None
    declared = _SERVED.search(media_type.encode()) or _CHARSET.search(data[:2048])
    fallback = _known(declared[1].decode("ascii", "replace")) if declared else "cp1252"
    return _try(data, "utf-8") or _try(data, fallback) or ("" if not data else None)


def _known(charset: str) -> str:
    """A charset of the web's; Python knows others too, some of which take for ever."""
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return "cp1252"
    return name if _WEB_CHARSETS.fullmatch(name) else "cp1252"


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _kind(name: str, media_type: str | None, text: str) -> str:
    """What a server says goes before what the name says."""
    suffix, media = PurePosixPath(name).suffix.lower(), essence(media_type or "")
    if media in HTML or (not media and suffix in HTML_SUFFIXES):
        return "html"
    if media in MARKDOWN or suffix in MARKDOWN_SUFFIXES:
        return "markdown"
    head = text[:1000].lstrip().lower()
    return "html" if not suffix and not media and head.startswith(("<!doctype html", "<html")) else "text"


def _read(text: str, kind: str) -> tuple[str, str, list[Block]]:
    """Title, description and blocks by the reader for this kind."""
    if kind == "markdown":
        from console.knowledge.markdown import read_markdown

        return read_markdown(text)
    if kind == "html":
        from console.knowledge.html import read_html

        return read_html(text)
    paragraphs = (part.strip("\n") for part in _BLANK_LINES.split(text))
    return "", "", [Block((), _unwrapped(part)) for part in paragraphs if part.strip()]


def _unwrapped(paragraph: str) -> str:
    """Join the lines of a paragraph that was wrapped at a fixed width; leave lists and tables alone."""
    lines = [line.strip() for line in paragraph.split("\n")]
    wrapped = all(_WRAPPED[0] <= len(line) <= _WRAPPED[1] for line in lines[:-1])
    return ("\n" if not wrapped or any(map(_ITEM.match, lines)) else " ").join(lines)


def _title_of(blocks: list[Block]) -> str:
    """The first heading, else a first line short enough to be a title."""
    first = blocks[0]
    if first.heading_path:
        return first.heading_path[0]
    line, _, rest = first.text.partition("\n")
    return line if len(line) <= 80 and (rest or len(blocks) > 1) and not line.endswith((".", ",")) else ""


def _short(text: str) -> str:
    folded = " ".join(text[: _EXCERPT * 4].split())
    return folded if len(folded) <= _EXCERPT else folded[: _EXCERPT - 1] + "…"
