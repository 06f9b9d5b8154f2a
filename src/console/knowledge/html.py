"""HTML to blocks: the main part of a page, without scripts, navigation and forms; nothing is fetched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from console.knowledge.outline import Block, Outline

if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]

_DROPPED = frozenset(
    {
        *("script", "style", "noscript", "template", "head", "svg", "math", "canvas"),
        *("iframe", "object", "embed", "form", "button", "select", "input", "textarea"),
        *("nav", "footer", "aside", "dialog"),
    }
)
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog"})
_BLOCKS = frozenset(
    {
        *("p", "div", "section", "article", "main", "header", "address", "blockquote", "pre", "hr", "body"),
        *("ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption", "details", "summary", "fieldset"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    }
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACE = re.compile(r"\s+")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


def read_html(text: str) -> tuple[str, str, list[Block]]:
    """Title and description from the head (or the first heading), and the blocks."""
    from lxml import etree, html  # type: ignore[import-untyped]

    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(_XML_DECLARATION.sub("", text), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return "", "", []
    outline = Outline()
    _Reader(outline).read(_main_part(root))
    title = _first(root, "//head/title/text()") or outline.first_heading
    description = _first(root, "//meta[@name='description']/@content")
    return title, description, outline.blocks(outline.first_heading)


def _first(root: HtmlElement, path: str) -> str:
    found = root.xpath(f"string({path})")
    return " ".join(str(found).split())


def _main_part(root: HtmlElement) -> HtmlElement:
    """The page's one <main> or <article>, else its body."""
    for path in ("//main", "//*[@role='main']", "//article"):
        found = root.xpath(path)
        if len(found) == 1 and found[0].text_content().strip():
            return found[0]
    return root


class _Reader:
    """Walks a page in document order without recursion: nesting has no limit."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._text: list[str] = []
        self._pre = 0
        self._row: list[str] | None = None

    def read(self, root: HtmlElement) -> None:
        """Walk all below `root`."""
        todo: list[tuple[HtmlElement, bool]] = [(root, False)]
        while todo:
            element, leaving = todo.pop()
            if leaving:
                self._leave(element.tag)
                self._say(element.tail if element is not root else "")
            elif not isinstance(element.tag, str) or _is_dropped(element):
                self._say(element.tail)
            else:
                self._enter(element.tag)
                self._say(element.text)
                todo.append((element, True))
                todo.extend((child, False) for child in reversed(element))
        self._flush()

    def _say(self, text: str | None) -> None:
        if text:
            self._text.append(text if self._pre else _SPACE.sub(" ", text))

    def _enter(self, tag: str) -> None:
        if tag == "br":
            self._text.append("\n")
        if tag in _HEADINGS or (tag in _BLOCKS and self._row is None) or tag == "tr":
            self._flush()
        if tag == "pre":
            self._pre += 1
        elif tag == "li":
            self._outline.item("- ")
        elif tag == "tr":
            self._row = []

    def _leave(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._outline.heading(_HEADINGS[tag], self._take())
        elif tag in {"td", "th"} and self._row is not None:
            self._row.append(self._take())
        elif tag == "tr" and self._row is not None:
            self._outline.line(" | ".join(cell for cell in self._row if cell))
            self._row = None
        elif tag in _BLOCKS and self._row is None:
            self._flush()
        if tag == "pre":
            self._pre -= 1
        elif tag in {"ul", "ol", "table"}:
            self._outline.end()

    def _flush(self) -> None:
        self._outline.paragraph(self._take())

    def _take(self) -> str:
        lines = "".join(self._text).split("\n")
        self._text = []
        return "\n".join(line.rstrip() if self._pre else " ".join(line.split()) for line in lines).strip("\n")


def _is_dropped(element: HtmlElement) -> bool:
    hidden = "hidden" in element.attrib or element.get("aria-hidden") == "true"
    return element.tag in _DROPPED or element.get("role") in _ROLES or hidden
