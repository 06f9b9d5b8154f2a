"""The third pane of a broad terminal."""

from __future__ import annotations

from console.tui.widgets.top_bar import OneLine


class Facts(OneLine):
    """What is known about the conversation, over as many lines as it takes."""
