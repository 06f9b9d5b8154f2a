"""Sealed values open in their place, unchanged, with their key; and nowhere else."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from console.errors import RefusedError, SealError
from console.ids import new_id
from console.seal import Place, Seal

SECRET = b"a planted secret"
PLACE = Place("users", "totp_secret", new_id(), new_id())


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal(tmp_path / "data" / "sealing.key")


def keys_in(path: Path, *keys: bytes) -> Path:
    path.write_bytes(b"".join(base64.b64encode(key) + b"\n" for key in keys))
    path.chmod(0o600)
    return path


def test_the_format_is_the_documented_one(seal: Seal) -> None:
    sealed = seal.seal(SECRET, PLACE)
    assert seal.file is not None
    key = base64.b64decode(seal.file.read_bytes())
    version, key_id, body = sealed.split(b"|", 2)
    assert (version, key_id) == (b"v1", hashlib.sha256(key).hexdigest()[:8].encode())
    assert len(body) == 12 + len(SECRET) + 16
    assert AESGCM(key).decrypt(body[:12], body[12:], PLACE.named) == SECRET
    assert PLACE.named == f"users|totp_secret|{PLACE.workspace}|{PLACE.row}".encode()
    assert SECRET not in sealed
    assert seal.open(sealed, PLACE) == SECRET


def test_the_own_key_is_made_once_and_private(seal: Seal) -> None:
    seal.seal(SECRET, PLACE)
    assert seal.file is not None
    assert (stat.S_IMODE(seal.file.stat().st_mode), stat.S_IMODE(seal.file.parent.stat().st_mode)) == (0o600, 0o700)
    assert [path.name for path in seal.file.parent.iterdir()] == ["sealing.key"]


def test_of_racing_processes_one_makes_the_key(tmp_path: Path) -> None:
    barrier = Barrier(20)

    def one(_: int) -> bytes:
        own = Seal(tmp_path / "sealing.key")
        barrier.wait()
        return own.seal(SECRET, PLACE)

    with ThreadPoolExecutor(20) as pool:
        sealed = list(pool.map(one, range(20)))
    assert {Seal(tmp_path / "sealing.key").open(each, PLACE) for each in sealed} == {SECRET}


def test_no_bit_can_be_changed(seal: Seal) -> None:
    sealed = seal.seal(SECRET, PLACE)
    for at in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(SealError):
            seal.open(bytes(changed), PLACE)


def test_nothing_can_be_cut_or_added(seal: Seal) -> None:
    sealed = seal.seal(SECRET, PLACE)
    for other in (
        *(sealed[:n] for n in range(len(sealed))),
        sealed + b"\0",
        b"\0" + sealed,
        b"v2" + sealed[2:],
        sealed * 2,
    ):
        with pytest.raises(SealError):
            seal.open(other, PLACE)


@pytest.mark.parametrize("change", ["table", "column", "row", "workspace"])
def test_it_opens_in_its_own_place_only(seal: Seal, change: str) -> None:
    other: Any = "elsewhere" if change in {"table", "column"} else new_id()
    with pytest.raises(SealError, match="changed or moved"):
        seal.open(seal.seal(SECRET, PLACE), replace(PLACE, **{change: other}))
    with pytest.raises(SealError):
        seal.open(seal.seal(SECRET, PLACE), replace(PLACE, workspace=None))


def test_another_key_is_named_as_such(seal: Seal, tmp_path: Path) -> None:
    other = Seal(tmp_path / "other.key")
    with pytest.raises(SealError, match=r"a key that is not in .*other\.key") as caught:
        other.open(seal.seal(SECRET, PLACE), PLACE)
    assert caught.value.hint is not None
    assert "CONSOLE_KEY_FILE" in caught.value.hint


def test_a_new_key_in_front_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    old, new = os.urandom(32), os.urandom(32)
    before = Seal(None, keys_in(tmp_path / "k1", old)).seal(SECRET, PLACE)
    both = Seal(None, keys_in(tmp_path / "k2", new, old))
    assert both.open(before, PLACE) == SECRET
    assert Seal(None, keys_in(tmp_path / "k3", new)).open(both.seal(SECRET, PLACE), PLACE) == SECRET


def test_nonces_differ(seal: Seal) -> None:
    body = len(seal.seal(b"", PLACE)) - 28
    assert len({seal.seal(b"", PLACE)[body : body + 12] for _ in range(10_000)}) == 10_000


def test_a_named_file_may_be_a_symlink_and_must_be_there(tmp_path: Path) -> None:
    real = keys_in(tmp_path / "real", os.urandom(32))
    link = tmp_path / "link"
    link.symlink_to(real)
    assert Seal(None, real).open(Seal(None, link).seal(SECRET, PLACE), PLACE) == SECRET
    with pytest.raises(RefusedError, match="there is no key file"):
        Seal(tmp_path / "own", tmp_path / "nowhere").seal(SECRET, PLACE)
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize("content", [b"", b"\n", b"short", base64.b64encode(b"x" * 31), b"\xff" * 44, b"x" * 1_000_000])
def test_an_unfit_key_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys").write_bytes(content)
    (tmp_path / "keys").chmod(0o600)
    with pytest.raises(RefusedError, match="holds no keys of 32 bytes"):
        Seal(None, tmp_path / "keys").seal(SECRET, PLACE)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys_in(tmp_path / "keys", os.urandom(32)).chmod(0o640)
    with pytest.raises(RefusedError, match="others can read"):
        Seal(None, tmp_path / "keys").seal(SECRET, PLACE)


def test_the_own_key_is_never_a_symlink(tmp_path: Path) -> None:
    real = keys_in(tmp_path / "real", os.urandom(32))
    (tmp_path / "sealing.key").symlink_to(real)
    with pytest.raises(RefusedError, match="symlink"):
        Seal(tmp_path / "sealing.key").seal(SECRET, PLACE)


def test_without_a_file_nothing_is_sealed() -> None:
    with pytest.raises(RefusedError, match="no key file"):
        Seal().seal(SECRET, PLACE)
