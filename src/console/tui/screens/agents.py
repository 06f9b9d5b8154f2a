"""The agents: what visitors meet, what the draft changes, and the way from one to the other."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar, cast

from textual.binding import BindingType
from textual.content import Content

from console.domain.agent import Agent
from console.domain.agent_diff import AgentOverview
from console.text import one_line
from console.tui.commands import BY_ACTION, Scope, bindings
from console.tui.editing import edit_draft
from console.tui.modals.form import Field, Form
from console.tui.present.agents import AgentDetail, agent_lines, agent_row
from console.tui.present.tone import toned
from console.tui.publishing import publish_draft
from console.tui.screens.listing import ListScreen
from console.tui.working import start

_SHOWN_VERSIONS = 20


class AgentsScreen(ListScreen[AgentOverview]):
    """Everybody sees them; admins change them."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.AGENTS)
    kinds = frozenset({"agent", "source"})
    what = "the agents"

    async def read_rows(self, tab: str) -> Sequence[AgentOverview]:  # noqa: ARG002 - there is one
        """All of them."""
        return await self.console_app.services.agents.overview(self.console_app.actor)

    def row_key(self, row: AgentOverview) -> Hashable:
        """Its id."""
        return row.agent.id

    def row_lines(self, row: AgentOverview, width: int) -> Sequence[Content]:
        """Two lines."""
        return agent_row(row, width, self.console_app.now())

    def row_text(self, row: AgentOverview) -> str:
        """Name and slug."""
        return f"{row.agent.name} {row.agent.slug}"

    def empty(self, tab: str) -> Content:  # noqa: ARG002 - there is one
        """No agent yet."""
        return toned("No agent yet.\n", "strong") + toned("+ makes one", "quiet")

    def summary(self) -> Content:
        """How many drafts differ from what is live."""
        drafts = sum(1 for row in self.all_rows if row.changes)
        return toned(f"{drafts} to publish", "mine") if drafts else Content("")

    async def read_detail(self, row: AgentOverview) -> AgentDetail:
        """What a publish would change, the versions, the origins."""
        app, id = self.console_app, row.agent.id
        return AgentDetail(
            await app.services.versions.diff(app.actor, id),
            await app.services.versions.list(app.actor, id, limit=_SHOWN_VERSIONS),
            await app.services.origins.list(app.actor, id),
        )

    def detail_lines(self, row: AgentOverview, detail: Any, width: int) -> Content:  # noqa: ARG002 - it wraps
        """The agent in full."""
        return agent_lines(row, cast("AgentDetail | None", detail), self.console_app.now())

    def allowed(self, action: str) -> bool | None:
        """What needs an agent is grey without one."""
        command = BY_ACTION.get(action)
        if command is None or command.scope is not Scope.AGENTS or action == "agent_create":
            return super().allowed(action)
        return super().allowed(action) if self.is_mounted and self.current is not None else None

    def action_agent_edit(self) -> None:
        """The draft in the person's editor."""
        if (row := self.current) is not None:
            start(self, "act", self._edit, row.agent)

    async def _edit(self, agent: Agent) -> None:
        app = self.console_app
        saved = await edit_draft(app, agent.id)
        if saved is not None:
            app.say(f"the draft of {agent.name} is saved; visitors meet it after a publish")
        self._changed()

    def action_agent_publish(self) -> None:
        """Show what changes, ask for a note, publish."""
        if (row := self.current) is not None:
            start(self, "act", self._publish, row.agent)

    async def _publish(self, agent: Agent) -> None:
        await publish_draft(self.console_app, agent.id)
        self._changed()

    def action_agent_versions(self) -> None:
        """The versions, and the way back."""
        if (row := self.current) is not None:
            start(self, "act", self._versions, row.agent)

    async def _versions(self, agent: Agent) -> None:
        from console.tui.modals.versions import VersionsModal

        version = await self.console_app.push_screen_wait(VersionsModal(agent))
        if version is not None:
            self.console_app.say(f"visitors meet v{version.number} of {agent.name} now")
        self._changed()

    def action_agent_playground(self) -> None:
        """Try questions on it."""
        from console.tui.modals.playground import Playground

        if (row := self.current) is not None:
            app = self.console_app
            app.push_screen(Playground(app.services, app.actor, row.agent))

    def action_agent_origins(self) -> None:
        """Which web pages may talk with it."""
        from console.tui.modals.origins import OriginsModal

        if (row := self.current) is not None:
            self.console_app.push_screen(OriginsModal(row.agent), lambda _: self._changed())

    def action_agent_create(self) -> None:
        """Make another one."""
        start(self, "act", self._create)

    async def _create(self) -> None:
        app = self.console_app

        async def act(given: Mapping[str, str]) -> Agent:
            return await app.services.agents.create(app.actor, given["slug"].strip(), given["name"].strip())

        fields = [Field("name", "Name, as visitors see it", "Help"), Field("slug", "Slug, for commands", "help")]
        if (made := await app.push_screen_wait(Form("A new agent", fields, act, verb="makes it"))) is not None:
            app.say(f"made {one_line(made.name, 60)}: i edits its draft, P publishes it")
            self._changed()

    def _changed(self) -> None:
        self.reread()
        self.reread_detail()
