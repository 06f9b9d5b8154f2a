"""Where the agents' knowledge comes from, and how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import ClassVar

from textual._path import CSSPathType
from textual.binding import BindingType
from textual.content import Content

from console.domain.actor import Actor, Role
from console.domain.knowledge import Source, SourceStatus
from console.ids import SourceId
from console.tui.commands import BY_ACTION, Command, Scope, bindings
from console.tui.events import Coalescer
from console.tui.modals.add_source import AddSource, Typed
from console.tui.present.knowledge import empty_knowledge, source_lines, summary
from console.tui.screens.base import STYLES
from console.tui.screens.knowledge_documents import DocumentsScreen
from console.tui.working import start

WINDOW = 0.5
"""Every step of a run is told: it is looked at twice a second at most."""


class KnowledgeScreen(DocumentsScreen):
    """The sources, the documents of the one under the cursor, and the text of those."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.KNOWLEDGE)
    CSS_PATH: ClassVar[CSSPathType | None] = [STYLES / "listing.tcss", STYLES / "knowledge.tcss"]
    kinds: ClassVar[frozenset[str]] = frozenset({"source"})
    what: ClassVar[str] = "the sources"

    def __init__(self) -> None:
        super().__init__()
        self.changes = Coalescer(self, self.read_changed, WINDOW)
        self._typed = Typed()

    async def read_rows(self, tab: str) -> Sequence[Source]:  # noqa: ARG002 - there is one
        """All sources."""
        app = self.console_app
        return await app.services.sources.list(app.actor)

    def row_key(self, row: Source) -> Hashable:
        """Its id."""
        return row.id

    def row_lines(self, row: Source, width: int) -> Sequence[Content]:
        """State, name, kind, age; then how far it is or what is wrong."""
        return source_lines(row, width, self.console_app.now())

    def row_text(self, row: Source) -> str:
        """Name, kind, place and state."""
        return f"{row.name} {row.kind} {row.uri} {row.status.value}"

    def empty(self, tab: str) -> Content:  # noqa: ARG002
        """The first thing to do."""
        return empty_knowledge(self.console_app.actor.role >= Role.ADMIN)

    def summary(self) -> Content:
        """Counts of all."""
        return summary(self.all_rows)

    def allowed(self, action: str) -> bool | None:
        """What can be done to the row under the cursor; what only admins may do is grey for others."""
        command = BY_ACTION.get(action)
        if command is None or command.scope is not Scope.KNOWLEDGE or not self.is_mounted:
            return super().allowed(action)
        if self.too_small or not self._fits(action, self.current):
            return False
        if self.opened_document is not None and action != "source_test":
            return False  # what is in front is a document, and the key would meet its source
        return super().allowed(action)

    @staticmethod
    def _fits(action: str, source: Source | None) -> bool:
        if action in {"source_add", "source_test"}:
            return True
        if source is None:
            return False
        paused = source.status is SourceStatus.PAUSED
        if action == "source_retry":
            return not paused and source.progress is None and source.fails
        return not paused if action == "source_sync" else True

    def footer_words(self, command: Command) -> str:
        """`p` pauses or resumes."""
        source = self.current
        if command.id == "knowledge.pause" and source is not None and source.status is SourceStatus.PAUSED:
            return "resume"
        return super().footer_words(command)

    def action_source_sync(self) -> None:
        """Read it again."""
        self._act(self.console_app.services.sources.sync, "is read again")

    def action_source_retry(self) -> None:
        """Read again what has failed."""
        self._act(self.console_app.services.sources.retry, "is tried again")

    def action_source_pause(self) -> None:
        """Pause it, or go on."""
        sources = self.console_app.services.sources
        if self.current is not None and self.current.status is SourceStatus.PAUSED:
            self._act(sources.resume, "is read again")
        else:
            self._act(sources.pause, "is paused; p resumes it")

    def action_source_remove(self) -> None:
        """Remove it, once that is sure."""
        from console.tui.modals.confirm import Confirm

        if (source := self.current) is None:
            return
        goes = f"{source.documents:,} documents and {source.chunks:,} passages leave the search at once; agents that"
        question = Confirm(f"Remove {source.name}?", f"{goes} list it lose it. This can't be undone.", "remove it")
        self.app.push_screen(question, lambda sure: self._removing(source, sure=bool(sure)))

    def action_source_add(self) -> None:
        """Ask for a place."""
        app = self.console_app
        self.app.push_screen(AddSource(app.services, app.actor, self._typed), self._added)

    def action_source_test(self) -> None:
        """Search as an agent does."""
        from console.tui.modals.search_test import SearchTest

        app = self.console_app
        self.app.push_screen(SearchTest(app.services, app.actor))

    def _act(self, act: Callable[[Actor, SourceId], Awaitable[object]], said: str) -> None:
        if (source := self.current) is not None:
            start(self, "act", self._do, source, act, said)

    async def _do(self, source: Source, act: Callable[[Actor, SourceId], Awaitable[object]], said: str) -> None:
        app = self.console_app
        try:
            await act(app.actor, source.id)
            app.say(f"{source.name} {said}")
        finally:
            self._after()

    def _removing(self, source: Source, *, sure: bool) -> None:
        if sure:
            start(self, "act", self._do, source, self.console_app.services.sources.remove, "is removed")

    def _added(self, outcome: Typed | Source | None) -> None:
        """What was typed and not used is there the next time."""
        if isinstance(outcome, Typed):
            self._typed = outcome
        elif outcome is not None:
            self._typed = Typed()
            self.console_app.say(f"{outcome.name} is added and will be read")
            self._after()

    def _after(self) -> None:
        self.console_app.changed_here()
        self.reread()
