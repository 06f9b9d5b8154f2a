"""Where no tokens are left, a try says until when, keeps the question, and asks no model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ai.endpoint import EMBEDDING_MODEL, FakeEndpoint, serving
from tests.ai.house import MODEL, defaults, models
from tests.services.knowledge_support import add_folder, write_articles
from tests.services.quota_support import limit
from tests.tui.support.desk import Desk
from tests.tui.support.stage import Running, running


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with serving() as there:
        yield there


async def tries(stage: Running, *keys: str) -> None:
    await stage.press(*keys[:1])
    await stage.sees("/ filter", "ssistant" if keys[0] == "4" else "ready")
    await stage.press(*keys[1:])
    await stage.sees("what a visitor might ask", "[Assistant]" if keys[0] == "3" else "Ask Assistant")
    await stage.type("apples")
    await stage.press("enter")


@pytest.mark.parametrize("keys", [("4", "p"), ("3", "f")])
async def test_a_try_is_refused_and_says_until_when(
    desk: Desk, size: tuple[int, int], endpoint: FakeEndpoint, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    write_articles(tmp_path, ["apples"])
    await add_folder(desk.db, desk.people.admin, tmp_path)
    found = models(desk.db, defaults(endpoint, embedding=EMBEDDING_MODEL))
    await limit(desk.db, desk.people, "tokens", 0)
    async with running(desk.console(desk.people.admin, desk.services(models=found, embedder=MODEL)), size) as stage:
        await tries(stage, *keys)
        await stage.sees("the limit of 0 tokens a month is", "begins anew at", "apples")
    assert endpoint.calls == []
