"""What I should know of: notes that name me, conversations given to me, limits that are near."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from console.clock import ago
from console.domain.notification import Notification, NotificationType
from console.text import SafeText, one_line
from console.tui.modals.picker import Picker
from console.tui.present.picking import Option
from console.tui.working import also

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from console.tui.app import ConsoleApp

_SAYS = {NotificationType.MENTION: "mentions you", NotificationType.ASSIGNED: "gave you this one"}


class Mentions(Picker[Notification]):
    """Gives back the one to go to, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+r", "all_read", "All read", priority=True)]
    hint = "type to filter  enter goes there  ctrl+r all read  esc close"
    nothing = "nobody has named you, nothing was given to you, and no limit is near"

    def action_all_read(self) -> None:
        """Nothing here is new any more."""
        app = self.console_app
        also(app, "mentions", _mark_read, app, None)
        self.dismiss(None)


def show_mentions(app: ConsoleApp) -> None:
    """Open the list; the one chosen is read, and its conversation opened."""

    async def read() -> list[Option[Notification]]:
        found = await app.services.notifications.all(app.actor, unread_only=False)
        return [option(each, app.now()) for each in sorted(found, key=lambda each: each.read_at is not None)]

    app.push_screen(Mentions("What you should know of", read), lambda chosen: _go(app, chosen))


def option(notification: Notification, now: datetime) -> Option[Notification]:
    """Who, what, and how the words begin; `@` while it is unread."""
    new = "@" if notification.read_at is None else " "
    age = SafeText(ago(notification.created_at, now))
    if notification.type is NotificationType.QUOTA:
        return Option(notification, one_line(f"{new} limit near: {notification.snippet}"), age)
    who = notification.actor_name or "the console"
    says = _SAYS.get(notification.type, notification.type.value)
    return Option(notification, one_line(f"{new} {who} {says}: {notification.snippet}"), age)


def _go(app: ConsoleApp, chosen: Option[Notification] | None) -> None:
    if chosen is not None:
        also(app, "mentions", _follow, app, chosen.value)


async def _follow(app: ConsoleApp, notification: Notification) -> None:
    from console.tui.areas import AREAS
    from console.tui.screens.acting import ActingScreen

    id = notification.conversation_id
    area = "usage" if id is None else AREAS[0].id
    if (id is None or not isinstance(app.screen, ActingScreen)) and area in {each.id for each in AREAS}:
        await app.switch_mode(area)
    if id is not None and isinstance(app.screen, ActingScreen):
        app.screen.go_on(id, None)
    await _mark_read(app, [notification.id])


async def _mark_read(app: ConsoleApp, ids: list[UUID] | None) -> None:
    await app.services.notifications.read(app.actor, ids)
    app.changed_here()
