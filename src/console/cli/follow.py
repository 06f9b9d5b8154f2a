"""What a visitor in the terminal is told while the talk goes on: messages, who speaks, who types."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from console.cli.call import Call
from console.cli.typed import Typed
from console.cli.visitor import Message, Visitor
from console.errors import ConnectionFailedError, ConsoleError, OverQuotaError
from console.text import one_line, sanitise

Above = Callable[[], AbstractContextManager[None]]

_AGAIN_SECONDS = 0.5
_TYPING_SECONDS = 2.0
# An answer that comes at once needs no announcement.
_THINKING_SECONDS = 1.0
_NAMES = {"human": "person"}


async def follow(call: Call, visitor: Visitor, above: Above) -> None:
    """Print what comes, across lost links, until the gateway refuses or the task is cancelled."""
    told = _Told(call, above)
    lost = False
    while True:
        try:
            async for kind, said in visitor.events():
                lost = False
                told.event(kind, said)
        except (ConnectionFailedError, OverQuotaError) as error:
            if not lost:
                told.say(f"{error.message}; trying again")
            lost = True
        except ConsoleError as error:
            told.say(f"no more can be read: {error.message}")
            return
        finally:
            told.still()
        await asyncio.sleep(_AGAIN_SECONDS)


async def tell_typing(visitor: Visitor, typed: Typed) -> None:
    """Let the other side see that something is being typed at the prompt."""
    before = ""
    while True:
        await asyncio.sleep(_TYPING_SECONDS)
        half = typed.half
        if half and half != before:
            with contextlib.suppress(ConsoleError):
                await visitor.typing()
        before = half


def show(call: Call, messages: Sequence[Message]) -> None:
    """Print messages: all of them for a program, what others said for a person."""
    for message in messages:
        if call.out.json:
            call.out.data(message)
        elif message["role"] != "user":
            call.out.text(_shown(message))


class _Told:
    """What has been told so far, so that nothing is told twice."""

    def __init__(self, call: Call, above: Above) -> None:
        self._call = call
        self._above = above
        self._standing = "ai"
        self._later: asyncio.TimerHandle | None = None

    def event(self, kind: str, said: Message) -> None:
        if kind == "message":
            self.still()
            if said["role"] != "user" or self._call.out.json:
                with self._above():
                    show(self._call, [said])
        elif kind == "control":
            self._control("waiting" if said.get("waiting") else str(said.get("control")))
        elif kind == "typing":
            self.still()
            if said.get("typing"):
                who, seconds = ("the assistant", _THINKING_SECONDS) if self._standing == "ai" else ("a person", 0.0)
                self._later = asyncio.get_running_loop().call_later(seconds, self.say, f"{who} is typing")

    def say(self, line: str) -> None:
        with self._above():
            self._call.out.say(line)

    def still(self) -> None:
        """Nobody types."""
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _control(self, standing: str) -> None:
        if standing == self._standing:
            return
        self._standing = standing
        lines = {"waiting": "waiting for a person", "human": "a person has joined", "ai": "the assistant answers again"}
        if standing in lines:
            self.say(lines[standing])


def _shown(message: Message) -> str:
    role = str(message["role"])
    body = sanitise(str(message["content"])).replace("\n", "\n  ")
    cited = [citation for citation in message.get("citations") or () if isinstance(citation, dict)]
    notes = [f"  [{i}] {_cited(citation)}" for i, citation in enumerate(cited, 1)]
    return "\n".join([f"{one_line(_NAMES.get(role, role))}: {body}", *notes])


def _cited(citation: dict[str, object]) -> str:
    return "  ".join(one_line(str(citation[key])) for key in ("title", "uri") if citation.get(key))
