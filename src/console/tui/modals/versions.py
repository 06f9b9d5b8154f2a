"""The versions of an agent, each against what is live; the way back to one of them."""

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
from textual.timer import Timer
from textual.widgets import Static

from console.domain.actor import Role
from console.domain.agent import Agent, AgentVersion
from console.domain.agent_diff import AgentDiff
from console.resources import resource
from console.tui.modals.base import Modal
from console.tui.modals.form import Field, Form
from console.tui.present.agents import version_line
from console.tui.present.diff import between, changes_text, diff_lines
from console.tui.present.notices import loading
from console.tui.present.tone import joined, toned
from console.tui.widgets.detail import Detail
from console.tui.widgets.virtual_list import VirtualList
from console.tui.working import start

REST = 0.12


class VersionsModal(Modal[AgentVersion | None]):
    """Gives back the version that was rolled back to, or None."""

    CSS_PATH: ClassVar[CSSPathType | None] = [resource("styles") / "agents.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c,v", "close", "Close"),
        Binding("minus,enter", "roll_back", "Roll back"),
        Binding("space", "page_down", "Page down", show=False),
        Binding("b", "page_up", "Page up", show=False),
    ]

    @dataclass
    class VersionsRead(Message):
        """They are there."""

        versions: tuple[AgentVersion, ...]

    @dataclass
    class DiffRead(Message):
        """What rolling back to a version would change."""

        number: int
        diff: AgentDiff

    def __init__(self, agent: Agent) -> None:
        super().__init__()
        self._agent = agent
        self._diffs: dict[int, AgentDiff] = {}
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """Versions, what the chosen one would change, keys."""
        with Vertical(classes="card both"):
            yield Static(toned(f"Versions of {self._agent.name}", "strong"), markup=False)
            yield VirtualList[AgentVersion](lambda each: each.number, self._line, row_height=1, id="list")
            yield Detail(id="table")
            yield Static(id="state", markup=False)
            yield Static(_keys(more=False), id="hint", markup=False)

    @property
    def list(self) -> VirtualList[AgentVersion]:
        """The versions."""
        return cast("VirtualList[AgentVersion]", self.query_one("#list", VirtualList))

    def on_mount(self) -> None:
        """Read them."""
        self.query_one(Detail).can_focus = False
        self.list.message = loading("the versions")
        self.list.focus()
        start(self, "versions", self._read)

    async def _read(self) -> None:
        app = self.console_app
        self.post_message(self.VersionsRead(await app.services.versions.list(app.actor, self._agent.id)))

    @on(VersionsRead)
    def _versions_read(self, event: VersionsRead) -> None:
        self.list.message = toned("No version yet: P publishes the draft.", "quiet")
        self.list.replace(event.versions, more=False)
        self._look()

    @on(VirtualList.Moved)
    def _moved(self) -> None:
        self.say("")
        self._look()

    def _look(self) -> None:
        version = self.list.current
        if version is None:
            return
        self.query_one(Detail).show(self._about(version), top=True)
        self._hint()
        if self._rest is not None:
            self._rest.stop()
        if not version.live and version.number not in self._diffs:
            self._rest = self.set_timer(REST, lambda: start(self, "diff", self._compare, version.number))

    def on_resize(self) -> None:
        """What did not fit may do so now."""
        self.call_after_refresh(self._hint)

    def _hint(self) -> None:
        pane = self.query_one(Detail)
        self.query_one("#hint", Static).update(_keys(more=pane.virtual_size.height > pane.size.height))

    def action_page_down(self) -> None:
        """What stands below, none of it passed over."""
        self.query_one(Detail).action_move_page_down()

    def action_page_up(self) -> None:
        """What stands above."""
        self.query_one(Detail).action_move_page_up()

    async def _compare(self, number: int) -> None:
        app = self.console_app
        diff = await app.services.versions.diff(app.actor, self._agent.id, "live", number)
        self.post_message(self.DiffRead(number, diff))

    @on(DiffRead)
    def _diff_read(self, event: DiffRead) -> None:
        self._diffs[event.number] = event.diff
        self._look()

    def _about(self, version: AgentVersion) -> Content:
        note = Content(version.note) if version.note else toned("no note", "quiet")
        if version.live:
            return Content("\n").join([note, Content(""), toned("visitors meet this one", "quiet")])
        diff = self._diffs.get(version.number)
        if diff is None:
            return Content("\n").join([note, Content(""), loading("what differs")])
        head = joined(toned(between(diff), "quiet"), toned(changes_text(diff.count), "mine"))
        return Content("\n").join([note, Content(""), head, diff_lines(diff.changes)])

    def _line(self, version: AgentVersion, width: int) -> tuple[Content]:
        return (Content("  ") + version_line(version, self.console_app.now()).truncate(width - 2, ellipsis=True),)

    def action_roll_back(self) -> None:
        """Ask why, then let visitors meet the chosen version again."""
        version, app = self.list.current, self.console_app
        if version is None:
            return
        if app.actor.role < Role.ADMIN:
            self.say("that needs the role admin: ask an admin of this workspace")
        elif version.live:
            self.say(f"v{version.number} is live already")
        else:
            start(self, "roll back", self._roll_back, version)

    async def _roll_back(self, version: AgentVersion) -> None:
        app, agent = self.console_app, self._agent
        live = next((each.id for each in self.list.rows if each.live), None)

        async def act(given: Mapping[str, str]) -> AgentVersion:
            return await app.services.versions.rollback(
                app.actor, agent.id, to=version.number, note=given["note"], expected=live
            )

        title = f"Roll back {agent.name} to v{version.number}? Visitors meet it at once; the draft stays as it is."
        form = Form(title, [Field("note", "Why, for the audit log")], act, verb=f"roll back to v{version.number}",
                    shown=self._about(version))  # fmt: skip
        if (done := await app.push_screen_wait(form)) is not None:
            self.dismiss(done)


def _keys(*, more: bool) -> Content:
    """The keys of the card; those that scroll where there is `more` than fits."""
    scroll = "   space page down   b page up" if more else ""
    return toned(f"↑ ↓ choose{scroll}   - roll back   esc close", "quiet")
