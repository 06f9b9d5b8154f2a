"""Connection addresses that libpq and SQLAlchemy read alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from console.db.embedded.logins import APP_LOGIN, GATEWAY_LOGIN, OWNER_LOGIN, SUPERUSER
from console.db.embedded.passwords import Passwords
from console.db.embedded.sockets import PORT


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """One address a login: `superuser` is for the bootstrap and for tests, `owner` runs the migrations."""

    superuser: str = field(repr=False)
    owner: str = field(repr=False)
    app: str = field(repr=False)
    gateway: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A running server: the directory of its socket, and the passwords."""

    socket_dir: Path
    passwords: Passwords

    def urls(self, database: str) -> ServerUrls:
        """The addresses of one database."""
        return ServerUrls(
            superuser=self._url(database, SUPERUSER, self.passwords.superuser),
            owner=self._url(database, OWNER_LOGIN, self.passwords.owner),
            app=self._url(database, APP_LOGIN, self.passwords.app),
            gateway=self._url(database, GATEWAY_LOGIN, self.passwords.gateway),
        )

    def _url(self, database: str, login: str, password: str) -> str:
        where = f"{_encoded(database)}?host={_encoded(str(self.socket_dir))}&port={PORT}"
        return f"postgresql://{login}:{_encoded(password)}@/{where}"


def _encoded(text: str) -> str:
    return quote(text, safe="")
