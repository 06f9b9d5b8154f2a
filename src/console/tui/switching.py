"""From one workspace to another: nothing of the old one stays, on the screen or in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from console.tui.areas import AREAS
from console.tui.options import Place
from console.tui.present.tone import TONES, toned

if TYPE_CHECKING:
    from console.domain.workspace import Membership
    from console.tui.app import ConsoleApp

_BETWEEN = "between"


class BetweenScreen(Screen[None]):
    """What is seen between two workspaces."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONES)

    def compose(self) -> ComposeResult:
        """The top line, without a workspace."""
        yield Static(toned(" console   switching …", "quiet"), id="top", markup=False)


class Switching:
    """The way of one console from workspace to workspace. `moving` while it is in none."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self.moving = False

    async def to(self, membership: Membership) -> bool:
        """Go there, in a worker of the app; False when the operator stays. Raises as `MyWorkspaces.switch`."""
        app = self._app
        if membership.workspace_id == app.actor.workspace_id:
            app.say(f"you are in {membership.name} already")
            return False
        if not await self._wanted(membership):
            return False
        actor, there = await app.services.my_workspaces.switch(app.actor, membership.slug)
        self.moving = True
        try:
            await self._clear()
            await app.leaving.put_down()
            app.sit(app.services, actor, Place(there.slug, there.name))
            await self._open()
        finally:
            self.moving = False
        app.begin_here()
        return True

    async def _wanted(self, membership: Membership) -> bool:
        from console.tui.modals.confirm import Leave

        why = self._app.leaving.unfinished()
        return not why or await self._app.push_screen_wait(Leave(f"Switch to {membership.name}?", why, "switch"))

    async def _clear(self) -> None:
        """Every screen goes, and with it what it was reading."""
        app, own = self._app, get_current_worker()
        app.add_mode(_BETWEEN, BetweenScreen)
        await app.switch_mode(_BETWEEN)
        for worker in list(app.workers):
            if worker is not own:
                worker.cancel()
        for area in AREAS:
            await app.remove_mode(area.id)
        app.clear_notifications()

    async def _open(self) -> None:
        app = self._app
        for area in AREAS:
            app.add_mode(area.id, area.screen)
        await app.switch_mode(AREAS[0].id)
        await app.remove_mode(_BETWEEN)
