"""Toasts: text only, never markup."""

from __future__ import annotations

from typing import Any, Literal

from textual.app import App

Severity = Literal["information", "warning", "error"]
_SECONDS = {"information": 4.0, "warning": 6.0, "error": 12.0}


def toast(app: App[Any], text: str, severity: Severity = "information") -> None:
    """Show one line for a while; errors stay longer."""
    app.notify(text, severity=severity, timeout=_SECONDS[severity], markup=False)
