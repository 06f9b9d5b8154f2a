"""A person's own sign-in: second factor, recovery codes, sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from console.text import SafeText


@dataclass(frozen=True, slots=True)
class Proof:
    """What a person shows again before an act that changes the sign-in."""

    password: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Whether codes are asked for, whether a secret waits to be confirmed, and how many recovery codes are left."""

    active: bool
    offered: bool
    recovery_codes: int


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """A secret for an authenticator app, and the otpauth URL that holds it."""

    secret: str = field(repr=False)
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """An open session; `id` is the beginning of its token's hash."""

    id: str
    seen_from: SafeText
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool
