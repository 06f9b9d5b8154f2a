"""Private files and directories."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from console.db.embedded.account import Account
from console.errors import ConnectionFailedError
from console.paths import make_folders


def write_private(path: Path, text: str, owner: Account | None = None) -> None:
    """Replace `path` by `text` in one step, 0600, never through a link that lies in its place.

    Written by root, it belongs to `owner`, or else to whom its directory belongs to.
    """
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if os.geteuid() == 0:
                above = path.parent.stat()
                os.fchown(file.fileno(), *((owner.uid, owner.gid) if owner else (above.st_uid, above.st_gid)))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_text(path: Path) -> str | None:
    """The content of `path`, or None when there is no such file; a link in its place raises OSError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def make_private(directory: Path) -> None:
    """Make `directory` with its parents, closed to other users.

    Raises ConnectionFailedError for a directory that others share, such as /tmp itself.
    """
    make_folders(directory)
    mode = directory.stat().st_mode
    if mode & (stat.S_ISVTX | stat.S_IWOTH) or directory == Path(directory.anchor):
        raise ConnectionFailedError(
            f"the data directory {directory} is shared with other users",
            hint="choose a directory of the console's own, for instance one below it",
        )
    set_mode(directory, 0o700 if stat.S_IMODE(mode) != 0o710 else 0o710)


def set_mode(path: Path, mode: int) -> None:
    """Change the permission bits of `path` if they differ."""
    if stat.S_IMODE(path.stat().st_mode) != mode:
        path.chmod(mode)
