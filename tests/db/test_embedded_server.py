from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from console.db.embedded.server import EmbeddedServer
from console.errors import ConnectionFailedError
from tests.db.embedded_support import ask, consoles, do, open_directory, pgdata, postmaster_pid

Serve = Callable[[Path], EmbeddedServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    made: list[EmbeddedServer] = []

    def make(data_dir: Path) -> EmbeddedServer:
        made.append(EmbeddedServer(data_dir))
        return made[-1]

    yield make
    for server in made:
        server.stop()
    for server in made:
        server.destroy()


@pytest.fixture
def open_path() -> Iterator[Path]:
    with open_directory() as path:
        yield path


def test_first_and_warm_start_keep_rows_and_addresses(serve: Serve, tmp_path: Path) -> None:
    server = serve(tmp_path / "new" / "data")
    first = server.start()
    assert server.is_running()
    do(first.owner, "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7)")
    server.stop()
    assert not server.is_running()
    with server as again:
        assert again == first
        assert ask(again.owner, "SELECT id FROM kept") == 7


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("max_connections", "200"),
        ("shared_buffers", "128MB"),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
    ],
)
def test_settings(shared_server: EmbeddedServer, setting: str, value: str) -> None:
    assert ask(shared_server.start().superuser, f"SHOW {setting}") == value


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path_factory.mktemp("shared"))
    server.start()
    yield server
    server.destroy()


def test_each_login_is_who_it_should_be(shared_server: EmbeddedServer) -> None:
    urls = shared_server.start()
    logins = [ask(url, "SELECT current_user") for url in (urls.superuser, urls.owner, urls.app, urls.gateway)]
    assert logins == ["postgres", "console_migrator", "console_app_login", "console_gateway_login"]


def test_a_wrong_password_is_refused(shared_server: EmbeddedServer) -> None:
    urls = shared_server.start()
    password = urls.app.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(urls.app.replace(password, "wrong"))


def test_passwords_stay_out_of_texts_and_of_others_sight(shared_server: EmbeddedServer) -> None:
    urls = shared_server.start()
    assert "password" not in repr(urls)
    assert urls.app not in repr(urls)
    data_dir = shared_server._data_dir
    assert stat.S_IMODE((data_dir / "passwords.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(data_dir.stat().st_mode) & 0o067 == 0
    assert stat.S_IMODE(pgdata(data_dir).stat().st_mode) == 0o700
    assert stat.S_IMODE(pgdata(data_dir).parent.stat().st_mode) == 0o700


def test_start_twice_is_one_start(shared_server: EmbeddedServer) -> None:
    urls = shared_server.start()
    pid = postmaster_pid(shared_server._data_dir)
    assert shared_server.start() == urls
    assert postmaster_pid(shared_server._data_dir) == pid


def test_databases_are_made_copied_and_dropped(shared_server: EmbeddedServer) -> None:
    urls = shared_server.create_database('it\'s a "db" 100%')
    do(urls.owner, "CREATE TABLE t (v public.halfvec(3))", "INSERT INTO t VALUES ('[1,2,3]')")
    copy = shared_server.create_database("copy", template='it\'s a "db" 100%')
    assert ask(copy.owner, "SELECT v::text FROM t") == "[1,2,3]"
    assert ask(copy.app, "SELECT current_database()") == "copy"
    with pytest.raises(ConnectionFailedError, match="already exists"):
        shared_server.create_database("copy")
    shared_server.drop_database("copy")
    shared_server.drop_database("copy")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(copy.owner)


def test_text_functions_know_all_letters(shared_server: EmbeddedServer) -> None:
    found = ask(shared_server.start().app, "SELECT lower('ÉÄЖ') || to_tsvector('simple', 'ÄPFEL')::text")
    assert found == "éäж'äpfel':1"


@pytest.mark.parametrize("name", ["it's a blank", "100% +& ü", "a,b:c", 'quo"ted', "$(false) `false` \\", "l" * 120])
async def test_odd_paths(open_path: Path, serve: Serve, name: str) -> None:
    urls = serve(open_path / name).start()
    assert pgdata(open_path / name).is_relative_to(open_path / name)
    assert ask(urls.app, "SELECT 1") == 1
    engine = create_async_engine(urls.app.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "console_app_login"
    finally:
        await engine.dispose()


def test_processes_agree_on_the_socket_of_a_long_path(open_path: Path, serve: Serve) -> None:
    data_dir = open_path / ("l" * 120)
    server = serve(data_dir)
    urls = server.start()
    with consoles(data_dir, 1) as (other,):
        assert other.url() == urls.app
        other.leave()
    server.stop()
    assert server.start() == urls


def test_a_shared_directory_is_refused_and_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(ConnectionFailedError, match="shared"):
        EmbeddedServer(tmp_path).start()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConnectionFailedError) as caught:
        EmbeddedServer(tmp_path / "file").start()
    assert "\n" not in caught.value.message
    assert caught.value.hint
