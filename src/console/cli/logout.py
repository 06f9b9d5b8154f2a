"""`console logout`: end the session, on the server and here."""

from __future__ import annotations

from console.cli.call import Call
from console.cli.parser import Parser


def register(noun: Parser) -> None:
    """Add the arguments of `console logout`."""
    noun.handled_by(_logout, examples=[("console logout", "end this session")])


async def _logout(call: Call) -> None:
    from console.cli.session import runtime
    from console.keychain import TokenStore

    store = TokenStore(call.config)
    token = store.load()
    if token is not None:
        async with runtime(call) as opened:
            await opened.services.auth.logout(token)
        if call.config.session_token is None:
            store.delete()
    if call.out.json:
        call.out.data({"signed_out": token is not None})
        return
    call.out.text("signed out" if token is not None else "nobody was signed in")
