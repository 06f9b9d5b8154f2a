"""The questions that the commands ask: until when, to whom, which labels, how soon."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from console.domain.actor import Actor, Role
from console.domain.conversation import Priority
from console.ids import UserId
from console.text import SafeText, one_line
from console.tui.modals.choice import Answer, Choice
from console.tui.modals.labels import LabelPicker
from console.tui.modals.picker import Picker
from console.tui.present.picking import Option
from console.tui.present.row import wakes

if TYPE_CHECKING:
    from console.services import Services

MORNING = time(9)


def until_when(what: str, now: datetime) -> Choice[datetime | None]:
    """Until when to snooze; None is until the visitor writes. Times are of the operator's own zone."""
    times: list[tuple[str, str, datetime | None]] = [
        ("t", "tomorrow", morning(now, 1)),
        ("r", "next reply", None),
        ("1", "one hour", now + timedelta(hours=1)),
        ("w", "next Monday", morning(now, 7 - now.weekday())),
    ]
    answers = [Answer(key, words, wakes(until, now), until) for key, words, until in times]
    return Choice(f"Snooze {what}", answers)


def morning(now: datetime, days: int) -> datetime:
    """Nine o'clock so many days from today, whatever the clocks do in between."""
    return datetime.combine(now.date() + timedelta(days=days), MORNING).astimezone()


def how_soon(what: str, at: Priority) -> Choice[Priority]:
    """Which priority."""
    answers = [Answer(each.label[0], each.label, "", each) for each in Priority]
    return Choice(f"Priority of {what}", answers, at=int(at))


def to_whom(services: Services, actor: Actor, what: str) -> Picker[UserId | None]:
    """Which member, me first; None is nobody, last."""

    async def read() -> list[Option[UserId | None]]:
        others = [each for each in await services.members.list(actor) if each.role >= Role.MEMBER]
        mine: Option[UserId | None] = Option(actor.user_id, actor.name, SafeText("you"))
        members: list[Option[UserId | None]] = [Option(each.user_id, each.name, each.email) for each in others]
        rest = [option for option in members if option.value != actor.user_id]
        return [mine, *rest, Option(None, SafeText("nobody"), SafeText("waits in the queue"))]

    return Picker(f"Assign {what} to", read)


def which_labels(services: Services, actor: Actor, what: str, there: Collection[str]) -> LabelPicker:
    """Which labels, new ones too."""

    async def read() -> list[Option[str]]:
        labels = await services.labels.all(actor)
        return [Option(str(each.name), one_line(each.name), SafeText(f"{each.conversations:,}")) for each in labels]

    return LabelPicker(f"Labels of {what}", read, there)
