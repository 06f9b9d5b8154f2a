"""The documents of a source, walked by a cursor, and the text of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual import events, on
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from console.domain.crawl import SourceDetails
from console.domain.knowledge import Document, DocumentText, Source
from console.errors import ConsoleError
from console.ids import DocumentId, SourceId
from console.text import EMPTY
from console.tui.commands import Command
from console.tui.document_window import PAGE, Window
from console.tui.present.documents import no_documents, rows_of
from console.tui.present.knowledge import detail_lines
from console.tui.present.notices import loading, unreadable
from console.tui.screens.listing import MORE, ListScreen
from console.tui.widgets.passages import Passages
from console.tui.widgets.source_pane import SourcePane
from console.tui.widgets.transcript import Transcript
from console.tui.widgets.virtual_list import VirtualList
from console.tui.working import start

FIRST_DOCUMENTS = 200
"""How many documents are listed at first; twice as many each time the cursor comes near the last of them."""

TEXT = "text"


class DocumentsScreen(ListScreen[Source]):
    """Enter goes from the source to its documents, and from a document to its text; esc goes each step back."""

    @dataclass
    class TextRead(Message):
        """Some passages of a document."""

        text: DocumentText
        jump: bool | None

    def __init__(self) -> None:
        super().__init__()
        self.opened_document: Document | None = None
        self._window: Window | None = None
        self._asked = False
        self._most: tuple[SourceId | None, int] = (None, FIRST_DOCUMENTS)
        self._listed: tuple[SourceId | None, SourceDetails | None] | None = None
        self._was_inside = False

    def make_detail(self) -> Widget:
        """The source, its documents, and the text of one."""
        return SourcePane(id="detail")

    @property
    def source_pane(self) -> SourcePane:
        """What stands beside the list."""
        return self.query_one(SourcePane)

    @property
    def in_detail(self) -> bool:
        """Whether the focus is in the documents or in the text."""
        return self.source_pane.inside

    def enter_detail(self) -> None:
        """Into the documents, or the text that is open."""
        self.source_pane.enter()

    async def read_detail(self, row: Source) -> SourceDetails:
        """Its documents and its last run."""
        if self._most[0] != row.id:
            self._most = (row.id, FIRST_DOCUMENTS)
        app = self.console_app
        return await app.services.sources.show(app.actor, row.id, most=self._most[1])

    def detail_lines(self, row: Source, detail: Any, width: int) -> Content:
        """What is known of the source itself."""
        return detail_lines(row, detail, width, self.console_app.now())

    def show_detail(self, *, top: bool = False) -> None:
        """Draw the source again; its documents when they are others."""
        row, pane = self.current, self.source_pane
        if self.opened_document is not None and (row is None or row.id != self.opened_document.source_id):
            self._close_document()
        details = self.detail if self.detail_is_of_the_row else None
        if pane.size.width:
            room = pane.about.size.width or pane.size.width
            pane.about.show(self.detail_lines(row, details, room) if row is not None else Content(""))
        self._list_documents(row, details, top=top)
        if self._window is not None and not self._window.first:
            self._show_text()

    def _list_documents(self, row: Source | None, details: SourceDetails | None, *, top: bool) -> None:
        listed = (row.id if row is not None else None, details)
        if self._listed is not None and self._listed[0] == listed[0] and self._listed[1] is details:
            return
        self._listed, documents = listed, self.source_pane.documents
        documents.message = no_documents(row, details) if row is not None else Content("")
        more = details is not None and len(details.documents) >= self._most[1]
        documents.replace(rows_of(details, whole=not more) if details is not None else (), more=more, top=top)
        self._follow_document()

    def _follow_document(self) -> None:
        """The document that is open was read again, or has failed since."""
        before = self.opened_document
        now = self.source_pane.documents.get(before.id) if before is not None else None
        if isinstance(now, Document) and now != before:
            self.opened_document = now
            self._reread_text()
            self._tell_where()

    @on(VirtualList.NearEnd)
    def _more_documents(self) -> None:
        """Ask for more of them, once those asked for before are here."""
        source, most = self._most
        if isinstance(self.detail, SourceDetails) and len(self.detail.documents) >= most:
            self._most = (source, 2 * most)
            self.reread_detail()

    @on(SourcePane.Walked)
    def _walked(self) -> None:
        self.refresh_bindings()

    def action_list_open(self) -> None:
        """From the source to its documents, from a document to its text."""
        if not self.in_detail:
            super().action_list_open()
        elif self.opened_document is None and isinstance(document := self.source_pane.at_hand, Document):
            self._open_document(document)

    def action_list_back(self) -> None:
        """From the text to the documents, from the documents to the sources."""
        document, row = self.opened_document, self.current
        if document is not None:
            self._close_document()
        if document is None or row is None or row.id != document.source_id:
            super().action_list_back()

    def action_list_copy(self) -> None:
        """Copy a document's address; of a source, its id."""
        row = self.opened_document or self.source_pane.at_hand
        if not self.in_detail or row is None:
            super().action_list_copy()
        else:
            self.app.copy_to_clipboard(row.uri)
            self.console_app.say(f"copied {row.uri}")

    def action_list_refresh(self) -> None:
        """Read everything again."""
        super().action_list_refresh()
        self._reread_text()

    def _open_document(self, document: Document) -> None:
        self.opened_document, self._window = document, None
        passages = self.source_pane.passages
        passages.message = loading("the document")
        passages.turn([], earlier=False, later=False, jump=False)
        self.source_pane.read(on=True)
        self._ask(0)
        self._tell_where()

    def _close_document(self) -> None:
        self.opened_document, self._window = None, None
        self.source_pane.read(on=False)
        self._tell_where()

    def _tell_where(self) -> None:
        """Where there is no list beside it, the top line says what is open."""
        document = self.opened_document
        self.trail = EMPTY if document is None or self.wide else document.title or document.uri
        self.show_top()
        self.refresh_bindings()

    def _reread_text(self) -> None:
        """Read again what is here of the document that is open."""
        if self.opened_document is not None:
            window = self._window
            self._ask(window.first if window else 0, max(PAGE, len(window.parts) if window else 0))

    def _ask(self, first: int, limit: int = PAGE, jump: bool | None = None) -> None:
        if self.opened_document is not None and limit > 0:
            self._asked = True
            start(self, TEXT, self._read_text, self.opened_document.id, max(0, first), limit, jump)

    async def _read_text(self, id: DocumentId, first: int, limit: int, jump: bool | None) -> None:
        app = self.console_app
        self.post_message(
            self.TextRead(await app.services.sources.document(app.actor, id, first=first, limit=limit), jump)
        )
        app.online()

    @on(TextRead)
    def _text_read(self, event: TextRead) -> None:
        if self.opened_document is None or event.text.document.id != self.opened_document.id:
            return
        self._asked = False
        if self._window is None or event.jump is not None:
            self._window = Window(event.text)
        else:
            self._window.merge(event.text)
        self._show_text(event.jump)

    def _show_text(self, jump: bool | None = None) -> None:
        if (window := self._window) is not None:
            blocks = window.blocks(self.console_app.now())
            self.source_pane.passages.turn(blocks, earlier=window.first > 0, later=window.later, jump=jump)

    @on(Transcript.NearTop)
    def _earlier_passages(self) -> None:
        if (window := self._window) is not None and not self._asked:
            first = max(0, window.first - PAGE)
            self._ask(first, window.first - first)

    @on(Passages.Wanted)
    def _other_passages(self, event: Passages.Wanted) -> None:
        if (window := self._window) is None or (self._asked and not event.jump):
            return
        if event.jump:
            self._ask(window.document.chunks - PAGE if event.last else 0, jump=event.last)
        else:
            self._ask(window.end)

    def allowed(self, action: str) -> bool | None:
        """In the documents and in the text, other keys do something."""
        if self.is_mounted and self.opened_document is not None and action in {"list_open", "list_filter"}:
            return False
        if self.is_mounted and action == "list_back" and self.opened_document is not None:
            return True
        if self.is_mounted and action == "list_open" and self.in_detail:
            return isinstance(self.source_pane.at_hand, Document)
        return super().allowed(action)

    def footer_words(self, command: Command) -> str:
        """What enter opens, and what is copied."""
        inside = self.is_mounted and self.in_detail
        if command.id == "list.open":
            return "read it" if inside else "documents"
        return "copy address" if command.id == "list.copy" and inside else command.short

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Remember where the operator was: what is hidden loses the focus before anybody can ask."""
        if self.wide:
            self._was_inside = self.in_detail

    def on_resize(self) -> None:
        """Where there is no room for both any more, what was read stays."""
        if not self.wide and self._was_inside:
            self._was_inside = False
            self.add_class("-opened")
            self.enter_detail()
        self._tell_where()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What can't be read says so in its place; what was read before stays."""
        if event.state is not WorkerState.ERROR:
            return
        error, group = event.worker.error, event.worker.group
        self._asked = self._asked and group != TEXT
        if isinstance(error, ConsoleError) and group == TEXT:
            self.source_pane.passages.message = unreadable(error)
        elif isinstance(error, ConsoleError) and group == MORE:
            self.source_pane.documents.message = unreadable(error)
