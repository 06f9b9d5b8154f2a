"""Text is UTF-8 for us, whatever the environment prefers."""

from __future__ import annotations

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.link import direct

TEXT = "é \u201c😀\u201d"


async def test_every_letter_is_kept(urls: ServerUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    elsewhere = Database(urls.app, pool_size=1)
    for found in (elsewhere.read_once, elsewhere.write_once):
        assert (await found(None, "SELECT cast(:text AS text)", text=TEXT)).rows[0][0] == TEXT
    await elsewhere.close()
    with direct(urls.app) as connection:
        assert connection.execute("SELECT %s", (TEXT,)).fetchone() == (TEXT,)
