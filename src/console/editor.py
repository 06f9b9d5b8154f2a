"""Text given to the person's own editor and taken back."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.errors import InvalidInputError, RefusedError, UsageError
from console.text import one_line

_USUAL = ("editor", "sensible-editor", "nano", "vi")
_FAILED = "nothing was changed"


def edit(text: str, suffix: str = ".toml") -> str:
    """Open `text` in $VISUAL, $EDITOR or a usual editor, in a private file, and return what was saved.

    `UsageError` without an editor; `RefusedError` when it fails; `InvalidInputError` when it leaves no text. Off the
    main thread, what ctrl+c means meanwhile is the caller's to settle.
    """
    command = editor_command()
    with tempfile.TemporaryDirectory(prefix="console-") as folder:
        file = Path(folder) / f"edit{suffix}"
        with open(file, "x", encoding="utf-8", opener=_private) as opened:
            opened.write(text)
        _run([*command, str(file)])
        return _saved(file)


def editor_command() -> list[str]:
    """The command of the person's editor; `UsageError` when there is none."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        command = shlex.split(chosen)
    except ValueError:
        raise UsageError(f"$EDITOR is no command: {one_line(chosen)}", hint="export EDITOR=nano") from None
    command = command or [name for name in _USUAL if shutil.which(name)][:1]
    if not command:
        raise UsageError("no editor is set, and none of the usual ones is here", hint="export EDITOR=nano")
    return command


def _run(command: list[str]) -> None:
    try:
        process = subprocess.Popen(command)  # noqa: S603 - the user's own editor
        with _ctrl_c_is_its():
            status = process.wait()
    except OSError as error:
        why = f"the editor {one_line(command[0])} can't be started: {error.strerror}"
        raise UsageError(why, hint="export EDITOR=nano") from None
    if status:
        raise RefusedError(f"the editor ended with status {status}, {_FAILED}")


@contextmanager
def _ctrl_c_is_its() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _saved(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RefusedError(f"the editor removed the file, {_FAILED}") from None
    except UnicodeDecodeError:
        raise InvalidInputError(f"what was saved is not UTF-8 text, {_FAILED}") from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
