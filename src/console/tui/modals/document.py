"""A draft as a document in the console: where there is no editor, or what came out of it can't be saved yet."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static, TextArea

from console.errors import ConflictError, ConsoleError
from console.resources import resource
from console.text import one_line
from console.tui.kept_text import KeptText
from console.tui.modals.base import Modal
from console.tui.present.tone import toned
from console.tui.widgets.document import Document
from console.tui.working import also, start

T = TypeVar("T")
DELAY = 0.5
_LINE = re.compile(r"line (\d+):")


class DocumentModal(Modal[T | None], Generic[T]):
    """Gives back what `save(text, over)` gives; `over` puts it in the place of what somebody else has saved meanwhile.

    What is typed is kept as a file all the time; esc leaves it there. `fresh` is the document to begin anew with.
    """

    folds = True
    CSS_PATH: ClassVar[CSSPathType | None] = [resource("styles") / "agents.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", priority=True),
        Binding("ctrl+e", "outside", "In your editor", priority=True),
        Binding("ctrl+n", "anew", "Begin anew", priority=True),
        Binding("escape", "close", "Close", priority=True),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        save: Callable[[str, bool], Awaitable[T]],
        kept: KeptText,
        *,
        fresh: str,
        trouble: ConsoleError | None = None,
        notice: str = "",
        outside: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._save = save
        self._kept = kept
        self._fresh = fresh
        self._trouble = trouble
        self._notice = notice
        self._outside = outside
        self._over = self._busy = False
        self._timer: Timer | None = None
        self._settled = self._latest = text
        self._done = False
        self._keeping = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Title, what is wrong, the document, keys."""
        with Vertical(classes="card document"):
            yield Static(toned(one_line(self._title), "strong"), markup=False)
            yield Static(id="state", markup=False)
            yield Document(self._text, id="document")
            outside = "ctrl+e your editor   " if self._outside else ""
            yield Static(
                toned(f"ctrl+s save   {outside}ctrl+n begin anew   esc close, text kept", "quiet"), markup=False
            )

    @property
    def document(self) -> Document:
        """What is edited."""
        return self.query_one(Document)

    def on_mount(self) -> None:
        """Begin where it is wrong."""
        self.document.focus()
        if self._trouble is not None:
            self.refused(self._trouble)
        else:
            self.say(self._notice, "quiet")

    @on(TextArea.Changed)
    def _typed(self) -> None:
        self._latest = self.document.text
        if self._timer is None:
            self._timer = self.set_timer(DELAY, lambda: also(self, "keep", self._keep))

    async def _keep(self) -> None:
        self._timer = None
        async with self._keeping:
            text = self.document.text
            if text != self._settled and not self._done:
                await asyncio.to_thread(self._kept.keep, text)
                self._settled = text

    async def _forget(self) -> None:
        """Nothing is kept from here on, nor by a thread that is about to write what was typed last."""
        async with self._keeping:
            await asyncio.to_thread(self._kept.forget)
            self._done = True

    def on_unmount(self) -> None:
        """However the console ends, what was typed is kept."""
        if not self._done and self._latest != self._settled:
            self._kept.keep_last(self._latest)

    def action_save(self) -> None:
        """Save it."""
        if not self._busy:
            self._busy = True
            start(self, "save", self._try)

    async def _try(self) -> None:
        text = self.document.text
        self.say("saving …", "quiet")
        try:
            async with self._keeping:
                await asyncio.to_thread(self._kept.keep, text)
                self._settled = text
            saved = await self._save(text, self._over)
            await self._forget()
        finally:
            self._busy = False
        self.dismiss(saved)

    def refused(self, error: ConsoleError) -> None:
        """Say why; the cursor goes to where the document is wrong."""
        words = error.message
        if isinstance(error, ConflictError):
            self._over = True
            words += ". Yours is kept: ctrl+s puts it in the place of theirs, esc leaves it aside"
        elif error.hint:
            words += f": {error.hint}"
        self.say(words)
        if line := _LINE.match(error.message):
            self.document.go_to_line(int(line[1]))

    def action_outside(self) -> None:
        """Go on in the person's own editor."""
        if self._outside is not None and not self._busy:
            start(self, "outside", self._go_outside, self._outside)

    async def _go_outside(self, outside: Callable[[str], Awaitable[str]]) -> None:
        self.document.text = await outside(self.document.text)
        self.say("")

    def action_anew(self) -> None:
        """Begin with the draft as the server has it; ctrl+z takes that back."""
        area = self.document
        area.replace(self._fresh, area.document.start, area.document.end, maintain_selection_offset=False)
        area.go_to_line(1)
        self._over = False
        self.say("begun anew from the draft as it was read; ctrl+z brings yours back", "quiet")

    def action_close(self) -> None:
        """Not now; what was typed stays where it is kept."""
        start(self, "close", self._close)

    async def _close(self) -> None:
        if self.document.text == self._fresh:
            await self._forget()
        else:
            await self._keep()
            if self._kept.path is not None:
                await asyncio.to_thread(self._kept.keep, self.document.text)
            self.console_app.say("not saved: your text is kept, i goes on with it")
        self._done = True
        self.dismiss(None)
