"""Secrets at rest: AES-256-GCM (NIST SP 800-38D) under a key that lies in a file, each bound to its place."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final
from uuid import UUID

from console.config import Config
from console.errors import RefusedError, SealError
from console.private import create_private, read_private

_VERSION: Final = b"v1"
_KEY_BYTES, _NONCE_BYTES, _TAG_BYTES = 32, 12, 16
_MAKE = "openssl rand -base64 32"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lies. Carried to any other row, column or workspace it can't be opened."""

    table: str
    column: str
    row: UUID
    workspace: UUID | None = None

    @property
    def named(self) -> bytes:
        """The associated data."""
        return f"{self.table}|{self.column}|{self.workspace or ''}|{self.row}".encode()


class Seal:
    """Seals with the first key of its file and opens with any of them; the file is read at first use.

    The file holds keys of 32 bytes in base64, one a line. The one that nobody `named` is made when it is needed;
    without either nothing can be sealed or opened.
    """

    def __init__(self, own: Path | None = None, named: Path | None = None) -> None:
        self.file = named or own
        self.is_named = named is not None

    def seal(self, secret: bytes, place: Place) -> bytes:
        """`v1|key id|nonce, ciphertext and tag`; `RefusedError` when the key file is missing or unfit."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key_id, key = next(iter(self._keys.items()))
        nonce = os.urandom(_NONCE_BYTES)
        return b"|".join((_VERSION, key_id, nonce + AESGCM(key).encrypt(nonce, secret, place.named)))

    def open(self, sealed: bytes, place: Place) -> bytes:
        """The secret; `SealError` when it was changed, moved or cut, or its key is not in the file."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        version, key_id, body = _parts(sealed)
        if version != _VERSION or len(body) < _NONCE_BYTES + _TAG_BYTES:
            raise SealError("what is kept sealed is damaged")
        try:
            return AESGCM(self._key(key_id)).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.named)
        except InvalidTag:
            raise SealError("what is kept sealed was changed or moved") from None

    @cached_property
    def _keys(self) -> Mapping[bytes, bytes]:
        text = self._text()
        keys = [self._read(line) for line in text.splitlines() if line.strip()]
        if not keys:
            raise self._unfit()
        return {_id(key): key for key in keys}

    def _text(self) -> bytes:
        if self.file is None:
            raise RefusedError("no key file is known here", hint="set CONSOLE_KEY_FILE")
        if not self.is_named:
            create_private(self.file, base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
        # whoever names a file may name a symlink: secrets are often mounted as such
        text = read_private(self.file.resolve() if self.is_named else self.file)
        if text is None:
            raise RefusedError(f"there is no key file {self.file}", hint=f"{_MAKE} > {self.file}")
        return text

    def _key(self, key_id: bytes) -> bytes:
        key = self._keys.get(key_id)
        if key is None:
            raise SealError(
                f"it was sealed with a key that is not in {self.file}",
                hint="set CONSOLE_KEY_FILE to the file that holds it",
            )
        return key

    def _read(self, line: bytes) -> bytes:
        try:
            key = base64.b64decode(line.strip(), validate=True)
        except binascii.Error:
            raise self._unfit() from None
        if len(key) != _KEY_BYTES:
            raise self._unfit()
        return key

    def _unfit(self) -> RefusedError:
        return RefusedError(f"{self.file} holds no keys of 32 bytes in base64, one a line", hint=_MAKE)


def seal_of(config: Config) -> Seal:
    """The seal of CONSOLE_KEY_FILE, else of a key file in the data folder."""
    named = Path(config.key_file).expanduser().absolute() if config.key_file else None
    return Seal(config.data_dir / "sealing.key", named)


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    parts = sealed.split(b"|", 2)
    if len(parts) != 3:
        raise SealError("what is kept sealed is damaged")
    return parts[0], parts[1], parts[2]


def _id(key: bytes) -> bytes:
    return hashlib.sha256(key).hexdigest()[:8].encode()
