"""What is said to the database about sessions: texts only, for the services and for the plain driver alike."""

from __future__ import annotations

import hashlib

SESSION = "SELECT * FROM auth_session(:hash)"
MEMBERSHIPS = "SELECT * FROM auth_memberships(:hash)"
STANDING = (
    "SELECT role, CASE WHEN cast(:hash AS bytea) IS NULL THEN 0 ELSE auth_session_idle(:hash) END AS idle"
    " FROM workspace_users WHERE workspace_id = :ws AND user_id = :user AND left_at IS NULL"
)
"""The role, and the seconds since the session was last seen."""


def hashed(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
