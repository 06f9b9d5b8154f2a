"""The quick way in for one verb: the driver alone, without the event loop and the mapper that `bootstrap` brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.config import Config
from console.errors import RefusedError

if TYPE_CHECKING:
    from console.domain.quota import Meter
    from console.text import SafeText

_OUTDATED = {"3F000", "42703", "42883", "42P01"}


def quick_meters(config: Config) -> tuple[SafeText, tuple[Meter, ...]] | None:
    """The workspace and its meters; None where somebody has to sign in first, with a password.

    Raises what `bootstrap.open_runtime`, `Auth.resume` and `Usage.meters` raise.
    """
    if not config.session_token and config.email and config.password:
        return None
    import psycopg

    from console.clock import utc_now
    from console.db.check import require_role
    from console.db.link import direct
    from console.keychain import TokenStore
    from console.services.quota_check import meters_of

    with _url(config) as url:
        try:
            with direct(url) as connection:
                require_role(connection)
                return meters_of(connection, TokenStore(config).load(), config.workspace, utc_now())
        except psycopg.ProgrammingError as error:
            if error.sqlstate not in _OUTDATED:
                raise
            raise _told(url) from error


def _told(url: str) -> RefusedError:
    from console.db.check import check_server

    try:
        check_server(url)
    except RefusedError as error:
        return error
    return RefusedError("the database is not as this program knows it", hint="`console doctor` checks each part")


@contextmanager
def _url(config: Config) -> Iterator[str]:
    if config.database_url:
        yield config.database_url
        return
    from console.db.embedded.server import EmbeddedServer
    from console.db.migrate import migrate, pending

    with EmbeddedServer(config.data_dir) as urls:
        if pending(urls.app):
            migrate(urls.owner)
        yield urls.app
