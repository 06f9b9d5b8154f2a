"""Sending: a retry is never a second message, and the text stays until the server has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from console.errors import ConnectionFailedError, ConsoleError
from console.ids import ConversationId

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp


@dataclass(frozen=True, slots=True)
class Parcel:
    """What to send. After a reply the conversation may go back to the assistant."""

    id: ConversationId
    kind: str
    text: str
    epoch: int
    hand_back: bool = False


@dataclass
class Delivered(Message):
    """A message arrived, or `error` says why it did not; `returned` when the assistant goes on."""

    parcel: Parcel
    error: ConsoleError | None = None
    returned: bool = False


async def deliver(app: ConsoleApp, parcel: Parcel, sender: MessagePump) -> None:
    """Send it, and tell `sender` how it ended. Runs on the app, so that it outlives the screen."""
    attempt = app.outbox.attempt(parcel.id, parcel.kind, parcel.text)
    try:
        if parcel.kind == "note":
            await app.services.messages.note(app.actor, parcel.id, parcel.text, token=attempt.token)
        else:
            await app.services.messages.send(app.actor, parcel.id, parcel.text, token=attempt.token, epoch=parcel.epoch)
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
    _tell(app, sender, Delivered(parcel, returned=await _hand_back(app, parcel)))
    app.changed_here()


async def _forget_draft(app: ConsoleApp, parcel: Parcel) -> None:
    app.drafts.typed(parcel.id, parcel.kind, "")
    try:
        await app.drafts.flush()
    except ConsoleError as error:
        app.report(error)  # the keeper tries again by itself


async def _hand_back(app: ConsoleApp, parcel: Parcel) -> bool:
    if not parcel.hand_back:
        return False
    try:
        await app.services.takeover.hand_back(app.actor, parcel.id, epoch=parcel.epoch)
    except ConsoleError as error:
        app.report(error)
        return False
    return True


def _tell(app: ConsoleApp, sender: MessagePump, message: Delivered) -> None:
    if sender.is_running:
        sender.post_message(message)
    elif message.error is not None:
        app.say(f"not sent: {message.error.message}; the draft is kept", "error")
