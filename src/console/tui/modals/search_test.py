"""What an agent finds for a question: passages with their ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from console.domain.actor import Actor
from console.domain.agent import Agent
from console.domain.search import SearchResult
from console.services import Services
from console.tui.modals.base import SCROLLING, Modal
from console.tui.present.knowledge import found_lines
from console.tui.present.notices import loading
from console.tui.present.tone import joined, toned
from console.tui.widgets.detail import Detail
from console.tui.widgets.words import Words
from console.tui.working import start


class SearchTest(Modal[None]):
    """A question, an agent, and what the agent would be given to answer from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *SCROLLING,
        Binding("tab", "agent(1)", "Next agent", show=False, priority=True),
        Binding("shift+tab", "agent(-1)", "Agent before", show=False, priority=True),
        Binding("escape,ctrl+c", "close", "Close"),
    ]

    @dataclass
    class AgentsRead(Message):
        """The agents are there."""

        agents: Sequence[Agent]

    @dataclass
    class Found(Message):
        """The search has ended."""

        result: SearchResult

    def __init__(self, services: Services, actor: Actor) -> None:
        super().__init__()
        self._services = services
        self._actor = actor
        self._agents: Sequence[Agent] = ()
        self._at = 0
        self._result: SearchResult | None = None

    def compose(self) -> ComposeResult:
        """Agent, question, passages, keys."""
        with Vertical(classes="card tall"):
            yield Static(toned("Test a search", "strong"), id="whom", markup=False)
            yield Words("what a visitor might ask", id="question")
            yield Detail(id="table")
            yield Static(toned("enter searches   ↑ ↓ scroll   tab next agent   esc closes", "quiet"), markup=False)

    def on_mount(self) -> None:
        """Which agents there are."""
        self.query_one("#table", Detail).can_focus = False
        start(self, "agents", self._read_agents)

    async def _read_agents(self) -> None:
        self.post_message(self.AgentsRead(await self._services.agents.list(self._actor)))

    @on(AgentsRead)
    def _agents_read(self, event: AgentsRead) -> None:
        self._agents = [agent for agent in event.agents if agent.published_number]
        self._show_whom()
        if not self._agents:
            self._show(toned("No agent is published yet: there is nobody to search for.", "quiet"))

    def _show_whom(self) -> None:
        names = [_named(agent, chosen=at == self._at) for at, agent in enumerate(self._agents)]
        self.query_one("#whom", Static).update(joined(toned("Test a search as", "strong"), joined(*names, gap=" ")))

    def action_agent(self, by: int) -> None:
        """Ask another agent the same."""
        if self._agents:
            self._at = (self._at + by) % len(self._agents)
            self._show_whom()
            if self._result is not None:
                self._search()

    @on(Input.Submitted)
    def _search(self) -> None:
        question = self.query_one("#question", Input).value
        if self._agents and question.strip():
            self._show(loading("the index"))
            start(self, "search", self._find, self._agents[self._at].slug, question)

    async def _find(self, agent: str, question: str) -> None:
        self.post_message(self.Found(await self._services.search.search(self._actor, agent, question)))

    @on(Found)
    def _found(self, event: Found) -> None:
        self._result = event.result
        self._draw()

    def on_resize(self) -> None:
        """Draw it as wide as it is."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = self.query_one("#table", Detail).size.width - 1
        if self._result is not None and width > 0:
            self._show(found_lines(self._result, width))

    def _show(self, text: Content) -> None:
        self.query_one("#table", Detail).show(text, top=True)

    def say(self, text: str, tone: str = "now") -> None:
        """Why nothing was found, in the place of the passages."""
        self._show(toned(text, tone))


def _named(agent: Agent, *, chosen: bool) -> Content:
    return toned(f"[{agent.name}]", "mine") if chosen else toned(f" {agent.name} ", "quiet")
