"""Collects headings and text in reading order into blocks."""

from __future__ import annotations

from dataclasses import dataclass

_MAX_HEADING = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text and the headings that it stands under, outermost first."""

    heading_path: tuple[str, ...]
    text: str


class Outline:
    """A document being read: headings open sections, text joins the section that is open."""

    def __init__(self) -> None:
        self.first_heading = ""
        self._path: list[tuple[int, str]] = []
        self._blocks: list[tuple[tuple[str, ...], str]] = []
        self._lines: list[str] = []
        self._prefix = ""

    def heading(self, level: int, text: str) -> None:
        """Open a section at `level`; an empty heading only closes those it would replace."""
        self.end()
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        text = " ".join(text.split())[:_MAX_HEADING]
        if text:
            self.first_heading = self.first_heading or text
            self._path.append((level, text))

    def item(self, prefix: str) -> None:
        """The next text begins a list item."""
        self._prefix = prefix

    def paragraph(self, text: str) -> None:
        """Add a paragraph: a block of its own, or a line where a list is open."""
        if not text.strip():
            return
        if self._prefix:
            self.line(self._prefix + text.strip())
        elif self._lines:
            self._lines.append(text.strip())
        else:
            self._blocks.append((self._here(), text.strip()))
        self._prefix = ""

    def line(self, text: str) -> None:
        """Add a line to the list or table that is open."""
        if text.strip():
            self._lines.append(text)

    def end(self) -> None:
        """Close the list or table that is open."""
        if self._lines:
            self._blocks.append((self._here(), "\n".join(self._lines)))
        self._lines, self._prefix = [], ""

    def blocks(self, title: str) -> list[Block]:
        """The blocks; a top heading that only repeats the title is left out of the paths."""
        self.end()
        same = title.casefold()
        return [Block(path[1:] if path and path[0].casefold() == same else path, text) for path, text in self._blocks]

    def _here(self) -> tuple[str, ...]:
        return tuple(text for _, text in self._path)
