"""Questions tried on an agent, its draft or what is live; no visitor and no gap sees anything of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.domain.actor import Actor
from console.domain.agent import Agent
from console.errors import ConsoleError
from console.resources import resource
from console.services import Services
from console.text import one_line
from console.tui.modals.base import Modal
from console.tui.present.notices import error_text
from console.tui.present.playground import asked_lines
from console.tui.present.tone import joined, toned
from console.tui.widgets.detail import Detail
from console.tui.widgets.words import Words
from console.tui.working import start

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

_MOST = 50


class Playground(Modal[None]):
    """The newest answer is on top; tab changes who answers."""

    CSS_PATH: ClassVar[CSSPathType | None] = [resource("styles") / "agents.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "close", "Close"),
        Binding("tab", "other", "The other", priority=True),
        Binding("down", "scroll(1)", "Down", show=False),
        Binding("up", "scroll(-1)", "Up", show=False),
        Binding("pagedown", "scroll(10)", "Page down", show=False),
        Binding("pageup", "scroll(-10)", "Page up", show=False),
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
            self._say("asking …", "quiet")
            start(self, "ask", self._ask, event.value)

    async def _ask(self, question: str) -> None:
        try:
            asked = await self._services.asking.ask(self._actor, self._agent.slug, question, draft=self.draft)
        except ConsoleError as error:
            self._say(error_text(error), "now")
        except Exception as error:
            self._say("", "quiet")
            cast("ConsoleApp", self.app).report(error)
        else:
            self._said = [asked_lines(one_line(question), asked), *self._said[: _MOST - 1]]
            self._say("", "quiet")
            self.query_one(Detail).show(Content("\n\n").join(self._said), top=True)
            self.query_one(Input).clear()
        finally:
            self._busy = False

    def action_scroll(self, lines: int) -> None:
        """Scroll the answers."""
        self.query_one(Detail).scroll_relative(y=lines, animate=False, force=True)

    def action_close(self) -> None:
        """Back to the agents."""
        self.dismiss(None)

    def _show(self) -> None:
        live = f"live v{self._agent.published_number}" if self._agent.published_number else "not published"
        parts = ((("draft"), self.draft), (live, not self.draft))
        words = (toned(f"[{word}]" if here else f" {word} ", "mine" if here else "quiet") for word, here in parts)
        title = toned(f"Ask {self._agent.name}", "strong")
        self.query_one("#who", Static).update(joined(title, joined(*words, gap=" ")))

    def _say(self, text: str, tone: str) -> None:
        self.query_one("#state", Static).update(toned(text, tone))
