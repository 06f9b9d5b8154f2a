"""Undo: what `u` takes back, and where the words of a message go then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from console.domain.held import Held
from console.errors import ConnectionFailedError, ConsoleError
from console.ids import ConversationId
from console.tui.undo import Undoable

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp


@dataclass
class TakenBack(Message):
    """It was taken back, or could not be; `held` is the message whose words are a draft again."""

    ids: tuple[ConversationId, ...]
    held: Held | None = None


async def take_back(app: ConsoleApp, undoable: Undoable, screen: MessagePump) -> None:
    """Undo it, say how that went, and tell the screen. Runs on the app, so that it outlives the screen."""
    app.undo.forget(undoable)
    held = None
    try:
        if undoable.held is not None:
            held = await _call_back(app, undoable.held)
        else:
            await _undo(app, undoable)
        app.online()
    except ConnectionFailedError as error:
        app.undo.again(undoable)
        app.report(error)
    except ConsoleError as error:
        app.report(error)
    if screen.is_running:
        screen.post_message(TakenBack(tuple(id for id, _ in undoable.targets), held))
    app.changed_here()


async def _call_back(app: ConsoleApp, held: Held) -> Held:
    await app.drafts.flush()  # what is typed since comes after the words called back
    back = await app.services.messages.cancel_held(app.actor, held.conversation_id, held.id)
    app.say("not sent: its words are your draft again")
    return back


async def _undo(app: ConsoleApp, undoable: Undoable) -> None:
    """Each on its own: one that can't be undone does not keep the others."""
    failed: ConsoleError | None = None
    undone = 0
    for id, epoch in undoable.targets:
        try:
            await app.services.takeover.undo(app.actor, id, epoch=epoch)
            undone += 1
        except ConnectionFailedError:
            raise
        except ConsoleError as error:
            failed = error
    if undone:
        some = "" if undone == len(undoable.targets) else f" for {undone} of them"
        app.say(f"undone{some}: {undoable.words}")
    if failed is not None:
        raise failed
