"""One Postgres cluster: initdb, configuration, start and stop through the bundled programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from functools import cached_property
from pathlib import Path

from console.db.embedded import locks, postmaster, sockets
from console.db.embedded.binaries import Binaries, clean_environment, locate
from console.db.embedded.files import read_text, write_private
from console.db.embedded.logins import SUPERUSER
from console.db.embedded.places import Places
from console.errors import ConnectionFailedError

SERVER_LOCK = "server.lock"
"""Held by every process of the cluster."""
_RECOVERY_SECONDS = 600
_RETRY_SECONDS = 15.0
_TRIES = 2
"""An initdb that something ended is begun anew once."""
_LOG_BYTES = 5_000_000
_PASSING = ("lock file", "shared memory block")  # what Postgres says while an old backend still ends
_SETTINGS = """\
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 128MB
fsync = on
timezone = 'UTC'
log_timezone = 'UTC'
log_error_verbosity = terse
"""


class Cluster:
    """A cluster in its place; everything here happens under the start lock."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = places.data_dir / SERVER_LOCK

    @cached_property
    def _binaries(self) -> Binaries:
        return locate(self._places)

    @property
    def exists(self) -> bool:
        """Whether the cluster has been made."""
        return self._places.pgdata.is_dir()

    def create(self, password: str) -> None:
        """Make the cluster, whole or not at all; `password` becomes the superuser's.

        Raises ConnectionFailedError when initdb fails twice.
        """
        places = self._places
        fresh = places.cluster / "data.new"
        for _ in range(_TRIES):
            done = self._initdb(fresh, f"{password}\n")
            if done.returncode == 0:
                break
        else:
            raise _failed("the embedded database can't be made", done.stderr)
        settings = read_text(fresh / "postgresql.conf") or ""
        write_private(fresh / "postgresql.conf", f"{settings}\ninclude 'console.conf'\n", places.account)
        write_private(fresh / "pg_hba.conf", "local all all scram-sha-256\n", places.account)
        fresh.rename(places.pgdata)

    def start(self) -> Path:
        """Start the server unless it runs, through crash recovery if need be; returns its socket's directory.

        Raises ConnectionFailedError with the last lines of the log when it can't.
        """
        give_up = time.monotonic() + _RETRY_SECONDS
        last = give_up + _RECOVERY_SECONDS
        while True:
            if (lock := locks.try_exclusive(self._lock)) is not None:
                self._launch(lock)
            elif (running := postmaster.read(self._places.pgdata)) and running.accepts():
                if running.ready:
                    return running.socket_dir
                give_up = min(last, time.monotonic() + _RETRY_SECONDS)
            if time.monotonic() > give_up:
                raise _failed("the embedded database does not start", self._log_end())
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server, ending its sessions, and wait until its last process is gone.

        Raises ConnectionFailedError when it does not end.
        """
        if not locks.is_free(self._lock):
            self._run("pg_ctl", "stop", "-m", "fast", "-w", "-t", "120")
        os.close(self._wait_for_lock("the embedded database does not stop"))

    def _wait_for_lock(self, otherwise: str) -> int:
        """Wait until no process of the cluster is left, also none that a killed console left behind."""
        give_up = time.monotonic() + _RETRY_SECONDS
        while (lock := locks.try_exclusive(self._lock)) is None:
            if time.monotonic() > give_up:
                raise _failed(otherwise, self._log_end())
            time.sleep(0.01)
        return lock

    def _initdb(self, fresh: Path, password: str) -> subprocess.CompletedProcess[str]:
        secret = self._places.cluster / "password.new"
        lock = self._wait_for_lock("the embedded database is still being made by another process")
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            write_private(secret, password, self._places.account)
            return self._run(
                *("initdb", "--username", SUPERUSER, "--pwfile", str(secret), "--data-checksums"),
                *("--auth-local=scram-sha-256", "--auth-host=reject", "--no-instructions", "--encoding=UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                pgdata=fresh,
                pass_fds=(lock,),
            )
        finally:
            os.close(lock)
            secret.unlink(missing_ok=True)

    def _launch(self, lock: int) -> None:
        """Start the server, which inherits `lock` and so holds it until its last process has ended."""
        places = self._places
        try:
            postmaster.clear_stale(places.pgdata)
            self._configure()
            log = self._fresh_log()
            done = self._run(
                *("pg_ctl", "start", "-w", "-t", str(_RECOVERY_SECONDS), "-l", places.log.name),
                pass_fds=(lock,),
            )
        finally:
            os.close(lock)
        said = self._log_end(log)
        if done.returncode != 0 and not any(reason in said for reason in _PASSING):
            raise _failed("the embedded database does not start", said or done.stderr)

    def _configure(self) -> None:
        socket = str(sockets.choose(self._places)).replace("'", "''")
        text = _SETTINGS.format(port=sockets.PORT, socket=f'"{socket}"')
        write_private(self._places.pgdata / "console.conf", text, self._places.account)

    def _fresh_log(self) -> int:
        """Set a log grown large aside, and give the length of what remains."""
        log = self._places.log
        size = log.stat().st_size if log.exists() else 0
        if size <= _LOG_BYTES:
            return size
        log.replace(log.with_suffix(".log.1"))
        return 0

    def _log_end(self, since: int = 0) -> str:
        text = read_text(self._places.log) or ""
        return text.encode(errors="surrogateescape")[since:][-4000:].decode(errors="replace")

    def _run(
        self, program: str, *args: str, pgdata: Path | None = None, pass_fds: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        # the data directory goes by the environment: with -D, pg_ctl would give it to a shell
        environment = clean_environment() | {"PGDATA": str(pgdata or self._places.pgdata)}
        return self._places.account.run(
            [self._binaries.path(program), *args],
            cwd=self._places.cluster,
            env=environment,
            pass_fds=pass_fds,
        )


def _failed(message: str, said: str) -> ConnectionFailedError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return ConnectionFailedError(message, hint="it said: " + " | ".join(lines[-3:]) if lines else None)
