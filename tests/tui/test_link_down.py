"""The link to the server is down while a visitor writes: each message is there once, in order, when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from console.db import hangup
from console.db import listen as listening
from console.db.engine import Database
from console.domain.live import Link
from console.services import Services
from tests.proxy import Proxy
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, Running, running

MISSED = [f"missed {number:02}" for number in range(50)]
Size = tuple[int, int]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that is stalled is looked at sooner."""
    for name in ("LIVE_POLL_SECONDS", "FALLBACK_POLL_SECONDS"):
        monkeypatch.setattr(listening, name, 0.5)


@contextmanager
def given_up_soon() -> Iterator[None]:
    """A stalled link is given up sooner; one that works, on a slow machine, would be as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "ANSWER_SECONDS", 0.5)
        patch.setattr(hangup, "PATIENCE_SECONDS", 1.0)
        yield


def shown(stage: Running) -> list[str]:
    """What the transcript holds of the missed ones, in its order."""
    assert stage.pane.thread is not None
    texts = [str(stage.pane.thread.messages[seq].content) for seq in sorted(stage.pane.thread.messages)]
    assert [block.parts[1].content.plain.strip() for block in stage.pane.transcript.blocks if len(block.parts) > 1]
    return [text for text in texts if text.startswith("missed")]


@pytest.mark.parametrize("fault", ["cut", "stall"])
async def test_what_was_said_meanwhile(desk: Desk, wire: Proxy, size: Size, fault: str) -> None:
    talk = await desk.waiting()
    services = Services(Database(wire.url))
    async with running(desk.console(services=services), size) as stage:
        await stage.sees("Crystal Minh", "live")
        await stage.take()
        await stage.type("half")
        getattr(wire, fault)()
        for text in MISSED:
            await talk.say(text)
        with given_up_soon():
            await stage.until(lambda: stage.app.link is Link.OFFLINE, "it is known to be offline")
            await stage.sees("offline")
            await stage.type(" a word")
            assert stage.pane.box.area.text == "half a word"
        wire.mend()
        await stage.until(lambda: stage.app.link is Link.LIVE, "live again")
        await stage.until(lambda: shown(stage) == MISSED, "all of them, once and in order")
        await stage.sees(MISSED[-1])
        assert stage.pane.box.area.text == "half a word"
        if size != NARROW:
            assert stage.rows.rows[0].snippet == MISSED[-1]
        plain = "\n".join(part.content.plain for block in stage.pane.transcript.blocks for part in block.parts)
        assert [plain.count(text) for text in MISSED] == [1] * 50
    await services.db.close()
