"""A source beside the list: what is known of it and its documents, or one of those to read."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from console.tui.present.documents import Row, row_key, row_lines
from console.tui.widgets.passages import Passages
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.virtual_list import VirtualList


class About(OneLine):
    """As many lines as it takes."""

    def show(self, content: Content) -> None:
        """Show other lines, and make room for them."""
        if not content.is_same(self.shown):
            super().show(content)
            self.refresh(layout=True)


class DocumentList(VirtualList[Row]):
    """Its cursor shows while it is walked: beside the list of sources it would be a second one."""

    rests: ClassVar[bool] = False


class SourcePane(Vertical):
    """Has the source at the top and its documents below; with the class `-reading`, the text of a document."""

    class Walked(Message):
        """The cursor is on another document."""

    def compose(self) -> ComposeResult:
        """All of it."""
        yield About(id="about")
        yield DocumentList(row_key, row_lines, id="documents")
        yield Passages(id="passages")

    @property
    def about(self) -> About:
        """What is known of the source."""
        return self.query_one(About)

    @property
    def documents(self) -> DocumentList:
        """Its documents."""
        return self.query_one(DocumentList)

    @property
    def passages(self) -> Passages:
        """The text of a document."""
        return self.query_one(Passages)

    @property
    def inside(self) -> bool:
        """Whether the focus is here."""
        return self.documents.has_focus or self.passages.has_focus

    @property
    def at_hand(self) -> Row | None:
        """The document under the cursor."""
        return self.documents.current

    def enter(self) -> None:
        """Put the focus on what is shown."""
        (self.passages if self.has_class("-reading") else self.documents).focus()

    def read(self, *, on: bool) -> None:
        """Show the text of a document, or the documents again; who was here stays here."""
        inside = self.inside
        self.set_class(on, "-reading")
        if inside:
            self.enter()

    @on(VirtualList.Moved)
    def _walked(self, event: VirtualList.Moved) -> None:
        event.stop()  # it is not the source that is another one now
        self.post_message(self.Walked())
