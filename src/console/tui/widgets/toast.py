"""Toasts: text only, never markup."""

from __future__ import annotations

from typing import Any, Literal

from textual.app import App

Severity = Literal["information", "warning", "error"]
SECONDS = 3.0


def toast(app: App[Any], text: str, severity: Severity = "information") -> None:
    """Show one line for a moment."""
    app.notify(text, severity=severity, timeout=SECONDS, markup=False)
