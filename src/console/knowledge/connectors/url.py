"""A source that is one page of the web."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from console.addresses import Reach, UnknownHostError, vetted
from console.errors import ConsoleError, InvalidInputError
from console.knowledge.connectors.fetched import Before, Fetched, place_name
from console.knowledge.web_address import web_address


async def check(place: str, reach: Reach) -> str:
    """The page's address in its plain form; refused as `web_address` and `vetted` refuse. Nothing is dialled."""
    address = web_address(place.strip(), reach)
    try:
        await vetted(address.host, address.port, reach)
    except UnknownHostError as error:
        raise InvalidInputError(error.message, hint="look for a slip in its name") from None
    return str(address)


async def count(_uri: str) -> int:
    """Always one."""
    return 1


async def fetch(uri: str, reach: Reach, before: Mapping[str, Before]) -> AsyncIterator[Fetched]:
    """Fetch the page; one that its server no longer has is gone, one that can't be had now is an error."""
    from console.knowledge.fetch import Fetcher, FetchError

    name = place_name(uri)
    try:
        page = await Fetcher(reach=reach).fetch(web_address(uri, reach), before.get(uri))
    except ConsoleError as error:
        gone = isinstance(error, FetchError) and error.gone
        yield Fetched(uri, name, gone=f"the page is gone: {error.message}" if gone else None,
                      error=None if gone else error.message)  # fmt: skip
        return
    if page is None:
        yield Fetched(uri, name, unchanged=True)
    else:
        yield Fetched(uri, name, data=page.data, media_type=page.media_type, validators=page.validators)
