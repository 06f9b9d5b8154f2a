"""`console paths`: where the console keeps its files."""

from __future__ import annotations

from console.cli.call import Call
from console.cli.parser import Parser


def register(noun: Parser) -> None:
    """Add the arguments of `console paths`."""
    noun.handled_by(_paths, examples=[("console paths", "data, log, config file, sign-in")])


def _paths(call: Call) -> None:
    from console.keychain import TokenStore

    paths = call.config.paths
    found = {
        "config": paths.config_file,
        "data": paths.data,
        "state": paths.state,
        "drafts": paths.drafts,
        "log": paths.log_file,
        "token": TokenStore(call.config).describe(),
    }
    if call.out.json:
        call.out.data(found)
        return
    for name, place in found.items():
        call.out.text(f"{name:8}{place}")
