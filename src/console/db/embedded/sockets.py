"""The directory of the server's socket, whose path must be short and plain."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from console.db.embedded.files import read_text, write_private
from console.db.embedded.places import Places

PORT = 5432
_LONGEST = 103  # bytes of sun_path on the strictest system, without the final NUL
_SPECIAL = frozenset(',:\\"\n')  # libpq and SQLAlchemy split a host at the first two


def choose(places: Places) -> Path:
    """The socket's directory beside the cluster, or else a short temporary one, remembered while it exists.

    To be called under the start lock; every process learns the choice from the running server's pid file.
    """
    beside = places.cluster / "socket"
    if _fits(beside):
        with suppress(FileExistsError):
            beside.mkdir(mode=0o700)
            places.account.give(beside)
        if _is_ours(beside, places.account.uid):
            return beside
    noted = Path((read_text(places.socket_note) or "").strip())
    if noted.is_absolute() and _is_ours(noted, places.account.uid):
        return noted
    made = Path(tempfile.mkdtemp(prefix="console-", dir="/tmp"))
    places.account.give(made)
    write_private(places.socket_note, f"{made}\n")
    return made


def _fits(directory: Path) -> bool:
    text = str(directory)
    longest = len(os.fsencode(directory / f".s.PGSQL.{PORT}.lock"))
    return longest <= _LONGEST and not _SPECIAL & set(text) and text.isprintable()


def _is_ours(directory: Path, uid: int) -> bool:
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and stat.S_IMODE(found.st_mode) == 0o700
