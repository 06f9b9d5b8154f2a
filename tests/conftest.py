"""What every test may use: one embedded server for the run, a database per test process, fresh workspaces per test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.engine import Database
from console.db.migrate import migrate
from console.services import passwords

QUICK = 4
PATIENCE = 60.0

# The same examples in every run, however busy the machine is.
settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as there are processors: most of the time a test waits for another process."""
    return min(8, 2 * len(os.sched_getaffinity(0)))


@pytest.fixture(scope="session")
def server_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A short path shared by all test processes of the run: the server in it is shared too."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    path = Path(tempfile.gettempdir()) / f"console-tests-{run[:12]}"
    path.mkdir(mode=0o700, exist_ok=True)
    yield path
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_cluster_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test's own servers leave outside its directory goes with it: root's clusters lie apart."""
    place: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    for marker in place.rglob("cluster-directory") if place else ():
        shutil.rmtree(marker.read_text("utf-8").strip(), ignore_errors=True)


@pytest.fixture(scope="session")
def server(server_dir: Path) -> Iterator[EmbeddedServer]:
    """The embedded server, running."""
    server = EmbeddedServer(server_dir)
    with psycopg.connect(server.start().superuser, autocommit=True) as connection:
        # Of a machine that loses power no test knows: those that end servers have their own.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def urls(server: EmbeddedServer) -> ServerUrls:
    """A migrated database of this test process's own."""
    urls = server.create_database(f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}")
    migrate(urls.owner)
    return urls


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords hashed by this process cost it next to nothing; what the product's cost is, its commands show."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", QUICK)
        patch.setattr(passwords, "_NOBODY", f"$2b${QUICK:02}${passwords._NOBODY[7:]}")
        yield


@pytest.fixture
async def db(urls: ServerUrls) -> AsyncIterator[Database]:
    """The database as the app role."""
    database = Database(urls.app, pool_size=10)
    database.pool.patience = PATIENCE
    yield database
    await database.close()


@pytest.fixture
async def gateway_db(urls: ServerUrls) -> AsyncIterator[Database]:
    """The database as the gateway role."""
    database = Database(urls.gateway, pool_size=10)
    database.pool.patience = PATIENCE
    yield database
    await database.close()
