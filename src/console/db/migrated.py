"""Whether a schema is this version's: one look with the app's rights, without loading the queue's library."""

from __future__ import annotations

import hashlib
from importlib.metadata import version

from console.resources import resource


def is_current(url: str) -> bool:
    """Whether exactly the migrations that this version knows are applied; False too when nothing can be read."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            rows = connection.execute("SELECT name, checksum FROM schema_migrations").fetchall()
    except psycopg.Error:
        return False
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in resource("sql").glob("[0-9]*_*.sql")}
    queue = f"jobs_{version('procrastinate')}"
    applied = dict(rows)
    return applied.pop(queue, None) is not None and applied == files
