"""Usage: meters against limits, one plot against the period before, agents and models."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from time import monotonic
from typing import Any, ClassVar

from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from console.domain.quota import Period
from console.domain.usage import UsageReport
from console.tui.commands import Scope, bindings
from console.tui.present import usage as shown
from console.tui.present.tone import toned
from console.tui.present.usage import UsageRow, View
from console.tui.screens.base import STYLES
from console.tui.screens.listing import ListScreen
from console.tui.widgets.detail import Detail
from console.tui.widgets.drawing import Drawing
from console.tui.widgets.ground import Panes
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.virtual_list import VirtualList
from console.tui.widgets.words import FilterBox

AGAIN = 30.0
MOST_BACK = 120


class UsageScreen(ListScreen[UsageRow]):
    """Read again every half minute; the views are of one reading."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.USAGE)
    CSS_PATH: ClassVar[CSSPathType | None] = [STYLES / "listing.tcss", STYLES / "usage.tcss"]
    what: ClassVar[str] = "what was used"
    tabs: ClassVar[tuple[str, ...]] = tuple(View)
    row_height: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.period, self.back = Period.MONTH, 0
        self.report: UsageReport | None = None
        self._read_at = 0.0

    @property
    def view(self) -> View:
        """What the plot shows."""
        return View(self.tab)

    @property
    def wide(self) -> bool:
        """A row in full always has the place of the list and the plot."""
        return False

    def body(self) -> ComposeResult:
        """Views, meters, plot and figures, table."""
        yield OneLine(id="tabs")
        yield FilterBox(id="filter")
        yield Static(id="meters", markup=False)
        yield OneLine(id="short")
        with Panes(id="middle"):
            yield Drawing(id="chart")
            yield Static(id="figures", markup=False)
        yield OneLine(id="columns")
        with Panes(id="panes"):
            yield VirtualList[UsageRow](self.row_key, self.row_lines, row_height=self.row_height, id="list")
            yield Detail(id="detail")

    async def read_rows(self, tab: str) -> Sequence[UsageRow]:  # noqa: ARG002 - all views are of one reading
        """The report, and its agents and models as rows."""
        app = self.console_app
        report = await app.services.usage.report(app.actor, self.period, back=self.back)
        self.report, self._read_at = report, monotonic()
        agents = [UsageRow("agent", one) for one in report.agents]
        return [*agents, *(UsageRow("model", one) for one in report.models)]

    def row_key(self, row: UsageRow) -> Hashable:
        """Kind and name."""
        return row.key

    def row_lines(self, row: UsageRow, width: int) -> Sequence[Content]:
        """One line."""
        return [shown.row_line(row, self.view, width)]

    def row_text(self, row: UsageRow) -> str:
        """Kind and name."""
        return f"{row.kind} {row.one.name}"

    def empty(self, tab: str) -> Content:  # noqa: ARG002 - it is so in all views
        """Nothing was used."""
        words = toned("Nothing was used in this period.\n", "strong")
        return words + toned("[ goes to the one before", "quiet")

    def detail_lines(self, row: UsageRow, detail: Any, width: int) -> Content:  # noqa: ARG002 - all is known
        """A row, step by step."""
        return shown.row_details(row, self.report, width) if self.report else Content("")

    def summary(self) -> Content:
        """Which period is shown."""
        return toned(shown.period_words(self.report), "quiet") if self.report else Content("")

    def show_rows(self, *, top: bool = False) -> None:
        """Draw everything that was read."""
        super().show_rows(top=top)
        self.draw()

    def draw(self) -> None:
        """Draw meters, figures and plot."""
        if self.report is None or not self.size.width:
            return
        report, now, width = self.report, self.console_app.now(), self.size.width
        meters = [shown.meter_line(meter, width - 1, now, report.window) for meter in report.meters]
        self.query_one("#meters", Static).update(Content("\n").join(meters))
        self.query_one("#figures", Static).update(Content("\n\n").join(shown.figures(report)))
        self.query_one("#short", OneLine).show(Content("   ").join(shown.figures(report, brief=True)))
        self.query_one("#columns", OneLine).show(shown.columns(width - 1))
        self._draw_chart()

    def _draw_chart(self) -> None:
        if self.report is not None:
            self.query_one(Drawing).show(partial(shown.chart, self.report, self.view))

    def on_resize(self) -> None:
        """Everything is as wide as the screen."""
        self.draw()

    def tick(self) -> None:
        """Read again from time to time."""
        super().tick()
        if self._was_read and monotonic() - self._read_at >= AGAIN:
            self._read_at = monotonic()
            self.reread()

    def turn_to(self, tab: str) -> None:
        """Another view of what is read already."""
        self.tab = tab
        self.show_tabs()
        self.rows.redraw()
        self._draw_chart()

    def action_usage_view(self, step: int) -> None:
        """The next view, or the one before."""
        self._turn(step)

    def action_usage_move(self, step: int) -> None:
        """An earlier period, or a later one."""
        self.back = min(MOST_BACK, max(0, self.back + step))
        self.reread()

    def action_usage_window(self) -> None:
        """A month by day, or a day by hour."""
        self.period = Period.DAY if self.period is Period.MONTH else Period.MONTH
        self.back = 0
        self.reread()

    def action_list_copy(self) -> None:
        """Copy the row, step by step, as a table."""
        if (row := self.current) is not None and self.report is not None:
            self.app.copy_to_clipboard(shown.as_text(row, self.report))
            self.console_app.say(f"copied what {row.one.name} used")
