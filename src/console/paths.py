"""Where the console keeps its files on this machine."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from console.errors import RefusedError, UsageError

APP = "operator-console"
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders in use: `data` (the bundled database, models), `state` (log, drafts, sign-in), the config file."""

    data: Path
    state: Path
    config_file: Path

    @property
    def drafts(self) -> Path:
        """The folder where unsent words are spooled as they are typed."""
        return self.state / "drafts"

    @property
    def log_file(self) -> Path:
        """The rotating log."""
        return self.state / "console.log"

    def token_file(self, scope: str) -> Path:
        """The file of the session token for the server named by `scope`, where there is no keyring."""
        return self.state / f"session-{scope}.token"


def default_config_file() -> Path:
    """`config.toml` in the user's configuration folder (XDG)."""
    from platformdirs import user_config_path

    return _at_home(user_config_path(APP)) / "config.toml"


def default_data_dir() -> Path:
    """The user's data folder for this program (XDG)."""
    from platformdirs import user_data_path

    return _at_home(user_data_path(APP))


def default_state_dir() -> Path:
    """The user's state folder for this program (XDG)."""
    from platformdirs import user_state_path

    return _at_home(user_state_path(APP))


def make_folders(path: Path) -> None:
    """Make the folder and what is missing above it, each for its owner only; what is there stays as it is."""
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)


def private_dir(path: Path) -> Path:
    """Make the folder if need be, for its owner only (0700); `RefusedError` when that can't be had."""
    try:
        make_folders(path)
        found = path.stat()
        if not stat.S_ISDIR(found.st_mode) or found.st_mode & stat.S_ISVTX:
            # Root could close anything that is there, a device or everybody's /tmp.
            raise RefusedError(f"{path} is no folder of its own", hint="give another with CONSOLE_DATA_DIR")
        if found.st_uid != os.geteuid():
            return _foreign(path)
        if found.st_mode & _OTHERS:
            path.chmod(0o700)
    except OSError as error:
        raise RefusedError(
            f"the folder {path} can't be used: {error.strerror}",
            hint="give another with CONSOLE_DATA_DIR",
        ) from None
    return path


def _foreign(path: Path) -> Path:
    if os.geteuid() != 0:
        raise RefusedError(f"the folder {path} belongs to somebody else", hint="give another with CONSOLE_DATA_DIR")
    return path


def _at_home(path: Path) -> Path:
    if not path.is_absolute():
        raise UsageError("no home folder is known", hint="set HOME, or CONSOLE_DATA_DIR and CONSOLE_CONFIG")
    return path
