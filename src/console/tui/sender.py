"""Sending: a retry is never a second message, and the text stays until the server has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from console.clock import utc_now
from console.domain.held import Held
from console.errors import ConnectionFailedError, ConsoleError
from console.ids import ConversationId
from console.tui.outbox import Attempt

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp


@dataclass(frozen=True, slots=True)
class Parcel:
    """What to send. A reply is held for a moment, unless the conversation then goes back to the assistant."""

    id: ConversationId
    kind: str
    text: str
    epoch: int
    hand_back: bool = False


@dataclass
class Delivered(Message):
    """A message arrived, or `error` says why it did not; `held` while it can be undone."""

    parcel: Parcel
    error: ConsoleError | None = None
    held: Held | None = None
    returned: bool = False


async def deliver(app: ConsoleApp, parcel: Parcel, sender: MessagePump) -> None:
    """Send it, and tell `sender` how it ended. Runs on the app, so that it outlives the screen."""
    attempt = app.outbox.attempt(parcel.id, parcel.kind, parcel.text)
    try:
        held = await _send(app, parcel, attempt)
    except ConsoleError as error:
        if isinstance(error, ConnectionFailedError):
            app.report(error)
        else:
            app.outbox.acknowledged(parcel.id, parcel.kind)
        _tell(app, sender, Delivered(parcel, error))
        return
    app.outbox.acknowledged(parcel.id, parcel.kind)
    await _forget_draft(app, parcel)
    app.online()
    _tell(app, sender, Delivered(parcel, held=held, returned=await _hand_back(app, parcel)))
    app.changed_here()


async def _send(app: ConsoleApp, parcel: Parcel, attempt: Attempt) -> Held | None:
    messages, actor = app.services.messages, app.actor
    if parcel.kind == "note":
        await messages.note(actor, parcel.id, parcel.text, token=attempt.token)
        return None
    if parcel.hand_back:
        await messages.release_held(actor, parcel.id)
        app.undo.read(parcel.id, ())
        if parcel.text.strip():
            await messages.send(actor, parcel.id, parcel.text, token=attempt.token, epoch=parcel.epoch)
        return None
    since = utc_now()
    held = await messages.hold(actor, parcel.id, parcel.text, token=attempt.token, epoch=parcel.epoch)
    app.undo.holds(held, None if attempt.repeated else since)
    return held


async def _forget_draft(app: ConsoleApp, parcel: Parcel) -> None:
    app.drafts.typed(parcel.id, parcel.kind, "")
    try:
        await app.drafts.flush()
    except ConsoleError as error:
        app.report(error)  # the keeper tries again by itself


async def _hand_back(app: ConsoleApp, parcel: Parcel) -> bool:
    if not parcel.hand_back:
        return False
    since = utc_now()
    try:
        now = await app.services.takeover.hand_back(app.actor, parcel.id, epoch=parcel.epoch)
    except ConsoleError as error:
        app.report(error)
        return False
    app.undo.did("handed back", since, [(parcel.id, now.epoch)])
    return True


def _tell(app: ConsoleApp, sender: MessagePump, message: Delivered) -> None:
    if sender.is_running:
        sender.post_message(message)
    elif message.error is not None:
        app.say(f"not sent: {message.error.message}; the draft is kept", "error")
