"""The floor of the screen's benchmarks: the smallest Textual app that answers a key."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.events import Key
from textual.widgets import Static


class BareApp(App[None]):
    pressed = 0

    def compose(self) -> ComposeResult:
        yield Static("READY 0", id="s")

    def on_key(self, _event: Key) -> None:
        self.pressed += 1
        self.query_one("#s", Static).update(f"READY {self.pressed}")


if __name__ == "__main__":
    BareApp().run()
