"""Numbers as arguments."""

from __future__ import annotations

from argparse import ArgumentTypeError


def count(text: str) -> int:
    """A whole number from 1 up, for argparse; `ArgumentTypeError` for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise ArgumentTypeError(f"{text!r} is no number from 1 up")
    return int(text)
