"""Styles that are parsed once, however many screens and widgets come later."""

from __future__ import annotations

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

SOURCES = 1024
"""More than there are: each file, and each class of widget with styles of its own."""


class OnceParsed(Stylesheet):
    """Textual's own parses every source again for each new screen; here only what is new, or has other variables."""

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(SOURCES)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take these; what is parsed stays when they are the same."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is not parsed yet; an error leaves the rules as they were."""
        self.parse()
