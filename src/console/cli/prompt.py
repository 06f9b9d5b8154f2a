"""Questions to the person at the terminal; a script gets a usage error that names what to give instead."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread

from console.errors import RefusedError, UsageError
from console.text import one_line


def ask(text: str, default: str | None = None, *, instead: str) -> str:
    """Ask for one line; `instead` names the option or variable that answers without a prompt."""
    _need_terminal(text, instead)
    shown = f" [{one_line(default)}]" if default else ""
    while True:
        answer = _read_line(f"{text}{shown}: ") or default
        if answer:
            return answer


def ask_secret(text: str, *, instead: str) -> str:
    """Ask without showing what is typed; `instead` names the variable that answers without a prompt."""
    _need_terminal(text, instead)
    from getpass import getpass

    try:
        with _interruptible():
            return getpass(f"{one_line(text)}: ", stream=sys.stderr)
    except EOFError:
        raise _ended() from None


def confirm(text: str, default: bool = False, *, instead: str = "--yes") -> bool:
    """Ask yes or no; only a clear answer counts, enter alone means `default`."""
    _need_terminal(text, instead)
    answers = {"y": True, "yes": True, "n": False, "no": False, "": default}
    while True:
        answer = _read_line(f"{text} [{'Y/n' if default else 'y/N'}] ").lower()
        if answer in answers:
            return answers[answer]


def _need_terminal(text: str, instead: str) -> None:
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise UsageError(f"no terminal to ask on: {one_line(text)}", hint=f"give {instead}")


def _read_line(prompt: str) -> str:
    with _interruptible():
        print(one_line(prompt.rstrip()), end=" ", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
    if not line:
        raise _ended()
    return line.strip()


@contextmanager
def _interruptible() -> Iterator[None]:
    """One ctrl+c ends the wait: an event loop only notes it, and the terminal would be read on."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print(file=sys.stderr)
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def _ended() -> RefusedError:
    print(file=sys.stderr)
    return RefusedError("the input ended before an answer")
