"""Where the files that travel with the program lie, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent.parent


def resource(name: str) -> Path:
    """The folder `name` (`sql` or `styles`): inside the wheel, or at the top of the checkout."""
    packaged = _PACKAGE / "_resources" / name
    return packaged if packaged.is_dir() else _CHECKOUT / name
