"""The web pages that may talk with an agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from textual import on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from console.domain.actor import Role
from console.domain.agent import Agent
from console.errors import ConsoleError
from console.resources import resource
from console.text import SafeText
from console.tui.modals.base import Modal
from console.tui.modals.confirm import Confirm
from console.tui.modals.form import Field, Form
from console.tui.present.notices import loading
from console.tui.present.tone import toned
from console.tui.widgets.virtual_list import VirtualList
from console.tui.working import start

_NOBODY = "that needs the role admin: ask an admin of this workspace"


class OriginsModal(Modal[None]):
    """They hold at once, without a publish."""

    CSS_PATH: ClassVar[CSSPathType | None] = [resource("styles") / "agents.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c,o", "close", "Close"),
        Binding("plus,a", "add", "Add"),
        Binding("x,delete", "remove", "Remove"),
    ]

    @dataclass
    class OriginsRead(Message):
        """They are there."""

        origins: tuple[SafeText, ...]

    def __init__(self, agent: Agent) -> None:
        super().__init__()
        self._agent = agent

    def compose(self) -> ComposeResult:
        """Origins, keys."""
        with Vertical(classes="card both"):
            yield Static(toned(f"Web pages that may talk with {self._agent.name}", "strong"), markup=False)
            yield VirtualList[SafeText](lambda each: each, _line, row_height=1, id="list")
            yield Static(id="state", markup=False)
            keys = "+ add   x remove   esc close" if self.console_app.actor.role >= Role.ADMIN else "esc close"
            yield Static(toned(keys, "quiet"), markup=False)

    @property
    def list(self) -> VirtualList[SafeText]:
        """The origins."""
        return cast("VirtualList[SafeText]", self.query_one("#list", VirtualList))

    def on_mount(self) -> None:
        """Read them."""
        self.list.message = loading("the list")
        self.list.focus()
        self._reread()

    def _reread(self) -> None:
        start(self, "origins", self._read)

    async def _read(self) -> None:
        app = self.console_app
        self.post_message(self.OriginsRead(await app.services.origins.list(app.actor, self._agent.id)))

    @on(OriginsRead)
    def _origins_read(self, event: OriginsRead) -> None:
        self.list.message = toned("No web page may talk with it yet.\n", "strong") + toned("+ adds one", "quiet")
        self.list.replace(event.origins, more=False)

    def action_add(self) -> None:
        """Let the pages of an origin talk with it."""
        if self._may():
            start(self, "act", self._add)

    async def _add(self) -> None:
        app, agent = self.console_app, self._agent

        async def act(given: Mapping[str, str]) -> SafeText:
            return await app.services.origins.add(app.actor, agent.id, given["origin"])

        field = Field("origin", "Scheme, host and port of the pages", "https://shop.example")
        if await app.push_screen_wait(Form(f"Let a site talk with {agent.name}", [field], act, verb="adds it")):
            self._reread()

    def action_remove(self) -> None:
        """Let them no longer."""
        if self._may() and self.list.current is not None:
            start(self, "act", self._remove, self.list.current)

    async def _remove(self, origin: SafeText) -> None:
        app = self.console_app
        why = f"Pages of {origin} talk with {self._agent.name} no longer; what is open ends within seconds."
        if await app.push_screen_wait(Confirm("Remove this site?", why, "remove")):
            await app.services.origins.remove(app.actor, self._agent.id, origin)
            self._reread()

    def _may(self) -> bool:
        allowed = self.console_app.actor.role >= Role.ADMIN
        self.say("" if allowed else _NOBODY)
        return allowed

    def refused(self, error: ConsoleError) -> None:
        """Nothing is read any more."""
        super().refused(error)
        self.list.message = Content("")


def _line(origin: SafeText, width: int) -> tuple[Content]:
    return (Content("  ") + Content(origin).truncate(width - 2, ellipsis=True),)
