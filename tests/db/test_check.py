"""A server that does not fit is refused with its mend."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from console.db import check
from console.db.check import check_server, server_facts
from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import Migration, load, migrate
from console.errors import ConnectionFailedError, RefusedError

LATER = Migration("0999_later.sql", "SELECT 1", "0")


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[ServerUrls]:
    name = f"unfit_{os.getpid()}"
    yield server.create_database(name)
    server.drop_database(name)


def _refusal(url: str, *, known: tuple[Migration, ...] | None = None) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        check_server(url, known)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value


def test_the_app_and_the_gateway_may_start(urls: ServerUrls) -> None:
    for url in (urls.app, urls.gateway):
        facts = check_server(url)
        assert facts.pending == ()
        assert facts.schema_version == [m.name for m in load()][-2].removesuffix(".sql")
        assert facts.server_version.startswith("18.")
        assert facts.pgvector_version == "0.8.5"


def test_a_superuser_is_refused(urls: ServerUrls) -> None:
    assert "superuser" in _refusal(urls.superuser).message


def test_the_owner_is_refused(urls: ServerUrls) -> None:
    assert "owner" in _refusal(urls.owner).message


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ("CREATE ROLE {0} LOGIN BYPASSRLS PASSWORD 'x' IN ROLE console_app", "BYPASSRLS"),
        (
            "CREATE ROLE {0}_above BYPASSRLS; CREATE ROLE {0} LOGIN PASSWORD 'x' IN ROLE console_app, {0}_above",
            "may act",
        ),
        ("CREATE ROLE {0} LOGIN PASSWORD 'x' IN ROLE console_app, console_owner", "may act"),
    ],
)
def test_who_is_not_bound_by_row_security_is_refused(urls: ServerUrls, roles: str, says: str) -> None:
    name = f"unbound_{os.getpid()}"
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(roles.format(name).encode())
        try:
            assert says in _refusal(psycopg.conninfo.make_conninfo(urls.app, user=name, password="x")).message
        finally:
            connection.execute(f"DROP ROLE {name}; DROP ROLE IF EXISTS {name}_above".encode())


def test_an_empty_database_and_an_older_schema_ask_for_migrate(empty: ServerUrls, urls: ServerUrls) -> None:
    assert server_facts(empty.app).schema_version is None
    assert _refusal(empty.app).hint == "run `console db migrate`"
    migrate(empty.owner)
    check_server(empty.app)
    assert server_facts(empty.app, (*load(), LATER)).pending == (LATER.name,)
    assert _refusal(empty.app, known=(*load(), LATER)).hint == "run `console db migrate`"


def test_a_newer_schema_asks_for_the_newer_version(urls: ServerUrls) -> None:
    known = tuple(m for m in load() if m.name < "0120" or not m.name[0].isdigit())
    assert _refusal(urls.app, known=known).hint == "install the newer version"


def test_a_migration_that_could_not_begin_is_still_pending(empty: ServerUrls) -> None:
    with pytest.raises(RefusedError):
        migrate(empty.owner, (Migration("0001_x.sql", "nonsense", "0"),))
    assert _refusal(empty.app).hint == "run `console db migrate`"


def test_pgvector_is_asked_for(empty: ServerUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(empty.owner)
    monkeypatch.setattr(check, "OLDEST_PGVECTOR", (99, 0))
    assert "0.8.5" in _refusal(empty.app).message
    with psycopg.connect(empty.superuser, autocommit=True) as connection:
        connection.execute("DROP EXTENSION vector CASCADE")
    assert "CREATE EXTENSION" in str(_refusal(empty.app).hint)


def test_an_old_server_is_refused(urls: ServerUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "OLDEST_SERVER", 990000)
    assert "PostgreSQL 18" in _refusal(urls.app).message


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nothing", "nonsense", "postgresql://[::1"])
def test_what_can_not_be_reached_is_told_so(url: str) -> None:
    with pytest.raises(ConnectionFailedError):
        check_server(url)
