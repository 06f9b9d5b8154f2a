"""A new source: what kind it is, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from console.domain.actor import Actor
from console.domain.knowledge import Source
from console.services import Services
from console.tui.modals.base import Modal
from console.tui.present.tone import joined, toned
from console.tui.widgets.words import Words
from console.tui.working import start

_SUFFIXES = frozenset({".md", ".mdx", ".html", ".htm", ".txt", ".rst", ".pdf", ".docx"})
KINDS = ("url", "file", "folder")
_TITLES = {"url": "web page", "file": "file", "folder": "folder"}
_HINTS = {
    "url": "https://…  (a page, text, Markdown, PDF or Word)",
    "file": "a path on the server's machine: text, Markdown, HTML, PDF or Word",
    "folder": "a path on the server's machine; all its readable files",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What is typed so far."""

    kind: str = "url"
    place: str = ""
    name: str = ""


class AddSource(Modal[Typed | Source | None]):
    """Gives back the source that was added, else what was typed; an error is shown here, and nothing typed is lost."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "kind(1)", "Kind", show=False),
        Binding("up", "kind(-1)", "Kind", show=False),
        Binding("escape,ctrl+c", "close", "Close"),
    ]

    folds = True

    def __init__(self, services: Services, actor: Actor, typed: Typed) -> None:
        super().__init__()
        self._services = services
        self._actor = actor
        self._before = typed
        self._kind = typed.kind
        self._chosen = False
        self._busy = False

    def compose(self) -> ComposeResult:
        """Kind, place, name, what is wrong, keys."""
        with Vertical(classes="card"):
            yield Static(toned("Add a source", "strong"), markup=False)
            yield Static(id="kinds", markup=False, classes="text")
            yield Words("", id="place")
            yield Words("name (its last part)", id="name")
            yield Static(id="state", markup=False, classes="text")
            yield Static(toned("enter adds   ↑ ↓ kind   tab next line   esc cancel", "quiet"), markup=False)

    def on_mount(self) -> None:
        """As it was left."""
        self.query_one("#place", Input).value = self._before.place
        self.query_one("#name", Input).value = self._before.name
        self._show_kind()
        self.say("")

    @property
    def typed(self) -> Typed:
        """What is typed."""
        return Typed(self._kind, self.query_one("#place", Input).value, self.query_one("#name", Input).value)

    def action_kind(self, by: int) -> None:
        """Another kind."""
        self._chosen = True
        self._kind = KINDS[(KINDS.index(self._kind) + by) % len(KINDS)]
        self._show_kind()

    @on(Input.Changed, "#place")
    def _place_typed(self, event: Input.Changed) -> None:
        """A path is no web page: unless a kind was chosen, it follows what is typed."""
        if not self._busy:
            self.say("")
        if not self._chosen and event.value:
            self._kind = guessed(event.value, self._kind)
            self._show_kind()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self._busy:
            return
        if not self.typed.place.strip():
            self.say("say where it is", "soon")
            return
        self._busy = True
        self.say("looking …", "quiet")
        start(self, "add", self._add, self.typed)

    async def _add(self, typed: Typed) -> None:
        name = typed.name.strip() or None
        try:
            source = await self._services.sources.add(self._actor, typed.kind, typed.place.strip(), name=name)
        finally:
            self._busy = False
        self.dismiss(source)

    def action_close(self) -> None:
        """What is typed is kept for the next time."""
        self.dismiss(self.typed)

    def _show_kind(self) -> None:
        marked = [toned(f"[{_TITLES[k]}]" if k == self._kind else f" {_TITLES[k]} ",
                        "mine" if k == self._kind else "quiet") for k in KINDS]  # fmt: skip
        self.query_one("#kinds", Static).update(joined(*marked, gap=" "))
        self.query_one("#place", Input).placeholder = _HINTS[self._kind]


def guessed(place: str, kind: str) -> str:
    """The kind that a place looks like: an address, or a path, by its suffix that of a file."""
    if not place.startswith(("/", "~", ".")):
        return "url"
    if PurePath(place).suffix.lower() in _SUFFIXES:
        return "file"
    return "folder" if kind == "url" else kind
