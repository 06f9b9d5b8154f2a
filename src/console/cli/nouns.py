"""The nouns of the command line: one line each, in the order in which help shows them."""

from __future__ import annotations

from typing import NamedTuple


class Noun(NamedTuple):
    """A word after `console`: its module is `console.cli.<name>`, read only when the word is used."""

    name: str
    area: str
    summary: str


NOUNS = (
    Noun("chat", "Agents", "be a visitor in the terminal, through the gateway"),
    Noun("paths", "This machine", "where the console keeps its files"),
    Noun("completion", "This machine", "a completion script for bash, zsh or fish"),
)
EXAMPLES = (
    ("console", "open the console"),
    ("console chat --agent help", "talk to an agent as a visitor"),
    ("console paths --json", "any command can print JSON"),
)
