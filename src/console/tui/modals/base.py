"""What every modal has: our tones, and esc."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.screen import ModalScreen

from console.tui.present.tone import TONES

Result = TypeVar("Result")


class Modal(ModalScreen[Result]):
    """A card over the screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONES)
