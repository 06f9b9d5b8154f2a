"""Reads the command line, runs one verb, and turns every outcome into a line and an exit code."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.output import flush
from console.errors import ConsoleError, ExitCode, NobodyYetError, UsageError
from console.text import one_line

if TYPE_CHECKING:
    from argparse import Namespace

    from console.cli.parser import Handler, Parser

_TAKES_VALUE = ("--workspace", "--config", "--theme")


def run(words: list[str]) -> int:
    """Run these words of a command line and return the exit code; never a traceback."""
    _forgiving_streams()
    call = Call()
    try:
        call = Call(_parse(words))
        code = _run(call)
        flush()
    except SystemExit as end:
        return _exit_code(end)
    except BrokenPipeError:
        return ExitCode.PIPE_CLOSED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except ConsoleError as error:
        _complain(error.message, _hint(call, error))
        return error.exit_code
    except Exception as error:
        return _unexpected(call, error)
    return code


def _parse(words: list[str]) -> Namespace | None:
    if not words:
        return None
    from console.cli.parser import build

    tree = build(only=_noun(words))
    args = tree.parse_args(words)
    if not hasattr(args, "handler") and (name := _noun(words)):
        raise _verb_missing(tree.children()[name])
    return args


def _noun(words: list[str]) -> str:
    """The first word that is neither an option nor the value of one."""
    before = ["", *words]
    found = (word for i, word in enumerate(words) if not word.startswith("-") and before[i] not in _TAKES_VALUE)
    return next(found, "")


def _verb_missing(noun: Parser) -> UsageError:
    return UsageError(f"{noun.prog} needs a verb: {', '.join(noun.children())}", hint=f"{noun.prog} --help")


def _run(call: Call) -> int:
    handler: Handler = getattr(call.args, "handler", _tui)
    result = handler(call)
    if result is not None and not isinstance(result, int):
        import asyncio

        result = asyncio.run(result)
    return int(result or 0)


def _tui(call: Call) -> int:
    need_screen()
    gc.disable()  # all that is imported stays; collected again from the seat on
    from console.processes import run_tui

    return run_tui(call.config)


def need_screen() -> None:
    """Raise `UsageError` where no full-screen program can run: no terminal, or one that can't move its cursor."""
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise _no_screen("this is not a terminal")
    if os.environ.get("TERM", "dumb") in {"", "dumb", "unknown"}:
        raise _no_screen("this terminal can't move its cursor (TERM is dumb)")


def _no_screen(why: str) -> UsageError:
    return UsageError(
        f"the console can't open: {why}",
        hint="console --help  (every action has a command: console conv list, console gap list, ...)",
    )


def _unexpected(call: Call, error: Exception) -> int:
    from console import log

    if os.environ.get("CONSOLE_DEBUG") == "1":
        raise error
    try:
        hint = f"see {call.config.paths.log_file}"
    except ConsoleError:
        hint = None
    name = log.incident(error)
    _complain(f"something broke inside ({type(error).__name__}, incident {name})", hint)
    return ExitCode.REFUSED


def _hint(call: Call, error: ConsoleError) -> str | None:
    """What to do next; beside a demo's data also the way to it, which has nobody's sign-in but its own."""
    if not isinstance(error, NobodyYetError) or call.config.database_url:
        return error.hint
    data = call.config.data_dir / "demo"
    if not data.is_dir():
        return error.hint
    from console.demo.beside import beside

    return f"{error.hint}, or for the demo here: {beside(data)}"


def _complain(message: str, hint: str | None) -> None:
    with contextlib.suppress(OSError):
        print(f"console: error: {one_line(message, 500)}", file=sys.stderr)
        if hint:
            print(f"  try: {one_line(hint, 500)}", file=sys.stderr)


def _exit_code(end: SystemExit) -> int:
    return end.code if isinstance(end.code, int) else int(end.code is not None)


def _forgiving_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            with contextlib.suppress(OSError):  # what waits there can't be written: whoever writes next says so
                stream.reconfigure(errors="backslashreplace")
