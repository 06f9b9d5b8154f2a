"""The terminal's life: a driver that ends with it, and never waits for it."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from console.tui.outlet import Outlet
from console.tui.paste import SafePasteParser

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

LAST_SECONDS = 5.0
HUNG_UP = 128 + signal.SIGHUP
STOPPED = "console: stopped. fg goes on; what you hold goes back to the queue in a minute."
_PIECE = 4096
_WAIT = 0.1
_MODES_OFF = "".join(f"\x1b[?{mode}l" for mode in (2026, 2048, 1000, 1003, 1015, 1006, 2004, 1004))
_SCREEN_BACK = "\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h"


class ConsoleDriver(LinuxDriver):
    """Textual's driver, but for three things: the writer is an `Outlet`; a paste is text, whatever it holds; and a
    terminal that is gone ends the console instead of being read for ever.
    """

    _taken = False

    def start_application_mode(self) -> None:
        """Take the terminal."""
        # Textual makes its writer by this name and offers no other way to give it one.
        linux_driver.WriterThread = Outlet  # type: ignore[assignment, attr-defined]
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if (outlet := self._outlet) is not None:
            outlet.caught_up = partial(self._tell, self._app.refresh)
            self._taken = True
            self._console.attention.begin()

    def stop_application_mode(self) -> None:
        """Give the terminal back, without what still waits to be drawn."""
        self._taken = False
        if (outlet := self._outlet) is not None:
            outlet.only_the_last()
            self.write("\x1b[?2026l")
            self._console.attention.end()
        super().stop_application_mode()

    def run_input_thread(self) -> None:
        """Read keys until the app ends or the terminal does."""
        parser = SafePasteParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], _WAIT)[0]:
                if not (data := self._read()):
                    self._tell(self._console.leaving.soon, HUNG_UP)
                    return
                text = decode(data)  # nothing would be the parser's end
                for event in parser.feed(text) if text else ():
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def abandon(self) -> None:
        """Restore the terminal's modes as far as that goes without waiting; the process is about to end."""
        if self.attrs_before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        last = threading.Thread(target=_write_last, args=(self.fileno, _MODES_OFF + _SCREEN_BACK), daemon=True)
        last.start()
        last.join(_WAIT)

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:
            self._tell(self._app._handle_exception, error)  # noqa: SLF001 - the one way to end an app with an error

    def _sigtstp_application(self, *_: object) -> None:
        if self._auto_restart and self._taken:
            self._step_aside()
            _write_last(self.fileno, f"{STOPPED}\n")
        os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: object) -> None:
        """Textual would begin a second time after a SIGSTOP, which nobody can see coming."""
        if self._auto_restart and self._taken:
            self._step_aside()
        if self._must_signal_resume:
            self.resume_application_mode()

    def _step_aside(self) -> None:
        self.suspend_application_mode()
        self._must_signal_resume = True

    def _tell(self, what: Callable[..., object], *words: object) -> None:
        with suppress(RuntimeError):  # the loop is over
            self._loop.call_soon_threadsafe(what, *words)

    @property
    def _console(self) -> ConsoleApp:
        return cast("ConsoleApp", self._app)

    @property
    def _outlet(self) -> Outlet | None:
        return cast("Outlet | None", self._writer_thread)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _PIECE)
        except OSError:
            return b""


def shell_waits() -> bool:
    """Whether there is a shell with job control to stop for: the parent is in this session, and a job of its own."""
    parent = os.getppid()
    try:
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgid(0)
    except OSError:
        return False


def _write_last(fileno: int, text: str) -> None:
    with suppress(OSError):
        os.write(fileno, text.encode())


def end_within(seconds: float, code: int, before: Callable[[], None]) -> threading.Timer:
    """End the process with `code` when it has not ended by itself; `before` is called first, in another thread.

    The timer can be cancelled by who ended and goes on otherwise.
    """

    def end() -> None:
        with suppress(Exception):
            before()
        os._exit(code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


async def within(seconds: float, *work: asyncio.Task[Any]) -> None:
    """Wait so long for all of it; what is not done then goes on unwatched."""
    if work:
        await asyncio.wait(work, timeout=seconds)
