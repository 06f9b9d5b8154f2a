"""What the machine brings: Python, the settings, folders, the keyring, the terminal."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import stat
import sys
from pathlib import Path

from console.config import Config
from console.doctor.finding import Finding, broken, doubtful, fine
from console.keychain import TokenStore

OLDEST_PYTHON = (3, 11)
NO_ROOM, LITTLE_ROOM = 100_000_000, 1_000_000_000
SMALLEST = (60, 18)
_PRIVATE = 0o700


def python() -> Finding:
    """The interpreter's version."""
    if sys.version_info < OLDEST_PYTHON:
        return broken("python", f"{platform.python_version()} is too old", "install Python 3.11 or later")
    return fine("python", platform.python_version())


def configuration(config: Config) -> Finding:
    """Which file the settings come from; that they could be read is shown by their being here."""
    path = config.paths.config_file
    return fine("configuration", str(path) if path.exists() else f"no file at {path}, defaults and environment")


def folder(name: str, path: Path) -> Finding:
    """A folder of the console: it exists or can be made, is private and writable, and has room."""
    there = next(one for one in (path, *path.parents) if one.exists())
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        return broken(name, f"{there} can't be written", "give another folder with CONSOLE_DATA_DIR")
    free = shutil.disk_usage(there).free
    if free < NO_ROOM:
        return broken(name, f"{path}: the disk is full ({_size(free)} left)", "make room")
    if there != path:
        return fine(name, f"{path} will be made at first use, {_size(free)} free")
    if os.geteuid() != 0 and path.stat().st_uid != os.geteuid():
        return broken(name, f"{path} belongs to somebody else", "give another folder with CONSOLE_DATA_DIR")
    if stat.S_IMODE(path.stat().st_mode) & 0o067:
        return doubtful(name, f"others can look into {path}", f"chmod 700 '{path}'")
    if free < LITTLE_ROOM:
        return doubtful(name, f"{path}: {_size(free)} left on the disk", "make room")
    return fine(name, f"{path}, {_size(free)} free")


def keyring(config: Config) -> Finding:
    """Where the session token lies."""
    return fine("keyring", TokenStore(config).describe())


def terminal() -> Finding:
    """Whether the console can open here: the terminal's kind, colours, size, encoding."""
    size = _size_of_terminal()
    if size is None:
        return doubtful("terminal", "none here: commands work, the console itself needs one", "open it in a terminal")
    kind = os.environ.get("TERM", "")
    if kind in {"", "dumb", "unknown"}:
        return doubtful("terminal", f"TERM is {kind or 'unset'}", "export TERM=xterm-256color")
    if size < SMALLEST or size[1] < SMALLEST[1]:
        return doubtful("terminal", f"{size[0]}x{size[1]} is small", "make it {}x{} or larger".format(*SMALLEST))
    if (encoding := locale.getencoding().lower()) not in {"utf-8", "utf8"}:
        return doubtful("terminal", f"its encoding is {encoding}", "export LANG=C.UTF-8")
    return fine("terminal", f"{kind}, {_colours(kind)}, {size[0]}x{size[1]}, utf-8")


def _colours(kind: str) -> str:
    if os.environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if os.environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return "16 million colours"
    return "256 colours" if "256" in kind or "direct" in kind else "16 colours"


def _size_of_terminal() -> tuple[int, int] | None:
    for number in (1, 0, 2):
        try:
            return tuple(os.get_terminal_size(number))  # type: ignore[return-value]
        except OSError:
            continue
    return None


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= LITTLE_ROOM else f"{count / 1e6:.0f} MB"
