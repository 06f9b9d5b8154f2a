"""The kinds of content that can be read, and how much of it."""

from __future__ import annotations

from pathlib import PurePosixPath

MAX_BYTES = 8_388_608
"""The largest file that is read, in bytes; of text less."""
MAX_TEXT_BYTES = 5_000_000
"""The largest text file that is read, in bytes."""

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = frozenset({"text/html", "application/xhtml+xml"})
MARKDOWN = frozenset({"text/markdown", "text/x-markdown"})
FETCHED = ("text/html", "application/xhtml+xml", "text/markdown", "text/x-markdown", "text/plain", PDF, DOCX)
"""What may come from the web."""

MARKDOWN_SUFFIXES = frozenset({".md", ".mdx", ".markdown"})
HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
TEXT_SUFFIXES = frozenset({".txt", ".text", ".rst", ".adoc"})
DOCUMENT_SUFFIXES = {".pdf": PDF, ".docx": DOCX}
SUFFIXES = MARKDOWN_SUFFIXES | HTML_SUFFIXES | TEXT_SUFFIXES | DOCUMENT_SUFFIXES.keys()


def essence(media_type: str) -> str:
    """The type without its parameters."""
    return media_type.partition(";")[0].strip().lower()


def document_type(name: str, media_type: str | None) -> str | None:
    """PDF or DOCX when a file is one by what its server said, else by its name; None for text."""
    if media_type:
        return essence(media_type) if essence(media_type) in {PDF, DOCX} else None
    return DOCUMENT_SUFFIXES.get(PurePosixPath(name).suffix.lower())


def most_bytes(name: str, media_type: str | None = None) -> int:
    """How large a file of this kind may be, in bytes."""
    return MAX_BYTES if document_type(name, media_type) else MAX_TEXT_BYTES
