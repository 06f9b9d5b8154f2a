"""The card of an agent's versions: what one changed is read page by page where it is longer than the card."""

from __future__ import annotations

import re

from tests.tui.support.desk import Desk
from tests.tui.support.stage import Running, running
from tests.tui.test_agents import at_agents, edit, publish

RULES = [f"rule {number:02}" for number in range(60)]
MORE = "space page down"


def rules(stage: Running) -> set[str]:
    return set(re.findall(r"rule \d\d", stage.text))


async def test_a_long_change_is_read_page_by_page(desk: Desk, size: tuple[int, int]) -> None:
    await edit(desk, guardrails=RULES)
    await publish(desk, "many rules")
    await edit(desk, guardrails=[])
    await publish(desk, "none")
    async with running(desk.console(desk.people.admin), size) as stage:
        await at_agents(stage)
        await stage.press("v")
        await stage.sees("visitors meet this one", "- roll back   esc close")
        assert MORE not in stage.text
        await stage.press("j")
        await stage.sees("v3 (live) → v2", "rule 00", f"{MORE}   b page up   - roll back   esc close")
        seen, first = set[str](), rules(stage)
        while len(now := rules(stage)) and not now <= seen:
            seen |= now
            await stage.press("space")
        assert sorted(seen) == RULES
        assert rules(stage) != first
        for _ in RULES:
            await stage.press("b")
        assert rules(stage) == first
        await stage.press("k")
        await stage.until(lambda: MORE not in stage.text, "nothing to scroll")
