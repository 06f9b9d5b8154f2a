"""Web origins as people give them, in the one spelling that browsers send."""

from __future__ import annotations

import ipaddress
import re

from console.errors import InvalidInputError
from console.text import one_line

_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535
_MAX_ORIGIN = 300
_PARTS = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^/?#@:\[\]\\\s]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LIKE = "like https://shop.example or http://localhost:3000"


def check_origin(text: str) -> str:
    """The origin (RFC 6454) in lower case, its host in punycode, without the default port.

    Raises `InvalidInputError` for what is none, or stands for more than one.
    """
    given = text.strip()
    _refuse_vague(given)
    found = _PARTS.fullmatch(given.lower()) if len(given) <= _MAX_ORIGIN else None
    if found is None or found[1] not in _PORTS:
        raise _none(given, "an origin is http:// or https://, a host, and a port where it has one")
    host, port = _host(given, found[2]), int(found[3] or _PORTS[found[1]])
    if not 1 <= port <= _MAX_PORT:
        raise _none(given, f"{port} is no port")
    return f"{found[1]}://{host}" + ("" if port == _PORTS[found[1]] else f":{port}")


def _refuse_vague(given: str) -> None:
    scheme, _, rest = given.partition("://")
    if given == "null":
        raise _none(given, "any page can make itself null: a sandboxed frame does")
    if "*" in given:
        raise _none(given, "one origin is listed at a time, without wildcards")
    if "@" in rest:
        raise _none(given, "an origin has no user")
    if "/" in rest or "?" in rest or "#" in rest:
        host = re.split(r"[/?#]", rest)[0]
        raise _none(given, "an origin has no path", f"{one_line(scheme, 20)}://{one_line(host, 253)}")


def _host(given: str, host: str) -> str:
    if host.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            raise _none(given, "its host is no IPv6 address") from None
    name = host if host.isascii() else _punycode(given, host)
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise _none(given, "its host is no IPv4 address of four plain numbers") from None
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _none(given, "its host is no name")
    return name


def _punycode(given: str, host: str) -> str:
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise _none(given, "its host is no name") from None


def _none(given: str, why: str, like: str | None = None) -> InvalidInputError:
    return InvalidInputError(f"{one_line(given, 80)!r} can't be listed: {why}", hint=like or _LIKE)
