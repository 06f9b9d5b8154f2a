"""Files to text: Markdown, MDX, HTML and plain text become blocks under their headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from console.errors import InvalidInputError
from console.knowledge.outline import Block

__all__ = ["MAX_BYTES", "Block", "Extracted", "decode", "extract"]

MAX_BYTES = 5_000_000
"""The largest file that is read, in bytes."""

_MARKDOWN = frozenset({".md", ".mdx", ".markdown"})
_HTML = frozenset({".html", ".htm", ".xhtml"})
_EXCERPT = 200
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{1,40})", re.IGNORECASE)
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


def extract(data: bytes, *, name: str, media_type: str | None = None) -> Extracted:
    """Read the text of a file; `name` and `media_type` say which kind it is.

    Raises `InvalidInputError` for a file that is too large, empty, or no text.
    """
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1e6:.1f} MB"
        raise InvalidInputError(
            f"{name} is too large: {size}", hint=f"split it into files under {MAX_BYTES // 10**6} MB"
        )
    text = decode(data, name)
    title, summary, blocks = _read(text, _kind(name, media_type, text))
    if not blocks:
        raise InvalidInputError(f"{name} holds no text")
    title = title or _title_of(blocks) or PurePosixPath(name).stem
    return Extracted(_short(title), _short(summary or blocks[0].text), tuple(blocks))


def decode(data: bytes, name: str) -> str:
    """Decode as the byte order mark says, else UTF-8, else the declared or Western charset.

    Raises `InvalidInputError` where the result would not be text.
    """
    text = _decode(data)
    if text is None or "\x00" in text or len(_CONTROL.findall(text)) > len(text) // 200:
        raise InvalidInputError(f"{name} is no text file", hint="give Markdown, HTML or plain text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes) -> str | None:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _try(data, encoding)
    if b"\x00" in data:
        return None
    declared = _CHARSET.search(data[:2048])
    fallback = declared[1].decode("ascii") if declared else "cp1252"
    return _try(data, "utf-8") or _try(data, fallback) or ("" if not data else None)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _kind(name: str, media_type: str | None, text: str) -> str:
    suffix, media = PurePosixPath(name).suffix.lower(), (media_type or "").split(";")[0].strip().lower()
    if suffix in _MARKDOWN or media in {"text/markdown", "text/x-markdown"}:
        return "markdown"
    if suffix in _HTML or media in {"text/html", "application/xhtml+xml"}:
        return "html"
    head = text[:1000].lstrip().lower()
    return "html" if not suffix and head.startswith(("<!doctype html", "<html")) else "text"


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
