"""The embedded Postgres server, shared by every console process that uses one data directory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from console.db.embedded import locks, places, postmaster, roles
from console.db.embedded.cluster import SERVER_LOCK, Cluster
from console.db.embedded.files import make_private
from console.db.embedded.keeper import Keeper
from console.db.embedded.passwords import Passwords
from console.db.embedded.urls import Address, ServerUrls
from console.errors import ConnectionFailedError, RefusedError

__all__ = ["EmbeddedServer", "ServerUrls"]


class EmbeddedServer:
    """One user of the server of `data_dir`; the server ends with the last of its users.

    A user is counted by a shared file lock, which the kernel drops however its process ends.
    """

    def __init__(self, data_dir: Path, *, database: str = "console") -> None:
        self._data_dir = data_dir.expanduser().resolve()
        self._database = database
        self._use: int | None = None
        self._address: Address | None = None
        self._keeper: Keeper | None = None

    def start(self) -> ServerUrls:
        """Join the users of the server, started and furnished with roles and the database if need be.

        Raises ConnectionFailedError, with the end of the server's log as hint, when it does not start.
        """
        return self._join().urls(self._database)

    def keep(self) -> None:
        """Start the server again whenever it dies, until `stop`."""
        self._keeper = self._keeper or Keeper(self._data_dir / SERVER_LOCK, self._join)

    def stop(self) -> None:
        """Leave the users of the server, and stop it when nobody else is among them.

        Raises ConnectionFailedError when it does not end.
        """
        if self._keeper is not None:
            self._keeper.end()
            self._keeper = None
        if self._use is None:
            return
        with _told(), self._alone():
            self._leave()
            if locks.is_free(self._users):
                self._end()

    def __enter__(self) -> ServerUrls:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def create_database(self, name: str, *, template: str | None = None) -> ServerUrls:
        """Make another database on the server, as a copy of `template` if one is named.

        Raises ConnectionFailedError when the server refuses, for instance because the name is taken.
        """
        address = self._address or self._join()
        with _told():
            roles.make_database(address, name, template)
        return address.urls(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, ending its sessions; a name that is not there is no error."""
        address = self._address or self._join()
        with _told():
            roles.drop_database(address, name)

    def is_running(self) -> bool:
        """Whether a server listens for this data directory."""
        running = postmaster.read(places.cluster_of(self._data_dir) / "data")
        return running is not None and running.accepts()

    def destroy(self) -> None:
        """Stop the server and delete its files, wherever they lie: for tests, and for beginning anew.

        Raises RefusedError while another process uses the server.
        """
        with _told(), self._alone():
            self._leave()
            if not locks.is_free(self._users):
                raise RefusedError(f"the database in {self._data_dir} is in use", hint="close the other consoles")
            self._end()
            places.remove(self._data_dir)

    @property
    def _users(self) -> Path:
        return self._data_dir / "users.lock"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        make_private(self._data_dir)
        with locks.exclusive(self._data_dir / "start.lock"):
            yield

    def _join(self) -> Address:
        with _told(), self._alone():
            joined = locks.shared(self._users) if self._use is None else self._use
            try:
                address = self._prepare()
            except BaseException:
                if self._use is None:
                    os.close(joined)
                raise
            self._use, self._address = joined, address
            return address

    def _prepare(self) -> Address:
        import psycopg

        settled = places.settle(self._data_dir)
        cluster = Cluster(settled)
        passwords = Passwords.keep(settled.passwords, create=not cluster.exists)
        if not cluster.exists:
            cluster.create(passwords.superuser)
        try:
            return self._furnished(cluster, passwords)
        except psycopg.OperationalError:
            # the server that was found running may have been about to end
            time.sleep(0.5)
            return self._furnished(cluster, passwords)

    def _furnished(self, cluster: Cluster, passwords: Passwords) -> Address:
        address = Address(cluster.start(), passwords)
        roles.furnish(address, self._database)
        return address

    def _leave(self) -> None:
        if self._use is not None:
            os.close(self._use)
            self._use = self._address = None

    def _end(self) -> None:
        if places.cluster_of(self._data_dir).exists():
            Cluster(places.settle(self._data_dir)).stop()


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the system and the driver raise into one line."""
    import psycopg

    try:
        yield
    except OSError as error:
        raise ConnectionFailedError(
            f"the embedded database can't use its files: {error}",
            hint="give the console a data directory of its own, on a disk with space left",
        ) from error
    except psycopg.Error as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise ConnectionFailedError(f"the embedded database refused: {said[0]}") from error
