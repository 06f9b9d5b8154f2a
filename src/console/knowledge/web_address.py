"""Web addresses as a person or a page gives them: one plain spelling each, or refused before anything is dialled."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from console.addresses import PUBLIC, WEB_PORTS, Reach, check_address
from console.errors import InvalidInputError
from console.text import one_line

MAX_CHARS = 2000
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INSIDE = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "svc", "metadata.goog")
"""Names that only mean something inside a network."""
_PORTS = {"http": 80, "https": 443}
_HOST_CHARS = 253


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A checked address: `target` is its path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def web_address(text: str, reach: Reach = PUBLIC) -> WebAddress:
    """Read an address. Raises `InvalidInputError`, or `PrivateAddressError` for one that leads inside.

    The host is one that a resolver can't read as something else: a name of plain letters (others in punycode), or an
    address in its one usual form.
    """
    shown = one_line(text, 120)
    if len(text) > MAX_CHARS:
        raise InvalidInputError(f"the address is longer than {MAX_CHARS:,} characters")
    if re.search(r"[\x00-\x20\x7f-\x9f\\]", text):
        raise InvalidInputError(f"{shown} is no web address: it has blanks or control characters in it")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidInputError(f"{shown} is no web address") from None
    if parts.scheme not in _PORTS or not parts.netloc:
        raise InvalidInputError(f"{shown} is no web address", hint="one begins with https:// or http://")
    if "@" in parts.netloc:
        raise InvalidInputError("an address with a name or password in it is refused")
    port = _PORTS[parts.scheme] if port is None else port
    host = _host(parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc.rstrip(":"), port, reach)
    if port not in WEB_PORTS and not reach.knows_port(port):
        raise InvalidInputError(f"port {port} is not one of the web's", hint="80 and 443 are")
    query = f"?{_quoted(parts.query)}" if parts.query else ""
    return WebAddress(parts.scheme, host, port, (_quoted(parts.path) or "/") + query)


def _host(text: str, port: int, reach: Reach) -> str:
    shown = one_line(text, 80)
    if text.startswith("["):
        return _literal(text.strip("[]"), shown, port, reach)
    host = _plain(text, shown)
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _literal(host, shown, port, reach)
    if not all(map(_LABEL.fullmatch, labels)) or len(host) > _HOST_CHARS:
        raise InvalidInputError(f"{shown} is no host name")
    inside = len(labels) == 1 or any(host == name or host.endswith(f".{name}") for name in _INSIDE)
    if inside and not reach.allowed:
        raise InvalidInputError(f"{shown} is a name inside a network, not on the web")
    return host


def _plain(text: str, shown: str) -> str:
    """Lower case; in punycode where it has other letters, and never anything that looks like other characters."""
    if text.isascii():
        return text.lower()
    import idna

    try:
        return idna.encode(text.lower(), strict=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise InvalidInputError(f"{shown} is no host name") from None


def _literal(text: str, shown: str, port: int, reach: Reach) -> str:
    """An address instead of a name, in its usual form only: others are read differently by different programs."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise InvalidInputError(f"{shown} is no address of a host") from None
    if "%" in text:
        raise InvalidInputError(f"{shown} is no address of a host")
    check_address(shown, str(address), port, reach)
    return str(address)


def _quoted(text: str) -> str:
    """What is not allowed as it is, percent-encoded (RFC 3986)."""
    return quote(text, safe="/?:@!$&'()*+,;=~%-._")
