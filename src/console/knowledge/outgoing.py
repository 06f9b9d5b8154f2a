"""A model's words before a visitor reads them: no pictures, no HTML, no way to a host that is not cited."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from console.knowledge.invisible import visible

MAX_ANSWER_CHARS = 6000
_ROUNDS = 5
_GONE = "[link removed]"
# Any text is read in linear time: runs are possessive, and a scheme is looked for once in a run of letters.
_IMAGE = re.compile(r"!\[([^\[\]]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\[\]\n]*\])")
_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*+<?([^()\s<>]*+(?:\([^()\s]*+\)[^()\s<>]*+)*+)>?[^()\n]*+\)")
_DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\[\]\n]+\]:[^\n]*$", re.MULTILINE)
_TAG = re.compile(
    r"</?[a-z][^<>=]*+=[^<>]*+(?:>|\Z)|</?(?:script|style|iframe|object|embed|svg|math|form|meta|link|base|img|a|video|"
    r"audio|source|input|template)\b[^<>]*+(?:>|\Z)|<!--.*?(?:-->|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_ADDRESS = re.compile(
    r"(?<![a-z0-9+.-])(?P<before>[0-9+.-]*+)(?=[a-z])[a-z0-9+.-]*+:[/\\]{2}[^\s<>\"'`)\]]+"
    r"|[/\\]{2}[^\s<>\"'`)\]]+"
    r"|\b(?:javascript|data|vbscript|file|blob):[^\s<>\"'`)\]]+"
    r"|\bwww\.[^\s<>\"'`)\]]+"
    r"|\b(?:[\w-]{1,63}\.){1,8}[a-z]{2,63}(?::\d{1,5})?[/?][^\s<>\"'`)\]]*",
    re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9.-]+")


def hosts_of(uris: Iterable[str]) -> frozenset[str]:
    """The hosts of those addresses that are web pages."""
    return frozenset(host for uri in uris if (host := _host(uri)))


def cleaned(answer: str, hosts: Collection[str], limit: int = MAX_ANSWER_CHARS) -> str:
    """The answer as a visitor may see it; only links to `hosts` are left in it."""
    text = visible(answer[: limit * 4])
    for _ in range(_ROUNDS):
        before = text
        text = _TAG.sub("", _IMAGE.sub(r"\1", text))
        text = _LINK.sub(lambda found: found[0] if _host(found[2]) in hosts else found[1], text)
        if text == before:
            break
    text = _DEFINITION.sub("", text)
    text = _ADDRESS.sub(lambda found: _kept(found, hosts), text)
    return _cut(text.strip(), limit)


def holds(text: str, mark: str) -> bool:
    """Whether a secret mark is in a text, however it is spaced or written."""
    return _letters(mark) in _letters(text) or _letters(mark)[::-1] in _letters(text)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _kept(found: re.Match[str], hosts: Collection[str]) -> str:
    before = found["before"] or ""
    return found[0] if _allowed(found[0][len(before) :], hosts) else before + _GONE


def _allowed(address: str, hosts: Collection[str]) -> bool:
    return _host(address if ":" in address.partition("/")[0] else f"https://{address.lstrip('/')}") in hosts


def _host(address: str) -> str:
    """The host of a plain http(s) address; empty for any other, and for one that tries to hide it."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or "\\" in address or not _HOST.fullmatch(host):
        return ""
    return host


def _cut(text: str, limit: int) -> str:
    """At most `limit` characters, ended at a sentence where one ends late enough."""
    if len(text) <= limit:
        return text
    end = max(text.rfind(mark, limit // 2, limit - 1) for mark in (". ", "\n", "! ", "? "))
    return f"{text[: end + 1 if end > 0 else limit - 1].rstrip()}…"
