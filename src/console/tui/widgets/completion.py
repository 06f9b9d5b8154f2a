"""What could be inserted for what is being typed, above the composer."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.tui.completing import Token
from console.tui.present.picking import Option, preview
from console.tui.present.tone import toned
from console.tui.widgets.composer import Composer
from console.tui.widgets.pick_list import PickList

MOST = 5
_KEYS = "enter inserts   ↑ ↓   esc leaves it as typed"
_NONE = {"canned": "no canned replies yet: console canned add makes one", "member": "nobody else is here to name"}


class Completion(Vertical):
    """A few options and, for the chosen one, what it stands for; the composer sends the keys."""

    DEFAULT_CSS = """
    Completion { height: auto; padding: 0 1; display: none; }
    Completion Static { height: auto; }
    """

    def compose(self) -> ComposeResult:
        """Options, preview, keys."""
        yield PickList[str](most=MOST, id="offers")
        yield Static(markup=False, id="preview")
        yield Static(markup=False, id="hint")

    @property
    def offers(self) -> PickList[str]:
        """The list."""
        return self.query_one("#offers", PickList)

    @property
    def current(self) -> Option[str] | None:
        """The one chosen."""
        return self.offers.current

    def offer(self, options: Sequence[Option[str]], token: Token | None) -> None:
        """Show these, or why there are none while nothing is typed that could mean one, or nothing."""
        why = _NONE[token.kind] if token is not None and not token.typed else ""
        self.display = token is not None and bool(options or why)
        self.query_one("#hint", Static).update(toned(_KEYS if options else why, "quiet"))
        self.offers.show(options, at=0)
        self._preview()

    def move(self, step: int) -> None:
        """Choose another one."""
        self.offers.move(step)
        self._preview()

    def on_resize(self) -> None:
        """The preview is as wide as this."""
        self._preview()

    @on(PickList.Clicked)
    def _clicked(self) -> None:
        self._preview()
        self.post_message(Composer.Picking("enter"))

    def _preview(self) -> None:
        option = self.current
        text = preview(option.full, self.size.width - 2) if option is not None else Content("")
        line = self.query_one("#preview", Static)
        line.display = bool(text)
        line.update(text)
