"""Usage, cost and limits."""

from __future__ import annotations

from console.tui.command import Command, Scope

USAGE: tuple[Command, ...] = (
    Command(
        "usage.next_view",
        "Next view",
        "tab",
        "answers, tokens, cost, latency",
        Scope.USAGE,
        "usage_view(1)",
        footer=30,
        short="view",
    ),
    Command("usage.previous_view", "View before", "shift+tab", "the view before", Scope.USAGE, "usage_view(-1)"),
    Command(
        "usage.earlier",
        "Earlier",
        "left_square_bracket",
        "the period before",
        Scope.USAGE,
        "usage_move(1)",
        footer=35,
        short="earlier",
    ),
    Command(
        "usage.later",
        "Later",
        "right_square_bracket",
        "the period after",
        Scope.USAGE,
        "usage_move(-1)",
        footer=36,
        short="later",
    ),
    Command(
        "usage.window",
        "Month or day",
        "d",
        "a month by day, or a day by hour",
        Scope.USAGE,
        "usage_window",
        footer=40,
        short="month/day",
    ),
)
