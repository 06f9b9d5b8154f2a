"""Word files to blocks under their headings. Hostile input: only to be run apart, under limits (see `apart`)."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.errors import InvalidInputError
from console.knowledge.outline import Block, Outline

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]

MAX_PART_BYTES = 64_000_000
"""How large one part of the archive may be when unpacked, in bytes."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_HEADING = re.compile(r"heading ([1-6])")
_BREAKS = {f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}tab": "\t", f"{_W}noBreakHyphen": "-"}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError, ValueError)


def read_docx(data: bytes) -> tuple[str, list[Block]]:
    """Title and blocks; `InvalidInputError` says why there are none."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInputError("is an old Word file or encrypted: save it as DOCX without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            body = _parsed(archive, "word/document.xml")
            styles = _headings(_optional(archive, "word/styles.xml"))
            about = _optional(archive, "docProps/core.xml")
    except _BROKEN:
        raise InvalidInputError("is no Word file that can be read") from None
    outline = Outline()
    _read(body, styles, outline)
    title = " ".join((about.findtext(_TITLE) or "").split()) if about is not None else ""
    blocks = outline.blocks(outline.first_heading)
    if not blocks:
        raise InvalidInputError("holds no text")
    return title or outline.first_heading, blocks


def _optional(archive: zipfile.ZipFile, name: str) -> _Element | None:
    return _parsed(archive, name) if name in archive.namelist() else None


def _parsed(archive: zipfile.ZipFile, name: str) -> _Element:
    """One part as XML: no more of it than the limit, and nothing in it that points elsewhere."""
    from lxml import etree  # type: ignore[import-untyped]

    with archive.open(name) as part:
        text = part.read(MAX_PART_BYTES + 1)
    if len(text) > MAX_PART_BYTES:
        raise InvalidInputError(f"unpacks to more than {MAX_PART_BYTES // 1_000_000} MB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError:
        raise InvalidInputError("is no Word file that can be read") from None
    if root.getroottree().docinfo.doctype:
        raise InvalidInputError("declares a document type, as no Word file does")
    return root


def _headings(styles: _Element | None) -> dict[str, int]:
    """Ids of paragraph styles that are headings, with their level; ids differ by language, names don't."""
    found = {f"Heading{level}": level for level in range(1, 7)} | {"Title": 1}
    for style in styles.iter(f"{_W}style") if styles is not None else ():
        name = style.find(f"{_W}name")
        matched = _HEADING.fullmatch(name.get(f"{_W}val", "").lower()) if name is not None else None
        if matched:
            found[style.get(f"{_W}styleId", "")] = int(matched[1])
    return found


def _read(body: _Element, styles: dict[str, int], outline: Outline) -> None:
    """Walk paragraphs and tables in order, without recursion: tables may stand in tables."""
    todo = [iter(body)]
    while todo:
        element = next(todo[-1], None)
        if element is None:
            todo.pop()
        elif element.tag == f"{_W}p":
            _paragraph(element, styles, outline)
        elif element.tag == f"{_W}tr":
            _row(element, outline)
        elif element.tag == f"{_W}tbl":
            outline.end()
            todo.append(iter(element))
        elif isinstance(element.tag, str):
            todo.append(iter(element))
    outline.end()


def _paragraph(element: _Element, styles: dict[str, int], outline: Outline) -> None:
    text = _text(element)
    style = element.find(f"{_W}pPr/{_W}pStyle")
    level = styles.get(style.get(f"{_W}val", "")) if style is not None else None
    if level:
        outline.heading(level, text)
    elif element.find(f"{_W}pPr/{_W}numPr") is not None:
        outline.item("- ")
        outline.paragraph(text)
    else:
        outline.end()
        outline.paragraph(text)


def _row(element: _Element, outline: Outline) -> None:
    cells = (" ".join(_text(cell).split()) for cell in element.iterchildren(f"{_W}tc"))
    outline.line(" | ".join(cell for cell in cells if cell))


def _text(element: _Element) -> str:
    return "".join(_pieces(element)).strip()


def _pieces(element: _Element) -> Iterator[str]:
    """The words that are seen: not what was deleted, nor a second rendering for older programs."""
    from lxml import etree

    walk = etree.iterwalk(element, events=("start",))
    for _event, node in walk:
        if node.tag == _FALLBACK:
            walk.skip_subtree()
        elif node.tag == f"{_W}t":
            yield node.text or ""
        elif node.tag in _BREAKS:
            yield _BREAKS[node.tag]
        elif node.tag == f"{_W}p" and node is not element:
            yield "\n"
