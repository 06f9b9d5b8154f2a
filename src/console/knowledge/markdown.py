"""Markdown and MDX to blocks: markup read away, headings, lists, tables and code kept as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.knowledge.outline import Block, Outline

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)(?:^|\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(title|description)[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|\{/\*.*?(?:\*/\}|\Z)", re.DOTALL)
_MODULE = re.compile(
    r"^(?:import\s[^\n]{0,300}['\"][^'\"\n]*['\"];?|export\s+(?:default|const|function)\b[^\n]*)$",
    re.MULTILINE,
)
_TITLED = re.compile(r"<(\w+)\b[^<>]{0,500}?\btitle=(?:\"([^\"<>]*)\"|'([^'<>]*)'|\{[\"'`]([^\"'`<>]*)[\"'`]\})[^<>]*>")
_CLOSED = re.compile(r"</(?:Accordion|Tab|Step|Card)>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"(`[^`\n]*`)|</?[A-Za-z][^<>]{0,2000}>")
_BLANKS = re.compile(r"[ \t]+")
_INNER = 6


def read_markdown(text: str) -> tuple[str, str, list[Block]]:
    """Title and description from the front matter (or the first heading), and the blocks."""
    from markdown_it import MarkdownIt

    fields, body = _front_matter(text)
    parser = MarkdownIt("commonmark").enable("table").disable(["code", "html_block", "html_inline"])
    outline = Outline()
    _walk(parser.parse(_without_jsx(body)), outline)
    blocks = outline.blocks(fields.get("title", ""))
    return fields.get("title", "") or outline.first_heading, fields.get("description", ""), blocks


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    match = _FRONT.match(text)
    if not match:
        return {}, text
    return {m[1]: m[2].strip().strip("\"'") for m in _FIELD.finditer(match[1])}, text[match.end() :]


def _without_jsx(text: str) -> str:
    """Drop components, comments and modules outside fences; a component's title becomes a heading."""
    out: list[str] = []
    prose: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            out.append(line)
            fence = "" if mark and mark[1].startswith(fence) and not line.strip(" \t`~") else fence
        elif mark:
            out += [_prose("\n".join(prose)), line]
            prose, fence = [], mark[1]
        else:
            prose.append(line)
    return "\n".join([*out, _prose("\n".join(prose))])


def _prose(text: str) -> str:
    text = _MODULE.sub("", _COMMENT.sub("", text))
    text = _TITLED.sub(lambda m: f"\n\n{'#' * _INNER} {m[2] or m[3] or m[4] or ''}\n\n", text)
    text = _BREAK.sub(" ", _CLOSED.sub(f"\n\n{'#' * _INNER}\n\n", text))
    return _TAG.sub(lambda m: m[1] or "", text)


def _walk(tokens: Sequence[Token], outline: Outline) -> None:
    heading = 0
    row: list[str] | None = None
    for token in tokens:
        if token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "heading_close":
            heading = 0
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            outline.line(" | ".join(cell for cell in row if cell))
            row = None
        elif token.type == "inline":
            _inline(token, heading, row, outline)
        elif token.type in {"fence", "code_block"}:
            outline.paragraph(token.content.strip("\n"))
        elif token.type == "list_item_open":
            outline.item(f"{token.info}. " if token.info else "- ")
        elif token.type in {"bullet_list_close", "ordered_list_close", "table_close"}:
            outline.end()


def _inline(token: Token, heading: int, row: list[str] | None, outline: Outline) -> None:
    text = _plain(token.children or ())
    if heading:
        outline.heading(heading, text)
    elif row is not None:
        row.append(text)
    else:
        outline.paragraph(text)


def _plain(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"}:
            parts.append("\n" if token.type == "hardbreak" else " ")
        elif token.type in {"text", "code_inline", "text_special"} or _is_described(token):
            parts.append(token.content)
    return _BLANKS.sub(" ", "".join(parts)).strip()


def _is_described(token: Token) -> bool:
    """An image whose text is words, not a file's name."""
    return token.type == "image" and " " in token.content
