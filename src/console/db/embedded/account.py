"""The account that Postgres runs as: one's own, or an unprivileged one when the console runs as root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group; `switch` when it is not the one this process runs as."""

    uid: int
    gid: int
    switch: bool = False

    @classmethod
    def own(cls) -> Self:
        """The account of this process."""
        return cls(os.geteuid(), os.getegid())

    @classmethod
    def for_cluster(cls, place: Path) -> Self:
        """The account to run a cluster in `place` as: its owner, else `nobody` for root, else one's own."""
        if os.geteuid() != 0:
            return cls.own()
        if place.exists() and (owner := place.stat()).st_uid != 0:
            return cls(owner.st_uid, owner.st_gid, switch=True)
        return cls.unprivileged()

    @classmethod
    def unprivileged(cls) -> Self:
        """`nobody` by name, by its usual number where the name is missing."""
        import pwd

        try:
            entry = pwd.getpwnam("nobody")
        except KeyError:
            return cls(_NOBODY, _NOBODY, switch=True)
        return cls(entry.pw_uid, entry.pw_gid, switch=True)

    def run(
        self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str], pass_fds: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, new files closed to all others, and give its output as text.

        Raises OSError when the account can't reach or run the program.
        """
        return subprocess.run(  # noqa: S603  the program is one of the bundled binaries
            list(args),
            cwd=cwd,
            env=dict(env),
            pass_fds=tuple(pass_fds),
            umask=0o077,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def reaches(self, directory: Path) -> bool:
        """Whether this account may pass through every directory down to `directory`."""
        if not self.switch:
            return os.access(directory, os.X_OK)
        done = self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(directory)], cwd=Path("/"), env=os.environ)
        return done.returncode == 0

    def give(self, path: Path) -> None:
        """Make this account the owner of `path`."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
