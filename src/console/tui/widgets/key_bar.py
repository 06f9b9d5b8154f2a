"""The line at the bottom: the keys that matter now, from the command table."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.timer import Timer

from console.tui.commands import BY_ID, Command, Scope
from console.tui.present.tone import joined, toned
from console.tui.widgets.top_bar import OneLine

MOST = 8
REST = 0.2


class KeyBar(OneLine):
    """Five to eight keys; those that can't be used now are left out, those the role forbids are grey."""

    led = False
    """Whether something stands before the keys."""
    _rest: Timer | None = None

    def on_mount(self) -> None:
        """Follow what is bound where the focus is."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._update_soon())
        self.call_after_refresh(self.update_keys)

    def _update_soon(self) -> None:
        """With the last of several changes: a held key must not pay for it."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self.update_keys)

    def on_resize(self) -> None:
        """More room, more keys."""
        self.update_keys()

    def update_keys(self) -> None:
        """Show the keys bound now."""
        if self.is_attached and self.size.width:
            lead = self.lead()
            self.led = bool(lead)
            room = self.size.width - (lead.cell_length + 3 if lead else 0)
            keys = key_line([pair for pair in self._active() if self.words(pair[0])], room, self.words)
            self.show(Content(" ") + lead + Content("  ") + keys if lead else keys)

    def lead(self) -> Content:
        """What the screen has to say for the moment, before the keys."""
        lead = getattr(self.screen, "footer_lead", None)
        return lead() if lead else Content("")

    def words(self, command: Command) -> str:
        """The words of a command, which may depend on what it acts on."""
        words = getattr(self.screen, "footer_words", None)
        return words(command) if words else command.short

    def _active(self) -> list[tuple[Command, bool]]:
        from textual.widgets import Input, TextArea

        typing = isinstance(self.screen.focused, Input | TextArea)
        found: dict[str, tuple[Command, bool]] = {}
        for active in self.screen.active_bindings.values():
            command = BY_ID.get(active.binding.id or "")
            if command is not None and command.footer and not (typing and _typed(command)):
                found.setdefault(command.id, (command, active.enabled))
        return sorted(found.values(), key=lambda pair: pair[0].footer)


def key_line(commands: list[tuple[Command, bool]], width: int, words: Callable[[Command], str]) -> Content:
    """The keys that fit; help is always among them."""
    last = [pair for pair in commands if pair[0].id == "help"]
    first = [pair for pair in commands if pair[0].id != "help"]
    for count in range(min(len(first), MOST - len(last)), -1, -1):
        line = Content(" ") + joined(*(_key(command, words(command), on) for command, on in [*first[:count], *last]))
        if line.cell_length <= width:
            return line
    return Content("")


def _typed(command: Command) -> bool:
    """Whether the command's key is text while something is typed."""
    single = len(command.shown_key) == 1 or command.shown_key == "enter"
    return single and command.scope is not Scope.COMPOSER


def _key(command: Command, words: str, enabled: bool) -> Content:
    if not enabled:
        return toned(f"{command.shown_key} {words}", "off")
    return joined(toned(command.shown_key, "mine"), toned(words, "quiet"), gap=" ")
