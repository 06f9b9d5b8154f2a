"""The palette: the commands of the table that can be used here and now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode

from console.tui.commands import COMMANDS, Command, Scope
from console.tui.present.tone import sides, toned

_WIDTH = 56
_ORDER = (
    Scope.COMPOSER, Scope.CONVERSATION, Scope.INBOX, Scope.GAPS, Scope.KNOWLEDGE, Scope.AGENTS, Scope.USAGE,
    Scope.WORKSPACES, Scope.LIST, Scope.GLOBAL,
)  # fmt: skip


class ConsoleCommands(Provider):
    """Finds commands by title and help."""

    async def discover(self) -> Hits:
        """All that can be done here."""
        for command in self._usable():
            yield DiscoveryHit(label(command), partial(self._run, command), command.title, command.help)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        found = [(command, score) for command in self._usable() if (score := match(query, command))]
        for command, score in found:
            yield Hit(score, label(command), partial(self._run, command), command.title, command.help)
        if not found:
            yield Hit(1, toned("nothing of that name", "quiet"), self._nothing, "nothing of that name")

    def _usable(self) -> Iterator[Command]:
        for command in sorted(COMMANDS, key=_rank):
            if command.scope in _ORDER and command.id != "palette" and self._can(command):
                yield command

    def _can(self, command: Command) -> bool:
        name, owner = command.action.split("(")[0], self._owner(command)
        return owner is not None and hasattr(owner, f"action_{name}") and owner.check_action(name, ()) is True

    def _owner(self, command: Command) -> DOMNode | None:
        """What carries the command out; what is about writing is there while one writes."""
        if command.scope is Scope.COMPOSER:
            from console.tui.widgets.composer import Composer

            return self.screen.focused if isinstance(self.screen.focused, Composer) else None
        return self.app if command.scope is Scope.GLOBAL else self.screen

    async def _nothing(self) -> None:
        """There is nothing to run."""

    async def _run(self, command: Command) -> None:
        if (owner := self._owner(command)) is not None:
            await self.app.run_action(command.action, default_namespace=owner)


def _rank(command: Command) -> int:
    return _ORDER.index(command.scope) if command.scope in _ORDER else len(_ORDER)


def match(query: str, command: Command) -> float:
    """How well the words fit, 0 for not at all: a title that begins with them first, then titles, then help."""
    words = query.casefold().split()
    title, text = command.title.casefold(), f"{command.title} {command.help}".casefold()
    if title.startswith(" ".join(words)):
        return 1.0
    if all(any(word.startswith(each) for word in title.split()) for each in words):
        return 0.8
    return 0.4 if all(any(word.startswith(each) for word in text.split()) for each in words) else 0.0


def label(command: Command) -> Content:
    """Title and key."""
    return sides(Content(command.title), toned(command.shown_keys, "quiet"), _WIDTH)
