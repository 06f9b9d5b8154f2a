"""Whose address a request counts for."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from console.gateway.limits import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEIGHBOURHOOD = 64
UNKNOWN = "unknown"


def parse(text: str) -> Address | None:
    """An address, with or without a port; an IPv4 one in IPv6 clothes as itself; None when it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_trusted(address: Address | None, proxies: Sequence[Network]) -> bool:
    """Whether the address is a proxy whose word on its client is taken."""
    return address is not None and any(address in network for network in proxies)


def client(peer: str | None, forwarded: Sequence[str], proxies: Sequence[Network]) -> Address | None:
    """The peer, or behind trusted proxies the right-most hop of X-Forwarded-For that is none of them."""
    found = parse(peer or "")
    hops = [hop for line in forwarded for hop in line.split(",")]
    while hops and is_trusted(found, proxies):
        hop = parse(hops.pop())
        if hop is None:
            break
        found = hop
    return found


def counted(address: Address | None) -> str:
    """What an address counts as: an IPv6 one as its /64, which is what one subscriber has."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _NEIGHBOURHOOD), strict=False))
    return str(address) if address else UNKNOWN
