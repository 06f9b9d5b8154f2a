"""The commands on a conversation, for every screen that shows one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content

from console.ids import ConversationId
from console.tui.commands import BY_ACTION, Command, Scope, bindings
from console.tui.events import PeopleMoved
from console.tui.feed import next_for_me
from console.tui.flagging import flag_answer
from console.tui.present.conversation import loser_text
from console.tui.present.undoing import undo_line
from console.tui.screens.base import ConsoleScreen
from console.tui.subject import Subject, held_refusal, possible
from console.tui.taking_back import TakenBack, take_back
from console.tui.widgets.composer import Composer
from console.tui.widgets.conversation_pane import ConversationPane
from console.tui.widgets.key_bar import KeyBar
from console.tui.working import also, start

_OF_AN_ANSWER = {"conversation.why", "conversation.flag"}


class ActingScreen(ConsoleScreen):
    """A screen with a conversation that commands act on."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Scope.CONVERSATION)]

    @property
    @abstractmethod
    def subject(self) -> Subject | None:
        """What a command acts on now."""

    @property
    def pane(self) -> ConversationPane:
        """The pane of this screen."""
        return self.query_one(ConversationPane)

    @abstractmethod
    def go_on(self, id: ConversationId, wants: str | None) -> None:
        """Show this conversation and go on with `reply` or `note`, or only look."""

    @abstractmethod
    def acted(self, ids: Sequence[ConversationId]) -> None:
        """Something was done to these conversations: read them again."""

    def allowed(self, action: str) -> bool | None:
        """What makes sense for the subject and the role; nothing while the subject can't be seen."""
        command = BY_ACTION.get(action)
        if command is None or command.scope is not Scope.CONVERSATION or not self.is_mounted:
            return super().allowed(action)
        if self.too_small or (command.id in _OF_AN_ANSWER and self._answer() is None):
            return False
        if command.id == "conversation.undo":
            app = self.console_app
            return app.actor.role >= command.minimum and app.undo.newest(app.now()) is not None
        return possible(command, self.subject, self.console_app.actor)

    def refusal(self, command: Command) -> str:
        """The role is in the way, or whoever has the conversation."""
        return super().refusal(command) or held_refusal(command, self.subject, self.console_app.actor)

    def footer_words(self, command: Command) -> str:
        """`t` takes over, takes from another, or goes on writing."""
        if command.id == "conversation.take" and (subject := self.subject):
            return "reply" if subject.mine else "take from them" if subject.held else command.short
        return command.short

    def action_take_over(self) -> None:
        """Claim it, or go on writing when it is mine."""
        if (subject := self.subject) is None:
            return
        if subject.mine:
            self.go_on(subject.id, "reply")
        elif subject.held:
            start(self, "act", self._take_from, subject)
        else:
            start(self, "act", self._claim, subject)

    def action_hand_back(self) -> None:
        """Let the assistant answer again."""
        if subject := self.subject:
            start(self, "act", self._hand_back, subject)

    def action_resolve(self) -> None:
        """Done."""
        if subject := self.subject:
            start(self, "act", self._resolve, subject)

    def action_undo(self) -> None:
        """Take back the newest thing that can be."""
        app = self.console_app
        if (newest := app.undo.newest(app.now())) is not None:
            app.undo.forget(newest)
            also(app, "undo", take_back, app, newest, self)

    def footer_lead(self) -> Content:
        """What can be undone now, before the keys; a message on its way says so itself where it is in sight."""
        app = self.console_app
        newest = app.undo.newest(app.now()) if self.is_mounted else None
        if newest is None or (newest.held is not None and newest.held.conversation_id == self.pane.target):
            return Content("")
        return undo_line(newest, app.now())

    def tick(self) -> None:
        """The seconds in which something can be undone pass too."""
        super().tick()
        keys = self.query_one(KeyBar)
        if keys.led or self.footer_lead():
            keys.update_keys()

    def action_note(self) -> None:
        """Write a note."""
        if subject := self.subject:
            self.go_on(subject.id, "note")

    def action_copy_id(self) -> None:
        """Copy the conversation's id."""
        if subject := self.subject:
            self.app.copy_to_clipboard(str(subject.id))
            self.console_app.say(f"copied {subject.id}")

    def action_why(self) -> None:
        """Why the assistant said it."""
        from console.tui.modals.why import WhyModal

        if answer := self._answer():
            app = self.console_app
            app.push_screen(WhyModal(app.services, app.actor, *answer))

    def action_flag(self) -> None:
        """The answer in sight was none."""
        if answer := self._answer():
            app = self.console_app
            also(app, "flag", flag_answer, app, *answer)

    def _answer(self) -> tuple[ConversationId, int] | None:
        subject, shown, seq = self.subject, self.pane.subject, self.pane.answer_in_sight()
        if subject is None or shown is None or shown.id != subject.id or seq is None:
            return None
        return subject.id, seq

    def action_next_for_me(self) -> None:
        """The next conversation that needs me."""
        start(self, "next", self._next_for_me)

    async def _next_for_me(self) -> None:
        app, subject = self.console_app, self.subject
        # A row that was never opened may be the next itself.
        here = subject.id if subject and subject.id == app.whereabouts.last else None
        found = await next_for_me(app.services.inbox, app.actor, here)
        if found is None:
            app.say("nothing needs you now")
        else:
            self.go_on(found, None)

    async def _claim(self, subject: Subject) -> None:
        app = self.console_app
        claim = await app.services.takeover.claim(app.actor, subject.id, epoch=subject.epoch)
        self.after(subject.id)
        if claim.claimed:
            self.go_on(subject.id, "reply")
        else:
            app.say(loser_text(claim, app.now()), "warning")

    async def _take_from(self, subject: Subject) -> None:
        from console.tui.modals.confirm import Confirm

        app = self.console_app
        why = f"{subject.holder_name} loses it at once; their draft is kept. The audit log will say that you did it."
        if not await app.push_screen_wait(Confirm(f"Take over from {subject.holder_name}?", why, "take over")):
            return
        claim = await app.services.takeover.take_from(app.actor, subject.id, epoch=subject.epoch)
        self.after(subject.id)
        if claim.claimed:
            self.go_on(subject.id, "reply")
        else:
            app.say(loser_text(claim, app.now()), "warning")

    async def _hand_back(self, subject: Subject) -> None:
        app = self.console_app
        try:
            await app.drafts.flush()
            since = app.now()
            now = await app.services.takeover.hand_back(app.actor, subject.id, epoch=subject.epoch)
            app.undo.did("handed back", since, [(subject.id, now.epoch)])
            app.say("handed back: the assistant answers again")
        finally:
            self.after(subject.id)

    async def _resolve(self, subject: Subject) -> None:
        app, since = self.console_app, self.console_app.now()
        try:
            now = await app.services.takeover.resolve(app.actor, subject.id, epoch=subject.epoch, seen=subject.seen)
            app.undo.did("resolved", since, [(subject.id, now.epoch)])
        finally:
            self.after(subject.id)

    def after(self, *ids: ConversationId) -> None:
        """Something was done to these: count and read again."""
        self.console_app.changed_here()
        self.acted(ids)
        self.tick()

    @on(TakenBack)
    def _taken_back(self, event: TakenBack) -> None:
        if event.held is not None:
            self.pane.taken_back(event.held)
        self.after(*event.ids)

    @on(Composer.UndoWanted)
    def _undo_wanted(self) -> None:
        self.action_undo()

    @on(PeopleMoved)
    def _people_moved(self, event: PeopleMoved) -> None:
        self.pane.people_moved(event.ids)

    @on(ConversationPane.Shown)
    def _pane_shown(self) -> None:
        self.refresh_bindings()
