"""Which addresses may be dialled for a tenant: those of the open internet, and what the server's operator allows."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.errors import ConsoleError, RefusedError, UsageError

WEB_PORTS = frozenset({80, 443})
LOOKING_SECONDS = 8.0
"""How long it may take to find out where a host is."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host's addresses, in the order to try them; raises `OSError`."""

_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
"""Not the open internet (IANA's registries of special addresses; and a cloud's metadata at 168.63.129.16)."""

_ENTRY = re.compile(r"(\[[^\]]+\](?:/\d+)?|[^:]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:./]*?)(?::(\d{1,5}))?")

_MEND = "CONSOLE_FETCH_PRIVATE is like wiki.corp.example, 10.1.0.0/16, 10.2.0.7:8080"


class PrivateAddressError(RefusedError):
    """An address that is not to be dialled for a tenant."""


class UnknownHostError(ConsoleError):
    """A host whose address nobody knows."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What sources may be read from.

    `allowed` may be dialled besides the open internet: (host or network, its only port or None for those of the web).
    `folders` of this machine hold all files that may be read; where none is named, any may.
    """

    allowed: tuple[tuple[str | Network, int | None], ...] = ()
    folders: tuple[Path, ...] = ()

    @classmethod
    def parse(cls, text: str, folders: str = "") -> Reach:
        """Read a list with commas of hosts, addresses and networks, each with `:port` unless 80 and 443 are meant.

        `folders` is a list with colons. Raises `UsageError`.
        """
        allowed = tuple(_entry(part.strip()) for part in text.split(",") if part.strip())
        return cls(allowed, tuple(_folder(part) for part in folders.split(":") if part))

    def reads(self, path: Path) -> bool:
        """Whether a file or folder of this machine may be read."""
        return not self.folders or any(path.is_relative_to(folder) for folder in self.folders)

    def names(self, host: str, port: int) -> bool:
        """Whether this host is allowed by its name, whatever its address."""
        return any(host == what and _fits(port, only) for what, only in self.allowed)

    def knows_port(self, port: int) -> bool:
        """Whether any entry allows this port."""
        return any(_fits(port, only) for _, only in self.allowed)

    def holds(self, address: Address, port: int) -> bool:
        """Whether this address is allowed though it is not public."""
        return any(
            not isinstance(what, str) and address.version == what.version and address in what and _fits(port, only)
            for what, only in self.allowed
        )


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise UsageError(f"CONSOLE_SOURCE_FOLDERS names folders from the root on, not {text!r}")
    return path.resolve()


PUBLIC = Reach()
"""Nothing besides the open internet."""


def is_public(text: str) -> bool:
    """Whether an address lies on the open internet."""
    address = parsed(text)
    if isinstance(address, ipaddress.IPv6Address) and address not in _OPEN_V6:
        return False
    inside = any(address in network for network in _NEVER if network.version == address.version)
    return address.is_global and not address.is_multicast and not inside


def parsed(text: str) -> Address:
    """The address in this text, an IPv4 one that stands in an IPv6 one unwrapped; `ValueError` for none."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """A host's addresses as the system knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def vetted(
    host: str, port: int, reach: Reach = PUBLIC, resolve: Resolver = system_addresses, *, any_port: bool = False
) -> Sequence[str]:
    """The addresses that may be dialled for a host: looked up once, and not one of the answers is refused.

    Raises `UnknownHostError`, `PrivateAddressError`.
    """
    try:
        async with asyncio.timeout(LOOKING_SECONDS):
            addresses = await resolve(host, port)
    except (OSError, UnicodeError):  # a time-out is one of the first
        addresses = ()
    if not addresses:
        raise UnknownHostError(f"the host {host[:100]} is not known")
    if not reach.names(host, port):
        for address in addresses:
            check_address(host, address, port, reach, any_port=any_port)
    return addresses


def check_address(host: str, address: str, port: int, reach: Reach = PUBLIC, *, any_port: bool = False) -> None:
    """Raise `PrivateAddressError` for an address, or a port of it, that is not public nor allowed."""
    public = is_public(address)
    if (public and (any_port or port in WEB_PORTS)) or reach.holds(parsed(address), port):
        return
    if public:
        raise PrivateAddressError(f"port {port} of {host[:100]} is not one of the web's", hint="80 and 443 are")
    raise PrivateAddressError(
        f"the host {host[:100]} is at a private address",
        hint="whoever runs this server may allow it: CONSOLE_FETCH_PRIVATE",
    )


def _entry(text: str) -> tuple[str | Network, int | None]:
    matched = _ENTRY.fullmatch(text)
    port = int(matched[2]) if matched and matched[2] else None
    if not matched or port == 0 or (port or 0) > 65_535:
        raise UsageError(f"{text[:100]!r} is no host or network", hint=_MEND)
    place = matched[1].replace("[", "").replace("]", "").lower()
    try:
        return ipaddress.ip_network(place), port
    except ValueError:
        if "/" in place or not re.fullmatch(r"[a-z0-9_.-]+", place):
            raise UsageError(f"{text[:100]!r} is no host or network", hint=_MEND) from None
        return place, port


def _fits(port: int, only: int | None) -> bool:
    return port in WEB_PORTS if only is None else port == only
