"""Where the files of an embedded server lie.

Postgres refuses to run as root, and its account must be able to pass through every directory above its
files. Where it can't, the cluster lies in a system directory and a marker file in the data directory says
so; permissions of directories that are not the console's own are never changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from console.db.embedded.account import Account
from console.db.embedded.files import make_private, read_text, set_mode, write_private
from console.errors import ConnectionFailedError

_SYSTEM = (Path("/var/lib/operator-console"), Path("/var/tmp/operator-console"))  # noqa: S108  root-owned, checked


@dataclass(frozen=True, slots=True)
class Places:
    """The directories of one server: `data_dir` is the console's, `cluster` belongs to `account`."""

    data_dir: Path
    cluster: Path
    account: Account

    @property
    def pgdata(self) -> Path:
        """The data directory of Postgres itself."""
        return self.cluster / "data"

    @property
    def passwords(self) -> Path:
        """The file of the passwords, closed to the account too."""
        return self.data_dir / "passwords.json"

    @property
    def socket_note(self) -> Path:
        """The file that names the socket's directory when it lies apart."""
        return self.data_dir / "socket-directory"

    @property
    def log(self) -> Path:
        """The log of the server."""
        return self.cluster / "server.log"


def marker_of(data_dir: Path) -> Path:
    """The file that names the cluster's directory when it lies outside the data directory."""
    return data_dir / "cluster-directory"


def cluster_of(data_dir: Path) -> Path:
    """The directory of the cluster, which may not exist yet."""
    elsewhere = read_text(marker_of(data_dir))
    return Path(elsewhere.strip()) if elsewhere else data_dir / "postgres"


def settle(data_dir: Path) -> Places:
    """Find the cluster's directory, or make it; to be called under the start lock.

    Raises ConnectionFailedError when the files of an earlier start are gone.
    """
    cluster = cluster_of(data_dir)
    account = Account.for_cluster(cluster)
    if not cluster.exists():
        if marker_of(data_dir).exists():
            raise ConnectionFailedError(
                f"the database files in {cluster} are gone",
                hint=f"restore them, or delete {data_dir} to begin anew with an empty database",
            )
        cluster = _make(data_dir, account)
    if account.switch and cluster.parent == data_dir and not account.reaches(data_dir):
        # the account may pass through the data directory, but neither list it nor write in it
        os.chown(data_dir, -1, account.gid)
        set_mode(data_dir, 0o710)
    return Places(data_dir, cluster, account)


def system_directory(account: Account) -> Path:
    """A directory made by root that `account` can pass through and only root can write in.

    Raises ConnectionFailedError when there is none.
    """
    for directory in _SYSTEM:
        try:
            directory.mkdir(mode=0o711, exist_ok=True)
            found = directory.lstat()
        except OSError:
            continue
        if found.st_uid == 0 and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022:
            set_mode(directory, 0o711)
            if account.reaches(directory):
                return directory
    raise ConnectionFailedError(
        "no directory that the database's unprivileged account can use",
        hint="run the console as an ordinary user, or set DATABASE_URL to a server of your own",
    )


def remove(data_dir: Path) -> None:
    """Delete the files of a stopped server, all but its locks."""
    places = Places(data_dir, cluster_of(data_dir), Account.own())
    apart = (read_text(places.socket_note) or "").strip()
    for directory in (places.cluster, *([Path(apart)] if apart else [])):
        shutil.rmtree(directory, ignore_errors=True)
    for file in (marker_of(data_dir), places.passwords, places.socket_note):
        file.unlink(missing_ok=True)


def _make(data_dir: Path, account: Account) -> Path:
    inside = not account.switch or account.reaches(data_dir.parent)
    cluster = data_dir / "postgres" if inside else _outside(data_dir, account)
    make_private(cluster)
    account.give(cluster)
    if not inside:
        write_private(marker_of(data_dir), f"{cluster}\n")
    return cluster


def _outside(data_dir: Path, account: Account) -> Path:
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    parent = system_directory(account)
    free = (parent / (name if n == 1 else f"{name}-{n}") for n in range(1, 10_000))
    return next(path for path in free if not path.exists())
