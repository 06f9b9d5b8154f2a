"""How a transaction of one tenant begins, and the texts of statements for the driver alone."""

from __future__ import annotations

import re
from uuid import UUID

STATEMENT_SECONDS = 30
_NAMED = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")


def begin(workspace_id: UUID | None, *, read_only: bool, one_moment: bool = False) -> str:
    """The statements that begin a transaction, as one text, to be sent unprepared.

    In one of `one_moment` every statement sees the same rows.
    """
    # SET takes no parameters: only a UUID object's own text may stand here.
    tenant = str(UUID(int=workspace_id.int)) if workspace_id is not None else ""
    mode = "READ ONLY" if read_only else "READ WRITE"
    level = "REPEATABLE READ" if one_moment else "READ COMMITTED"
    # The fences are written for READ COMMITTED, whatever the server or the login prefers.
    return (
        f"BEGIN ISOLATION LEVEL {level} {mode};"
        f" SET LOCAL app.workspace_id = '{tenant}'; SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s';"
        # Whoever is frozen in mid-transaction loses it, and the locks with it.
        f" SET LOCAL idle_in_transaction_session_timeout = '{STATEMENT_SECONDS}s';"
        # Times are shown, and hashed in the audit log, as they are read.
        " SET LOCAL TimeZone = 'UTC'"
    )


def for_driver(statement: str) -> str:
    """A statement with `:name` parameters as psycopg writes them."""
    return _NAMED.sub(r"%(\1)s", statement.replace("%", "%%"))
