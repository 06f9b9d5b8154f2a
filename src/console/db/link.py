"""A plain connection for what runs outside the pool: migrations, checks, proofs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from console.errors import ConnectionFailedError

LINK: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "client_encoding": "utf8",
}
"""How soon a link that nobody answers on any more is given up: seconds, the last in milliseconds.

The encoding is part of the start-up message, so it costs no round trip and no environment sets another.
"""

if TYPE_CHECKING:
    from psycopg import Connection


@contextmanager
def direct(url: str, hint: str = "`console doctor` checks each part") -> Iterator[Connection[Any]]:
    """An autocommit connection for the block; `ConnectionFailedError` when there is none, or when it breaks."""
    import psycopg

    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10, client_encoding="utf8") as connection:
            yield connection
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise ConnectionFailedError(f"the database can't be reached: {reason}", hint=hint) from error
    except psycopg.ProgrammingError as error:
        if error.sqlstate is not None:
            raise
        raise ConnectionFailedError(
            "the database's URL is no URL", hint="postgresql://login:password@host/name"
        ) from error
