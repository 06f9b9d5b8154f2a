"""Questions tried on an agent, its draft or what is live; no visitor and no gap sees anything of it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.domain.actor import Actor
from console.domain.agent import Agent
from console.resources import resource
from console.services import Services
from console.text import one_line
from console.tui.modals.base import SCROLLING, Modal
from console.tui.present.playground import asked_lines
from console.tui.present.tone import joined, toned
from console.tui.widgets.detail import Detail
from console.tui.widgets.words import Words
from console.tui.working import start

_MOST = 50


class Playground(Modal[None]):
    """The newest answer is on top; tab changes who answers."""

    CSS_PATH: ClassVar[CSSPathType | None] = [resource("styles") / "agents.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "close", "Close"),
        Binding("tab", "other", "The other", priority=True),
        *SCROLLING,
    ]

    def __init__(self, services: Services, actor: Actor, agent: Agent) -> None:
        super().__init__()
        self._services = services
        self._actor = actor
        self._agent = agent
        self.draft = agent.published_number is None or agent.changed_since_publish
        self._said: list[Content] = []
        self._busy = False

    def compose(self) -> ComposeResult:
        """Who answers, the question, the answers, keys."""
        with Vertical(classes="card both"):
            yield Static(id="who", markup=False)
            yield Words("what a visitor might ask", id="question")
            yield Static(id="state", markup=False)
            yield Detail(id="table")
            yield Static(toned("enter asks   tab draft or live   ↑ ↓ scroll   esc close", "quiet"), markup=False)

    def on_mount(self) -> None:
        """Begin with a question."""
        self.query_one(Detail).can_focus = False
        self.query_one(Input).focus()
        self._show()

    def action_other(self) -> None:
        """Let the other one answer."""
        if self._agent.published_number is not None:
            self.draft = not self.draft
        self._show()

    @on(Input.Submitted)
    def _asked(self, event: Input.Submitted) -> None:
        if event.value.strip() and not self._busy:
            self._busy = True
            self.say("asking …", "quiet")
            start(self, "ask", self._ask, event.value)

    async def _ask(self, question: str) -> None:
        try:
            asked = await self._services.asking.ask(self._actor, self._agent.slug, question, draft=self.draft)
        finally:
            self._busy = False
        self._said = [asked_lines(one_line(question), asked), *self._said[: _MOST - 1]]
        self.say("")
        self.query_one(Detail).show(Content("\n\n").join(self._said), top=True)
        self.query_one(Input).clear()

    def _show(self) -> None:
        live = f"live v{self._agent.published_number}" if self._agent.published_number else "not published"
        parts = ((("draft"), self.draft), (live, not self.draft))
        words = (toned(f"[{word}]" if here else f" {word} ", "mine" if here else "quiet") for word, here in parts)
        title = toned(f"Ask {self._agent.name}", "strong")
        self.query_one("#who", Static).update(joined(title, joined(*words, gap=" ")))
