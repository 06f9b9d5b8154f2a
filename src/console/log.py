"""The log: JSON lines in a rotating private file, never on the screen; ids and numbers, no words of visitors."""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from console.errors import RefusedError
from console.paths import private_dir
from console.text import one_line

if TYPE_CHECKING:
    from _typeshed import StrPath

Field = str | int | float | bool | UUID | None

MAX_BYTES = 5_000_000
KEPT_FILES = 3
_MAX_FIELD = 200
_MAX_CAUSES = 8
_SECRET_FIELDS = re.compile(
    r"pass|token|secret|api_?key|authorization|cookie|totp|content|body|text|prompt|question", re.IGNORECASE
)
_SECRETS = re.compile(
    r"(?<=://)[^/\s@]+(?=@)|(?<=bearer )\S+|\bsk-[\w-]{8,}|\b(?:password|api_key|token)=\S+", re.IGNORECASE
)
_STATEMENT = re.compile(r"\[(?:SQL|parameters)\b.*|\b(?:DETAIL|CONTEXT):.*", re.DOTALL)
_QUOTED = re.compile(r"""(?<!\w)(['"]).*?\1(?!\w)""", re.DOTALL)
_UNPAIRED = re.compile(r"""(?<!\w)['"](?=\w)[^'"]*$""")
_MAX_NAME = 64
_log = logging.getLogger("console")


def start(path: Path, level: str = "info") -> bool:
    """Send this process's log to `path`; False when it can't be written, and then nothing is logged."""
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _File | logging.NullHandler)]:
        root.removeHandler(old)
        old.close()
    try:
        private_dir(path.parent)
        handler: logging.Handler = _File(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    except (OSError, RefusedError):
        handler = logging.NullHandler()
    handler.setFormatter(_JsonLine())
    root.addHandler(handler)
    _log.setLevel(level.upper())
    return isinstance(handler, _File)


def event(name: str, /, *, level: int = logging.INFO, **fields: Field) -> None:
    """Log that `name` happened, with ids and numbers that belong to it."""
    _log.log(level, name, extra={"fields": fields})


def incident(error: BaseException) -> str:
    """Log an unexpected error with its traceback (no locals, no quoted words); returns a short id to show."""
    name = os.urandom(4).hex()
    _log.error("incident", extra={"fields": {"incident": name}, "causes": list(_causes(error))})
    return name


def scrub(text: str) -> str:
    """One line of an error's message without credentials, statements, or quoted words; quoted names stay."""
    text = _QUOTED.sub(_name_only, _STATEMENT.sub("", text[:4000]))
    return one_line(_SECRETS.sub("[hidden]", _UNPAIRED.sub("\u2026", text)))


def _name_only(quoted: re.Match[str]) -> str:
    found = quoted[0]
    return found if len(found) <= _MAX_NAME and not re.search(r"\s", found) else f"{quoted[1]}\u2026{quoted[1]}"


def _causes(error: BaseException | None) -> Iterator[dict[str, object]]:
    waiting = [error]
    for _ in range(_MAX_CAUSES):
        if not waiting or (found := waiting.pop()) is None:
            return
        frames = traceback.extract_tb(found.__traceback__)
        lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        yield {"type": type(found).__qualname__, "text": scrub(str(found)), "frames": lines}
        inner = found.exceptions if isinstance(found, BaseExceptionGroup) else ()
        cause = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
        waiting += [*([cause] if cause else []), *inner]


class _File(RotatingFileHandler):
    """A rotating file for its owner only, shared by several processes, silent when the disk is full."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=_private)

    def shouldRollover(self, record: logging.LogRecord) -> int:  # noqa: N802 - logging's name
        """Follow the file that another process has rotated away, then ask whether it is full."""
        if self.stream and not _same(self.stream, self.baseFilename):
            self.stream.close()
            self.stream = self._open()
        return int(super().shouldRollover(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A log that can't be written must not write to the screen."""


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        import json

        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "pid": record.process,
            "logger": record.name,
            "event": scrub(record.getMessage()),
        }
        line |= {name: _shown(name, value) for name, value in getattr(record, "fields", {}).items()}
        causes = getattr(record, "causes", None) or (list(_causes(record.exc_info[1])) if record.exc_info else None)
        return json.dumps(line | ({"causes": causes} if causes else {}))


def _shown(name: str, value: Field) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    return "[hidden]" if _SECRET_FIELDS.search(name) else one_line(_SECRETS.sub("[hidden]", str(value)), _MAX_FIELD)


def _private(path: StrPath, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _same(stream: TextIOWrapper, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), os.stat(path))  # noqa: PTH116 - fstat's twin
    except FileNotFoundError:
        return False
