"""The passwords of the embedded server: random, one a login, in a file that only its owner reads."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from console.db.embedded.files import read_text, write_private
from console.errors import ConnectionFailedError


@dataclass(frozen=True, slots=True)
class Passwords:
    """One password a login."""

    superuser: str = field(repr=False)
    owner: str = field(repr=False)
    app: str = field(repr=False)
    gateway: str = field(repr=False)

    @classmethod
    def keep(cls, path: Path, *, create: bool) -> Self:
        """Read the passwords; make them first if there are none and `create` is true.

        Raises ConnectionFailedError when the file is missing or damaged.
        """
        text = read_text(path)
        if text is None and create:
            made = cls(*(secrets.token_urlsafe(24) for _ in range(4)))
            write_private(path, json.dumps(asdict(made)))
            return made
        try:
            return cls(**json.loads(text or ""))
        except (ValueError, TypeError):
            raise ConnectionFailedError(
                f"the database's passwords in {path} are {'damaged' if text else 'missing'}",
                hint="restore that file from a backup of the data directory",
            ) from None
