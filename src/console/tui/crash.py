"""What is shown when the console itself fails: where, and an incident's id; never what was on the screen."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from rich.segment import Segments
from rich.text import Text
from textual._context import active_message_pump
from textual.app import App, ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode

_FRAMES = 4


def at_an_end(app: App[Any], error: BaseException) -> bool:
    """Whether only a widget or the screen was missed, while the app or the widgets around it were going: they go one by
    one, and what is told to those that are left has nowhere to show anything."""
    if not isinstance(error, NoMatches | ScreenStackError):
        return False
    told = active_message_pump.get(app)
    around = told.ancestors_with_self if isinstance(told, DOMNode) else []
    going = any(node._closing or node._closed or node._pruning for node in around)  # noqa: SLF001 - no other word for it
    return going or app._exit or not app._running  # noqa: SLF001 - likewise


def incident(error: BaseException) -> str:
    """Write the error to the log and give back its id."""
    from console import log

    return log.incident(error)


def report(error: BaseException) -> Text:
    """The lines for the terminal: the kind of error and the last places, no message and no locals."""
    lines = [f"The console stopped: {type(error).__name__}. Incident {incident(error)} is in the log{_log_file()}."]
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    lines.append("Drafts are kept. Start the console again to go on.")
    return Text("\n".join(lines))


def _log_file() -> str:
    files = [each for each in logging.getLogger().handlers if isinstance(each, logging.FileHandler)]
    return f", {files[0].baseFilename}" if files else ""


def show(app: App[Any]) -> None:
    """End the app with the report of the exception being handled."""
    error = sys.exc_info()[1] or app._exception or RuntimeError()  # noqa: SLF001 - Textual keeps it there
    app._exit_renderables.append(Segments(app.console.render(report(error))))  # noqa: SLF001 - as Textual's own does
    app._close_messages_no_wait()  # noqa: SLF001 - as Textual's own does
