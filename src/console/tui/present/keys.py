"""The command table as the help shows it."""

from __future__ import annotations

from textual.content import Content

from console.domain.actor import Role
from console.tui.commands import COMMANDS, Command, Scope
from console.tui.present.tone import toned

_KEYS, _TITLE = 16, 19
_LEAST = 20


def help_lines(words: str, role: Role, width: int) -> Content:
    """The commands that match, by scope, in `width` cells; those beyond the role say which role they need."""
    lines: list[Content] = []
    for scope in Scope:
        found = [
            command for command in COMMANDS if command.scope is scope and command.keys and _matches(command, words)
        ]
        if found:
            lines += [toned(scope.value, "strong"), *(_line(command, role, width) for command in found), Content("")]
    return Content("\n").join(lines[:-1]) if lines else toned("no command has these words", "quiet")


def _matches(command: Command, words: str) -> bool:
    text = f"{command.title} {command.help} {command.shown_keys} {command.scope.value}".casefold()
    return all(word in text for word in words.casefold().split())


def _line(command: Command, role: Role, width: int) -> Content:
    """What it does stays in its column, however many lines that takes."""
    keys = toned(command.shown_keys.ljust(_KEYS), "mine" if role >= command.minimum else "off")
    needs = toned(f"   needs the role {command.minimum.label}", "soon") if role < command.minimum else Content("")
    does = (toned(command.help, "quiet") + needs).wrap(max(_LEAST, width - _KEYS - _TITLE))
    under = Content("\n" + " " * (_KEYS + _TITLE))
    return Content("").join([keys, Content(command.title.ljust(_TITLE)), under.join(does)])
