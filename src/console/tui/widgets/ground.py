"""What holds other widgets and shows nothing of its own."""

from __future__ import annotations

from textual.containers import Container, Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


def ground(widget: Widget, crop: Region) -> list[Strip]:
    """One empty line for all: whatever changes on a screen, Textual asks all that lies beneath it for every line."""
    line = Strip.blank(crop.width, widget.visual_style.rich_style)
    for each in widget.get_line_filters():
        line = line.apply_filter(each, widget.background_colors[1])
    return [line] * crop.height


class Body(Container):
    """All between the lines at the top and the bottom."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The ground."""
        return ground(self, crop)


class Panes(Horizontal):
    """What stands side by side."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The ground."""
        return ground(self, crop)


class Pane(Vertical):
    """What stands one above the other."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The ground."""
        return ground(self, crop)
