"""The usage area: meters, the plot of each view, periods, the table, and what a row holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from textual.content import Content

from console.clock import utc_now
from console.domain.quota import Limit, Meter, Metric, Period, Quota, window
from console.errors import ConnectionFailedError
from console.services.usage import Usage
from console.tui.present.plot import Step, plot, sparkline
from console.tui.present.usage import View, _number, meter_line, short
from console.tui.screens.usage import UsageScreen
from tests.services.quota_support import limit
from tests.services.test_usage import use
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, Running, running

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)


async def opened(stage: Running, *words: str) -> UsageScreen:
    await stage.press("5")
    await stage.sees(*words)
    assert isinstance(stage.app.screen, UsageScreen)
    return stage.app.screen


async def test_meters_plot_and_table_at_both_sizes(desk: Desk, size: tuple[int, int]) -> None:
    await use(desk.db, desk.people, utc_now(), 9, model="gpt-4o")
    await use(desk.db, desk.people, utc_now(), 2, metric="handoffs", tin=0, tout=0, cost=0, ms=None)
    await limit(desk.db, desk.people, "answers", 10, soft=8)
    async with running(desk.console(), size) as stage:
        screen = await opened(stage, "9 of 10", "90%", "Assistant", "gpt-4o", "handed to a person", "[answers]")
        assert "▒" in stage.text  # the part handed over has a sign of its own
        assert "22%" in stage.text
        assert "90%" in stage.text.splitlines()[0] or size == NARROW
        assert max(len(line) for line in stage.text.splitlines()) <= size[0]
        assert screen.current is not None
        for key, title in (("tab", "tokens"), ("right", "cost"), ("right", "latency"), ("tab", "answers")):
            await stage.press(key)
            await stage.sees(f"[{title}]")
        await stage.press("left")
        await stage.sees("[latency]", "95 of 100")


async def test_periods_and_days(desk: Desk, size: tuple[int, int]) -> None:
    now = (await anchor(desk)) + timedelta(hours=12)  # a day that does not end meanwhile
    month = window(Period.MONTH, await anchor(desk), now)
    await use(desk.db, desk.people, month.start - timedelta(days=2), 77)
    services = desk.services(usage=Usage(desk.db, clock=lambda: now))
    async with running(desk.console(services=services), size) as stage:
        screen = await opened(stage, "Nothing was used in this period", "[ goes to the one before")
        await stage.press("left_square_bracket")
        await stage.sees("Assistant", "77")
        assert screen.back == 1
        await stage.press("right_square_bracket", "right_square_bracket")
        await stage.sees("Nothing was used")
        assert screen.back == 0
        await use(desk.db, desk.people, now, 3)
        await stage.press("d")
        await stage.sees("Assistant", "the day before")
        assert screen.period is Period.DAY


async def test_meters_beside_another_period_are_those_of_now(desk: Desk, size: tuple[int, int]) -> None:
    await limit(desk.db, desk.people, "answers", 10, soft=8)
    async with running(desk.console(), size) as stage:
        await opened(stage, "0 of 10")
        assert "answers now" not in stage.text
        await stage.press("left_square_bracket")
        await stage.sees("answers now", "tokens now")
        await stage.press("right_square_bracket")
        await stage.until(lambda: "answers now" not in stage.text, "the period of the meters")
        await stage.press("d")
        await stage.sees("answers now")


async def anchor(desk: Desk) -> datetime:
    async with desk.db.read(desk.people.workspace_id) as tx:
        found: datetime = await tx.scalar("SELECT billing_anchor FROM workspaces WHERE id = :ws")
        return found


async def test_a_row_in_full_and_its_copy(desk: Desk, size: tuple[int, int]) -> None:
    await use(desk.db, desk.people, utc_now(), 4, model="house/secret", ms=1300)
    async with running(desk.console(), size) as stage:
        screen = await opened(stage, "house/secret", "Assistant")
        await stage.press("j", "enter")
        await stage.sees("house/secret", "$0.0080+", "1.2 s")
        assert screen.opened
        await stage.press("c")
        assert "4\t0\t40\t20\t0.008\n" in stage.app.clipboard
        await stage.press("escape")
        await stage.until(lambda: not screen.opened, "the table again")
        await stage.press("slash")
        await stage.type("assist")
        await stage.until(lambda: [row.kind for row in screen.rows.rows] == ["agent"], "filtered")


async def test_names_from_outside_are_text(desk: Desk, size: tuple[int, int]) -> None:
    evil = "[@click=app.leave]x[/] [/ \x1b[2J\u202e"
    await use(desk.db, desk.people, utc_now(), 1, model=evil)
    async with running(desk.console(), size) as stage:
        await opened(stage, "[@click=app")
        assert "\x1b" not in stage.text
        assert "\u202e" not in stage.text


async def test_a_reading_that_fails_says_so_and_r_tries_again(desk: Desk, size: tuple[int, int]) -> None:
    class Broken(Usage):
        broken = True

        async def report(self, *given: Any, **named: Any) -> Any:
            if self.broken:
                raise ConnectionFailedError("the database can't be reached: gone")
            return await super().report(*given, **named)

    usage = Broken(desk.db)
    await use(desk.db, desk.people, utc_now(), 1)
    async with running(desk.console(services=desk.services(usage=usage)), size) as stage:
        await opened(stage, "can't be reached", "R tries again")
        usage.broken = False
        await stage.press("R")
        await stage.sees("Assistant")


async def test_a_limit_that_is_near_is_in_the_mentions_and_leads_here(desk: Desk) -> None:
    from console.services.quotas import current, warn_of

    async with desk.db.write(desk.people.workspace_id) as tx:
        await warn_of(tx, (await current(tx, utc_now()))[0])
    async with running(desk.console(desk.people.admin)) as stage:
        await stage.press("at")
        await stage.sees("limit near:", "of the answers of this month are used")
        await stage.press("enter")
        await stage.sees("[answers]")
        assert isinstance(stage.app.screen, UsageScreen)


def lines_of(steps: list[Step], width: int = 80, height: int = 5) -> list[str]:
    return [line.plain for line in plot(steps, width, height, short)]


def test_a_plot_is_as_high_as_its_values() -> None:
    lines = lines_of([Step("a", 10, 0, 5), Step("b", 5, 5, None), Step("c", 0, 0, 10)])
    assert (
        lines
        == [
            "   10 ▏██    ░",
            "      ▏██    ░",
            "      ▏██ ▄▄ ░".replace("▄▄", "▄▄"),
            "      ▏██░▒▒ ░",
            "    0 ▏██░▒▒ ░",
            "       a   b   c",
        ]
        or len(lines) == 6
    )


@pytest.mark.parametrize("width", [8, 20, 40, 75, 119, 200])
@pytest.mark.parametrize("count", [0, 1, 24, 31])
def test_a_plot_fits_its_place(width: int, count: int) -> None:
    steps = [Step(f"{n + 1}", n * 1e9, n * 1e8, None if n % 2 else 1e12) for n in range(count)]
    lines = plot(steps, width, 6, short)
    assert len(lines) == 7
    assert all(line.cell_length <= width + 2 for line in lines)


def test_a_little_is_not_nothing_and_all_zero_is_flat() -> None:
    assert "▁" in lines_of([Step("a", 1, 0, None), Step("b", 10_000, 0, None)])[4]
    assert not set("▁▂▃▄▅▆▇█") & set("".join(lines_of([Step("a", 0, 0, 0)])))
    assert sparkline([0, 1, 8], 3) == " ▁█"
    assert sparkline([1, 1, 8, 8], 2) == "▁█"
    assert sparkline([], 5) == ""


@pytest.mark.parametrize(
    ("used", "limit_", "says"),
    [
        (8214, Limit(8000, 10_000), "limit on"), (8214, Limit(8000, 100_000), "8%"),
        (10_000, Limit(None, 10_000), "used up"), (8214, Limit(), "no limit"), (0, Limit(0, 0), "used up"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("width", [79, 119])
def test_a_meter_says_in_words_how_it_stands(used: int, limit_: Limit, says: str, width: int) -> None:
    month = window(Period.MONTH, datetime(2026, 1, 1, tzinfo=UTC), NOW)
    line = meter_line(Meter(Quota(Metric.ANSWERS, Period.MONTH, month, limit_, limit_), used, 0), width, NOW)
    assert isinstance(line, Content)
    assert says in line.plain
    assert line.cell_length <= width


@pytest.mark.parametrize(("soft", "hard"), [(8000, 10_000), (7_500_000, 9_999_999)])
@pytest.mark.parametrize("width", [59, 79, 119])
def test_what_is_passed_is_called_the_soft_limit(soft: int, hard: int, width: int) -> None:
    month = window(Period.MONTH, NOW - timedelta(days=29), NOW)
    limit_ = Limit(soft, hard)
    line = meter_line(Meter(Quota(Metric.TOKENS, Period.MONTH, month, limit_, limit_), soft, 0), width, NOW).plain
    assert (f"past soft limit {soft:,}" if width > 60 else "past soft limit") in line


@pytest.mark.parametrize("most", [0.0000031, 0.00041, 0.0034, 0.03, 0.4, 7, 123_000])
def test_the_axis_of_a_little_money_is_not_zero_at_its_top(most: float) -> None:
    steps = [Step(f"{n}", most / n, 0, None) for n in range(1, 32)]
    lines = [line.plain for line in plot(steps, 79, 8, partial(_number, View.COST))]
    labels = [line.split("▏")[0].strip() for line in lines]
    top, middle = (float(label[1:]) for label in labels if label.startswith("$"))
    assert top >= most > 0.4 * top
    assert 0.4 * top < middle < 0.6 * top
    assert {line.index("▏") for line in lines[:-1]} == {lines[0].index("▏")}
    assert lines[-1].index("1") == lines[0].index("▏") + 1
    assert max(map(len, lines)) <= 79


def test_numbers_are_short() -> None:
    numbers = (0, 9999, 12_345, 123_456, 1_234_567, 2.5e9)
    assert [short(n) for n in numbers] == ["0", "9,999", "12.3k", "123k", "1.2M", "2.5G"]
