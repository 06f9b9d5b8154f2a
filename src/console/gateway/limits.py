"""How much the gateway takes: from one visitor, one address, for one agent, and in all."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from console.config import Config
from console.errors import UsageError
from console.text import one_line

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Numbers per minute unless said otherwise; seconds for what has to happen in time.

    `messages`, `reads`, `typing`, `openings` (of streams) and `streams` (open at once) are one visitor token's;
    `requests`, `address_streams` and `address_connections` (open at once) one address's; `starts` one agent's;
    `connections` are all that may be open at once. Behind `trusted_proxies` the address is the one they name.
    """

    messages: int = 60
    reads: int = 600
    typing: int = 60
    openings: int = 60
    streams: int = 10
    requests: int = 6000
    address_streams: int = 100
    address_connections: int = 200
    starts: int = 600
    connections: int = 1000
    trusted_proxies: tuple[Network, ...] = ()
    header_seconds: float = 10.0
    idle_seconds: int = 15
    body_seconds: float = 10.0
    write_seconds: float = 20.0


def configured(config: Config) -> Limits:
    """The limits of the settings; `UsageError` for a proxy that is no address or network."""
    return Limits(
        messages=config.gateway_messages,
        reads=config.gateway_reads,
        typing=config.gateway_typing,
        openings=config.gateway_openings,
        requests=config.gateway_requests,
        starts=config.gateway_starts,
        address_streams=config.gateway_address_streams,
        address_connections=config.gateway_address_connections,
        connections=config.gateway_connections,
        trusted_proxies=_networks(config.gateway_trusted_proxies),
    )


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(
            f"gateway.trusted_proxies {one_line(text, 80)!r} holds what is no address or network",
            hint="addresses and networks with commas between, like 10.0.0.5, 10.1.0.0/16",
        ) from None
