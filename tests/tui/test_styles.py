from __future__ import annotations

from collections import Counter

from textual.css.styles import RulesMap
from textual.dom import DOMNode

from console.tui.stylesheet import OnceParsed
from console.tui.themes import DARK, LIGHT
from tests.tui.support.desk import Desk
from tests.tui.support.stage import BROAD, NARROW, running


class Counting(OnceParsed):
    """Counts how often each widget with an id was styled."""

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self.styled: Counter[str] = Counter()

    def apply(
        self, node: DOMNode, *, animate: bool = False, cache: dict[tuple[object, ...], RulesMap] | None = None
    ) -> None:
        self.styled[node.id or ""] += 1
        super().apply(node, animate=animate, cache=cache)


async def test_what_is_parsed_stays_parsed_when_screens_come(desk: Desk) -> None:
    app = desk.console()
    async with running(app, NARROW) as stage:
        await stage.sees("1 Inbox")
        before = list(app.stylesheet.rules)
        await stage.press("2")
        await stage.until(lambda: app.current_mode == "gaps", "gaps")
        after = {id(rule) for rule in app.stylesheet.rules}
        assert len(after) > len(before)
        assert all(id(rule) in after for rule in before)


async def test_another_theme_has_other_colours_on_every_screen(desk: Desk) -> None:
    app = desk.console()
    async with running(app, NARROW) as stage:
        await stage.sees("1 Inbox")
        assert app.screen.styles.background.hex.lower() == DARK.background
        app.theme = LIGHT.name
        await stage.until(lambda: app.screen.styles.background.hex.lower() == LIGHT.background, "light")
        await stage.press("2")
        await stage.until(lambda: app.current_mode == "gaps", "gaps")
        assert app.screen.styles.background.hex.lower() == LIGHT.background


async def test_a_new_screen_is_styled_once(desk: Desk) -> None:
    app = desk.console()
    app.stylesheet = counting = Counting(variables=app.get_css_variables())
    async with running(app, BROAD) as stage:
        await stage.sees("1 Inbox", "No conversations yet")
        assert counting.styled["news"] == counting.styled["facts"] == 1
        assert app.screen.query_one("#facts").display
