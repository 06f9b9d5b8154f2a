"""Codes beside the password: time-based ones (RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes."""

from __future__ import annotations

import hashlib
import re
import secrets

STEP_SECONDS = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
ISSUER = "Console"
_DIGITS = 6
_TOTP = re.compile(rf"[0-9]{{{_DIGITS}}}")
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_LETTERS = 20
_RECOVERY = re.compile(rf"[{_ALPHABET}]{{{_LETTERS}}}")


def new_secret() -> str:
    """A fresh secret of 160 bits in base32."""
    import pyotp

    return pyotp.random_base32(32)


def enrolment_url(secret: str, email: str) -> str:
    """The otpauth URL that an authenticator app reads."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def matching_step(secret: str, code: str, at: float) -> int | None:
    """The time step whose code this is: that of `at` (seconds since 1970), the one before or the one after, or None.

    Only ASCII digits count; blanks are left out. Which steps are used up is for the database to say.
    """
    import pyotp

    given = code.replace(" ", "").strip()
    if _TOTP.fullmatch(given) is None:
        return None
    now, hotp = int(at) // STEP_SECONDS, pyotp.HOTP(secret)
    steps = range(max(0, now - DRIFT_STEPS), now + DRIFT_STEPS + 1)
    found = [step for step in steps if secrets.compare_digest(hotp.at(step), given)]
    return found[-1] if found else None


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 20 letters and digits, 99 bits each, in groups of five."""
    return tuple(_grouped("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))) for _ in range(RECOVERY_CODES))


def recovery_hash(code: str) -> bytes | None:
    """The SHA-256 of a recovery code, as it is kept; None for a text that can't be one."""
    plain = re.sub(r"[\s-]", "", code[:100]).lower()
    return hashlib.sha256(plain.encode()).digest() if _RECOVERY.fullmatch(plain) else None


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + 5] for at in range(0, len(letters), 5))
