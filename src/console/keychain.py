"""Where the session token is kept between runs: the environment, the system's keyring, or a private file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, urlsplit

from console.config import Config
from console.errors import RefusedError
from console.paths import APP
from console.private import delete_private, read_private, write_private

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

KEYRING_SECONDS = 3.0
_UNSAFE_BACKENDS = ("keyring.backends.fail", "keyring.backends.null", "keyring.backends.chainer", "keyrings.")
_T = TypeVar("_T")


class TokenStore:
    """Keeps one session token per server, so that a token never goes to a server that did not give it."""

    def __init__(self, config: Config) -> None:
        self._given = config.session_token
        self._scope = _scope(config)
        self._file = config.paths.token_file(self._scope)
        self._keyring_works = True

    def save(self, token: str) -> str:
        """Keep the token in the keyring, else in the file; returns where, as `describe` does."""
        if self._in_keyring(lambda backend: _store(backend, self._scope, token)):
            delete_private(self._file)
        else:
            write_private(self._file, token.encode())
        return self.describe()

    def load(self) -> str | None:
        """The token, or None when there is none; `RefusedError` when its file is a symlink or not private."""
        if self._given:
            return self._given
        # the file exists only where the keyring failed, and then holds the newest token
        kept = read_private(self._file)
        if kept is not None:
            return kept.decode(errors="replace").strip() or None
        return self._in_keyring(lambda backend: backend.get_password(APP, self._scope))

    def delete(self) -> None:
        """Forget the token, in the file and in the keyring."""
        delete_private(self._file)
        self._in_keyring(lambda backend: _forget(backend, self._scope))

    def describe(self) -> str:
        """Where the token lies, in words for the user."""
        if self._given:
            return "the variable CONSOLE_SESSION_TOKEN"
        name = None if self._file.exists() else self._in_keyring(_name)
        return f"the keyring ({name})" if name else f"the file {self._file}, readable by you only (no keyring is used)"

    def _in_keyring(self, use: Callable[[KeyringBackend], _T]) -> _T | None:
        """Use the keyring in a thread of its own: it may wait for a dialogue that nobody can see."""
        if not self._keyring_works:
            return None
        try:
            return _within(KEYRING_SECONDS, lambda: use(_backend()))
        except Exception:  # whatever a backend raises means the same: no keyring
            self._keyring_works = False
            return None


def kept_secret(name: str) -> str | None:
    """A secret that a person put into the keyring under the console's name; None without one, or without a keyring."""
    try:
        return _within(KEYRING_SECONDS, lambda: _backend().get_password(APP, name)) or None
    except Exception:  # whatever a backend raises means the same: no keyring
        return None


def _scope(config: Config) -> str:
    url = urlsplit(config.database_url or "")
    socket = "".join(parse_qs(url.query).get("host", ()))
    server = f"{url.netloc.rpartition('@')[2]}{socket}{url.path}" or str(config.data_dir)
    return hashlib.sha256(server.encode(errors="surrogatepass")).hexdigest()[:12]


def _backend() -> KeyringBackend:
    import keyring
    from keyring.backends.chainer import ChainerBackend

    found = keyring.get_keyring()
    for backend in found.backends if isinstance(found, ChainerBackend) else [found]:
        if not f"{type(backend).__module__}.".startswith(_UNSAFE_BACKENDS):
            return backend
    raise RefusedError("there is no keyring")


def _name(backend: KeyringBackend) -> str:
    return type(backend).__module__.rpartition(".")[2]


def _store(backend: KeyringBackend, scope: str, token: str) -> bool:
    backend.set_password(APP, scope, token)
    return backend.get_password(APP, scope) == token


def _forget(backend: KeyringBackend, scope: str) -> None:
    if backend.get_password(APP, scope) is not None:
        backend.delete_password(APP, scope)


def _within(seconds: float, work: Callable[[], _T]) -> _T:
    """Run `work` in a daemon thread; `TimeoutError` when it takes longer."""
    from concurrent.futures import Future
    from threading import Thread

    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)

    Thread(target=run, name="keyring", daemon=True).start()
    return future.result(timeout=seconds)
