"""A verb on one conversation."""

from __future__ import annotations

from console.cli.parser import Handler, Parser


def on_one(noun: Parser, name: str, summary: str, handler: Handler) -> Parser:
    """Add a verb that takes one conversation."""
    verb = noun.verb(name, summary, handler, examples=[(f"console conv {name} 0197f3c2-...", summary)])
    verb.takes_id("the conversation")
    return verb
