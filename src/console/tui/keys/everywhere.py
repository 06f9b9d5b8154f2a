"""What works on every screen."""

from __future__ import annotations

from console.tui.areas import AREAS
from console.tui.command import Command, Scope

EVERYWHERE = (
    *(
        Command(
            f"area.{area.id}", area.title, str(area.number), f"go to {area.title}", Scope.GLOBAL, f"area('{area.id}')"
        )
        for area in AREAS
    ),
    Command(
        "palette",
        "Commands",
        "colon,ctrl+p",
        "find a command by name",
        Scope.GLOBAL,
        "command_palette",
        footer=90,
        short="commands",
    ),
    Command("help", "Help", "question_mark", "every key, searchable", Scope.GLOBAL, "help", footer=99, short="help"),
    Command("mentions", "Mentions", "at", "notes that name you, and what you were given", Scope.GLOBAL, "mentions"),
    Command("tour", "Tour", "", "two minutes: take over, reply, approve, publish; also ? then T", Scope.GLOBAL, "tour"),
    Command("theme", "Dark or light", "", "the other theme", Scope.GLOBAL, "theme"),
    Command("suspend", "Shell", "ctrl+z", "back to the shell for a while; fg returns", Scope.GLOBAL, "suspend"),
    Command("leave", "Leave", "q,ctrl+c,ctrl+q", "asks if something is unsent", Scope.GLOBAL, "leave"),
)
