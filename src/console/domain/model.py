"""Chat and embedding models: the endpoint that serves them, what a workspace sets, what a token costs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from console.errors import InvalidInputError

OPENAI_URL = "https://api.openai.com/v1"
DEFAULT_CHAT = "gpt-4o-mini"
"""The chat model where an endpoint is set and no model is named."""

_NAME = re.compile(r"[\w.:/@+-]{1,200}", re.ASCII)
_MOST_MODELS = 50
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible endpoint; one that a tenant named is dialled at public addresses only."""

    base_url: str
    key: str | None = field(default=None, repr=False)
    is_tenants: bool = False

    @property
    def host(self) -> str:
        """Host and port, for a person to read."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDefaults:
    """What this server uses where a workspace sets nothing; no endpoint means that answers are extracts."""

    endpoint: Endpoint | None = None
    chat: str = DEFAULT_CHAT
    embedding: str = ""
    private_hosts: frozenset[str] = frozenset()
    seconds: int = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """A workspace's own: empty means the server's. `allowed` empty means that agents may name any model."""

    base_url: str = ""
    default: str = ""
    allowed: tuple[str, ...] = ()
    embedding: str = ""

    def chosen(self, wanted: str, fallback: str) -> str:
        """The model that answers for an agent that wants `wanted` (empty: whatever is the default)."""
        name = wanted or self.default
        if name and self.allowed and name not in self.allowed:
            name = self.default if self.default in self.allowed else self.allowed[0]
        return name or (self.allowed[0] if self.allowed else fallback)


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """US dollars for a million tokens read and written."""

    input_usd: Decimal
    output_usd: Decimal

    def cost(self, tokens_in: int, tokens_out: int) -> Decimal:
        """US dollars, to the twelfth digit: exact for a price of six."""
        exact = (self.input_usd * tokens_in + self.output_usd * tokens_out) / _MILLION
        return exact.quantize(Decimal("1e-12"))


def check_base_url(text: str) -> str:
    """An address that can be an endpoint, without a slash at its end; `InvalidInputError` for any other."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known or re.search(r"[\s\\\x00-\x1f\x7f?#]|[^\x00-\x7f]", url):
        raise InvalidInputError("the endpoint's address is no plain http(s) address", hint="like https://host/v1")
    if "@" in parts.netloc:
        raise InvalidInputError("the endpoint's address holds a name or password", hint="set the key by itself")
    return url


def check_model_name(text: str) -> str:
    """A model's name; `InvalidInputError` for what can't be one."""
    name = text.strip()
    if not _NAME.fullmatch(name):
        raise InvalidInputError("that is no model's name", hint="like gpt-4o-mini")
    return name


def to_settings(stored: Mapping[str, Any]) -> ModelSettings:
    """The workspace's settings as they are stored."""
    kept = stored.get("model") or {}
    return ModelSettings(
        base_url=str(kept.get("base_url", "")),
        default=str(kept.get("default", "")),
        allowed=tuple(str(name) for name in kept.get("allowed", ())),
        embedding=str(kept.get("embedding", "")),
    )


def checked_settings(settings: ModelSettings) -> ModelSettings:
    """The same settings, every part of them fit to store; `InvalidInputError` else."""
    allowed = tuple(dict.fromkeys(check_model_name(name) for name in settings.allowed))
    default = check_model_name(settings.default) if settings.default else ""
    if len(allowed) > _MOST_MODELS:
        raise InvalidInputError(f"{len(allowed)} models are allowed, more than {_MOST_MODELS}")
    if default and allowed and default not in allowed:
        raise InvalidInputError(f"the default model {default} is not among those allowed", hint="allow it too")
    return ModelSettings(
        base_url=check_base_url(settings.base_url) if settings.base_url else "",
        default=default,
        allowed=allowed,
        embedding=check_model_name(settings.embedding) if settings.embedding else "",
    )
