"""Snooze, assign, label, priority: acts that put a conversation in its place."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from console.domain.conversation import Priority
from console.ids import UserId
from console.tui.present.picking import Option
from console.tui.present.row import wakes
from console.tui.screens.acting import ActingScreen
from console.tui.subject import Subject
from console.tui.working import start

if TYPE_CHECKING:
    from console.tui.modals.choice import Answer
    from console.tui.modals.labels import Relabel


class TriagingScreen(ActingScreen):
    """A screen with a conversation to triage. What is asked about is what was there when the key was pressed."""

    def action_snooze(self) -> None:
        """Put it aside until a time, or until the visitor writes."""
        from console.tui.modals.questions import until_when

        if subject := self.subject:
            choice = until_when(subject.visitor_name, self.console_app.now())
            self.app.push_screen(choice, lambda answer: self._snooze_chosen(subject, answer))

    def action_assign(self) -> None:
        """Give it to somebody."""
        from console.tui.modals.questions import to_whom

        if subject := self.subject:
            app = self.console_app
            picker = to_whom(app.services, app.actor, subject.visitor_name)
            app.push_screen(picker, lambda option: self._assignee_chosen(subject, option))

    def action_label(self) -> None:
        """Check its labels."""
        from console.tui.modals.questions import which_labels

        if subject := self.subject:
            app = self.console_app
            picker = which_labels(app.services, app.actor, subject.visitor_name, subject.labels)
            app.push_screen(picker, lambda relabel: self._labels_chosen(subject, relabel))

    def action_priority(self) -> None:
        """How soon it needs a person."""
        from console.tui.modals.questions import how_soon

        if subject := self.subject:
            choice = how_soon(subject.visitor_name, subject.priority)
            self.app.push_screen(choice, lambda answer: self._priority_chosen(subject, answer))

    def _snooze_chosen(self, subject: Subject, answer: Answer[datetime | None] | None) -> None:
        if answer is not None:
            start(self, "act", self._snooze, subject, answer.value)

    def _assignee_chosen(self, subject: Subject, option: Option[UserId | None] | None) -> None:
        if option is not None:
            start(self, "act", self._assign, subject, option)

    def _labels_chosen(self, subject: Subject, relabel: Relabel | None) -> None:
        if relabel is not None and (relabel.add or relabel.remove):
            start(self, "act", self._label, subject, relabel)

    def _priority_chosen(self, subject: Subject, answer: Answer[Priority] | None) -> None:
        if answer is not None:
            start(self, "act", self._set_priority, subject, answer.value)

    async def _snooze(self, subject: Subject, until: datetime | None) -> None:
        app, since = self.console_app, self.console_app.now()
        try:
            now = await app.services.takeover.snooze(
                app.actor, subject.id, until=until, epoch=subject.epoch, seen=subject.seen
            )
            app.undo.did(f"snoozed {wakes(until, app.now())}", since, [(subject.id, now.epoch)])
        finally:
            self.after(subject.id)

    async def _assign(self, subject: Subject, to: Option[UserId | None]) -> None:
        app = self.console_app
        try:
            await app.services.takeover.assign(app.actor, subject.id, to.value, epoch=subject.epoch)
            app.say("it waits for anybody" if to.value is None else f"assigned to {to.name}")
        finally:
            self.after(subject.id)
        if to.value == app.actor.user_id:
            self.go_on(subject.id, "reply")

    async def _label(self, subject: Subject, relabel: Relabel) -> None:
        app = self.console_app
        try:
            await app.services.labels.change(app.actor, subject.id, add=relabel.add, remove=relabel.remove)
        finally:
            self.after(subject.id)

    async def _set_priority(self, subject: Subject, priority: Priority) -> None:
        app = self.console_app
        try:
            await app.services.triage.set_priority(app.actor, subject.id, priority)
        finally:
            self.after(subject.id)
