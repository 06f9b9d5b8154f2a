"""A transaction as one text: begun, its one statement run, and committed, in a single round trip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.adapt import Transformer

from console.db.rows import Result

_STATEMENT = -2
"""Its result's place, before that of COMMIT."""


async def whole(
    connection: psycopg.AsyncConnection[Any], begun: bytes, statement: bytes, params: Mapping[str, Any]
) -> Result:
    """Run one statement, in the driver's form, as a transaction that begins with the text `begun`.

    The server leaves off at the first error, so that nothing is committed then; it is in that transaction still.
    """
    literals = Transformer.from_context(connection)
    text = statement % {name.encode(): literals.as_literal(value) for name, value in params.items()}
    cursor = await connection.execute(begun + b";" + text + b";COMMIT", prepare=False)
    await cursor.set_result(_STATEMENT)
    found = cursor.pgresult is not None and cursor.pgresult.nfields
    return Result(await cursor.fetchall() if found else (), cursor.rowcount)
