"""All my workspaces in one list: what each needs, and the way there."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from console.domain.glance import Glance, WorkspaceDetails
from console.domain.workspace import Membership
from console.errors import ConsoleError
from console.ids import WorkspaceId
from console.tui.commands import Command, Scope, bindings
from console.tui.present.notices import error_text
from console.tui.present.tone import toned
from console.tui.present.workspaces import workspace_lines, workspace_row
from console.tui.screens.listing import ListScreen
from console.tui.working import start

AGAIN = 30.0


class WorkspacesScreen(ListScreen[Glance]):
    """Each is read under its own tenant; what is known of one shows as soon as it is there."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.WORKSPACES)
    what = "your workspaces"

    @dataclass
    class Glanced(Message):
        """One of them was read."""

        glance: Glance

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[WorkspaceId, Glance] = {}
        self._read_at = 0.0

    async def read_rows(self, tab: str) -> Sequence[Glance]:  # noqa: ARG002 - there is one
        """The names at once; what each needs comes after."""
        app = self.console_app
        self._read_at = monotonic()
        mine = await app.services.my_workspaces.list(app.actor)
        start(self, "glances", self._glance, mine)
        return [self._kept(each) for each in mine]

    def _kept(self, membership: Membership) -> Glance:
        known = self._known.get(membership.workspace_id)
        return known if known is not None and known.membership == membership else Glance(membership)

    async def _glance(self, memberships: Sequence[Membership]) -> None:
        app = self.console_app
        async for glance in app.services.my_workspaces.glances(app.actor, memberships):
            self.post_message(self.Glanced(glance))

    @on(Glanced)
    def _glanced(self, event: Glanced) -> None:
        glance = event.glance
        self._known[glance.membership.workspace_id] = glance
        if any(row.membership == glance.membership for row in self.all_rows):
            self.all_rows = [self._kept(row.membership) for row in self.all_rows]
            self.show_rows()

    def row_key(self, row: Glance) -> Hashable:
        """Its slug."""
        return row.membership.slug

    def row_lines(self, row: Glance, width: int) -> Sequence[Content]:
        """Two lines."""
        return workspace_row(row, self._is_here(row), width, self.console_app.now())

    def row_text(self, row: Glance) -> str:
        """Name, slug and role."""
        return f"{row.membership.name} {row.membership.slug} {row.membership.role.label}"

    def empty(self, tab: str) -> Content:  # noqa: ARG002 - there is one
        """Nobody is here without one."""
        return toned("You belong to no workspace any more.\n", "strong") + toned("q leaves", "quiet")

    def summary(self) -> Content:
        """All who wait, wherever."""
        waiting = sum(row.waiting or 0 for row in self.all_rows)
        return toned(f"{waiting:,}! waiting in all", "now") if waiting else Content("")

    async def read_detail(self, row: Glance) -> WorkspaceDetails | str:
        """Settings and members; one that can't be read is no error of the console."""
        app = self.console_app
        try:
            return await app.services.my_workspaces.details(app.actor, row.membership)
        except ConsoleError as error:
            return str(error_text(error))

    def detail_lines(self, row: Glance, detail: Any, width: int) -> Content:
        """The workspace in full."""
        trouble = detail if isinstance(detail, str) else ""
        details = detail if isinstance(detail, WorkspaceDetails) else None
        return workspace_lines(row, details, trouble, width, self.console_app.now())

    def tick(self) -> None:
        """The others tell nothing by themselves: they are read again now and then."""
        super().tick()
        if self.is_current and monotonic() - self._read_at >= AGAIN:
            self.reread()

    def footer_words(self, command: Command) -> str:
        """Enter goes there: it does not open."""
        return "switch to it" if command.id == "list.open" else command.short

    def allowed(self, action: str) -> bool | None:
        """What needs a workspace is grey without one; what is open already is not opened."""
        if action == "workspace_details" and self.is_mounted and (self.opened or self.pane.has_focus):
            return False
        if action in {"list_open", "workspace_switch", "workspace_details"}:
            return True if self.is_mounted and self.current is not None else None
        return super().allowed(action)

    def action_list_open(self) -> None:
        """Enter goes there."""
        self.action_workspace_switch()

    def action_workspace_switch(self) -> None:
        """Work there from now on."""
        if (row := self.current) is not None:
            app = self.console_app
            start(app, "switch", self._switch, row.membership)

    async def _switch(self, membership: Membership) -> None:
        await self.console_app.switching.to(membership)

    def action_workspace_details(self) -> None:
        """Settings and members."""
        super().action_list_open()

    def _is_here(self, row: Glance) -> bool:
        return row.membership.workspace_id == self.console_app.actor.workspace_id
