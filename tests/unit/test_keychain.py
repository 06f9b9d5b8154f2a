from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from console import keychain
from console.config import Config, load_config
from console.errors import RefusedError
from console.keychain import TokenStore

BACKEND = """
import pathlib, time
from keyring.backend import KeyringBackend
STORE = pathlib.Path({store!r})
class Keyring(KeyringBackend):
    priority = 5
    def get_password(self, service, name):
        time.sleep({sleep})
        file = STORE / name
        return file.read_text() if file.exists() else None
    def set_password(self, service, name, secret):
        time.sleep({sleep})
        (STORE / name).write_text(secret)
    def delete_password(self, service, name):
        (STORE / name).unlink()
"""
CYCLE = """
import sys
from console import keychain
from console.config import load_config
from console.keychain import TokenStore
keychain.KEYRING_SECONDS = float(sys.argv[1])
config = load_config()
print(TokenStore(config).save("the-token"))
print(TokenStore(config).load())
TokenStore(config).delete()
print(TokenStore(config).load())
"""


def config(tmp_path: Path, **env: str) -> Config:
    (tmp_path / "config.toml").touch()
    return load_config({"CONSOLE_DATA_DIR": str(tmp_path), **env}, tmp_path / "config.toml")


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def cycle(tmp_path: Path, backend: str, patience: float = 30) -> list[str]:
    (tmp_path / "config.toml").touch()
    env = {
        "PYTHONPATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": backend,
        "HOME": str(tmp_path),
        "CONSOLE_DATA_DIR": str(tmp_path / "data"),
        "CONSOLE_CONFIG": str(tmp_path / "config.toml"),
    }
    command = [sys.executable, "-c", CYCLE, str(patience)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def backend_in(tmp_path: Path, module: str, sleep: int = 0) -> str:
    (tmp_path / "store").mkdir()
    file = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(BACKEND.format(store=str(tmp_path / "store"), sleep=sleep))
    return f"{module}.Keyring"


def test_a_usable_keyring_is_used_and_named(tmp_path: Path) -> None:
    where, loaded, after = cycle(tmp_path, backend_in(tmp_path, "goodring"))
    assert (where, loaded, after) == ("the keyring (goodring)", "the-token", "None")
    assert not list((tmp_path / "data").rglob("*.token"))


def test_a_hanging_keyring_is_not_waited_for(tmp_path: Path) -> None:
    assert keychain.KEYRING_SECONDS == 3
    where, loaded, after = cycle(tmp_path, backend_in(tmp_path, "hangring", sleep=600), patience=0.2)
    assert "readable by you only" in where
    assert (loaded, after) == ("the-token", "None")


@pytest.mark.parametrize("module", ["keyrings.alt.file", "keyring.backends.null"])
def test_a_plaintext_or_null_keyring_is_never_used(tmp_path: Path, module: str) -> None:
    name = backend_in(tmp_path, module) if module.startswith("keyrings.") else f"{module}.Keyring"
    where, loaded, _ = cycle(tmp_path, name)
    assert "readable by you only" in where
    assert loaded == "the-token"
    assert not list(tmp_path.glob("store/*"))


def test_the_file_is_private(tmp_path: Path) -> None:
    store = TokenStore(config(tmp_path))
    assert "the file" in store.save("abc")
    (file,) = tmp_path.rglob("*.token")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert store.load() == "abc"


def test_a_symlink_in_its_place_is_refused(tmp_path: Path) -> None:
    store = TokenStore(config(tmp_path))
    store.save("abc")
    (file,) = tmp_path.rglob("*.token")
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError):
        store.load()
    with pytest.raises(RefusedError):
        store.save("def")
    assert (tmp_path / "elsewhere").read_text() == "abc"


def test_a_token_never_goes_to_another_server(tmp_path: Path) -> None:
    TokenStore(config(tmp_path, DATABASE_URL="postgresql://app:one@db1/x")).save("abc")
    assert TokenStore(config(tmp_path, DATABASE_URL="postgresql://app:two@db1/x")).load() == "abc"
    assert TokenStore(config(tmp_path, DATABASE_URL="postgresql://app:one@db2/x")).load() is None
    assert TokenStore(config(tmp_path)).load() is None


def test_the_variable_wins(tmp_path: Path) -> None:
    TokenStore(config(tmp_path)).save("kept")
    given = TokenStore(config(tmp_path, CONSOLE_SESSION_TOKEN="given"))
    assert given.load() == "given"
    assert given.describe() == "the variable CONSOLE_SESSION_TOKEN"
