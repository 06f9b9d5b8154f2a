"""The passages of a document that are here: some of perhaps thousands, in order."""

from __future__ import annotations

from datetime import datetime

from console.domain.knowledge import DocumentPart, DocumentText
from console.tui.present.documents import head_block, nothing_block, part_blocks
from console.tui.present.transcript import Block

PAGE = 20
"""How many passages are read at a time."""

MOST = 6 * PAGE
"""How many are kept: what is far from what is read is read again when it is wanted."""


class Window:
    """Passages without a hole between them."""

    def __init__(self, text: DocumentText) -> None:
        self._put(text, text.parts)

    @property
    def first(self) -> int:
        """The ordinal of the first passage here."""
        return self.parts[0].ordinal if self.parts else 0

    @property
    def end(self) -> int:
        """The ordinal after the last passage here."""
        return self.first + len(self.parts)

    @property
    def later(self) -> bool:
        """Whether there are more after those here."""
        return self.end < self.document.chunks

    def merge(self, text: DocumentText) -> None:
        """Put what was read beside what is here; what does not go with it gives way."""
        read = text.parts
        near = bool(read) and read[0].ordinal <= self.end and read[-1].ordinal + 1 >= self.first
        if text.generation != self.generation or not near:
            self._put(text, read)
            return
        together = {part.ordinal: part for part in (*self.parts, *read)}
        parts = tuple(together[ordinal] for ordinal in sorted(together))
        self._put(text, parts[-MOST:] if read[-1].ordinal == parts[-1].ordinal else parts[:MOST])

    def blocks(self, now: datetime) -> list[Block]:
        """What is known of the document where its beginning is here, then the passages."""
        if self.first:
            return self._blocks
        return [head_block(self.document, now), *(self._blocks or [nothing_block(self.document)])]

    def _put(self, text: DocumentText, parts: tuple[DocumentPart, ...]) -> None:
        self.document, self.generation, self.parts = text.document, text.generation, parts
        self._blocks = part_blocks(parts)
