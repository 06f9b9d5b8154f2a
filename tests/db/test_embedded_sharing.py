from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.db.embedded.server import EmbeddedServer
from console.errors import RefusedError
from tests.db.embedded_support import ask, consoles, postmaster_pid


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path)
    yield server
    server.destroy()


def test_the_last_one_out_stops_the_server(server: EmbeddedServer, tmp_path: Path) -> None:
    url = server.start().app
    with consoles(tmp_path, 1) as (other,):
        assert other.url() == url
        server.stop()
        assert server.is_running()
        assert ask(url, "SELECT 1") == 1
        other.leave()
    assert not server.is_running()


def test_a_killed_process_no_longer_counts(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    with consoles(tmp_path, 1) as (other,):
        other.url()
        other.kill()
    assert server.is_running()
    server.stop()
    assert not server.is_running()


def test_a_server_whose_only_user_was_killed_is_taken_over(server: EmbeddedServer, tmp_path: Path) -> None:
    with consoles(tmp_path, 1) as (other,):
        url = other.url()
        other.kill()
    pid = postmaster_pid(tmp_path)
    assert server.start().app == url
    assert postmaster_pid(tmp_path) == pid
    server.stop()
    assert not server.is_running()


def test_five_at_once_get_one_server(server: EmbeddedServer, tmp_path: Path) -> None:
    with consoles(tmp_path, 5) as running:
        addresses = {console.url() for console in running}
        assert len(addresses) == 1
        assert ask(addresses.pop(), "SELECT current_user") == "console_app_login"
        pid = postmaster_pid(tmp_path)
        for console in running[:4]:
            console.leave()
        assert server.is_running()
        assert postmaster_pid(tmp_path) == pid
        running[4].leave()
    assert not server.is_running()


def test_two_users_within_one_process_count_as_two(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    with EmbeddedServer(tmp_path):
        server.stop()
        assert server.is_running()
    assert not server.is_running()


def test_files_in_use_are_not_deleted(server: EmbeddedServer, tmp_path: Path) -> None:
    with consoles(tmp_path, 1) as (other,):
        url = other.url()
        with pytest.raises(RefusedError, match="in use"):
            server.destroy()
        assert ask(url, "SELECT 1") == 1
        other.leave()
