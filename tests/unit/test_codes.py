"""RFC 4226 appendix D, RFC 6238 appendix B, and what is no code."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from console.services.codes import (
    RECOVERY_CODES,
    enrolment_url,
    matching_step,
    new_recovery_codes,
    new_secret,
    recovery_hash,
)

SEED = b"12345678901234567890"
SECRET = base64.b32encode(SEED).decode()
HOTP = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
TOTP = {
    59: ("94287082", "46119246", "90693936"),
    1111111109: ("07081804", "68084774", "25091201"),
    1111111111: ("14050471", "67062674", "99943326"),
    1234567890: ("89005924", "91819424", "93441116"),
    2000000000: ("69279037", "90698825", "38618901"),
    20000000000: ("65353130", "77737706", "47863826"),
}
DIGESTS: tuple[tuple[Callable[..., Any], int], ...] = ((hashlib.sha1, 20), (hashlib.sha256, 32), (hashlib.sha512, 64))


@pytest.mark.parametrize(("step", "code"), list(enumerate(HOTP)))
def test_rfc_4226(step: int, code: str) -> None:
    assert matching_step(SECRET, code, step * 30 + 7) == step


@pytest.mark.parametrize("at", TOTP)
def test_rfc_6238_with_sha1_as_we_use_it(at: int) -> None:
    assert matching_step(SECRET, TOTP[at][0][-6:], at) == at // 30


@pytest.mark.parametrize("at", TOTP)
@pytest.mark.parametrize("which", range(3))
def test_rfc_6238_in_the_library(at: int, which: int) -> None:
    digest, length = DIGESTS[which]
    seed = base64.b32encode((SEED * 4)[:length]).decode()
    assert pyotp.TOTP(seed, digits=8, digest=digest).at(at) == TOTP[at][which]


@pytest.mark.parametrize(("drift", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_drift_and_no_more(drift: int, counts: bool) -> None:
    now = 1_800_000_017
    code = pyotp.HOTP(SECRET).at(now // 30 + drift)
    assert matching_step(SECRET, code, now) == (now // 30 + drift if counts else None)


@pytest.mark.parametrize("around", ["{} ", " {}", "\t{}\n", "{}"])
def test_blanks_around_are_left_out(around: str) -> None:
    assert matching_step(SECRET, around.format("287082"), 59) == 1
    assert matching_step(SECRET, "287 082", 59) == 1


@pytest.mark.parametrize(
    "code",
    [
        "",
        " ",
        "28708",
        "2870822",
        "２８７０８２",
        "٢٨٧٠٨٢",
        "28708a",
        "-87082",
        "+28708",
        "287082\x00",
        "\udcff",
        "x" * 100,
    ],
)
def test_what_is_no_code(code: str) -> None:
    assert matching_step(SECRET, code, 59) is None


def test_the_url_is_what_an_app_reads() -> None:
    secret = new_secret()
    assert len(base64.b32decode(secret)) == 20
    url = urlsplit(enrolment_url(secret, "mia+x@acme.test"))
    assert (url.scheme, url.netloc, url.path) == ("otpauth", "totp", "/Console:mia%2Bx%40acme.test")
    assert parse_qs(url.query) == {"secret": [secret], "issuer": ["Console"]}


def test_recovery_codes_are_ten_and_read_as_people_type_them() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES == 10
    for code in codes:
        assert len(code) == 23
        hashed = recovery_hash(code)
        assert hashed is not None
        assert recovery_hash(f"  {code.upper().replace('-', ' ')}\n") == recovery_hash(code.replace("-", "")) == hashed


@pytest.mark.parametrize("text", ["", "287082", "abcde-abcde-abcde", "ilo01-ilo01-ilo01-ilo01", "ａ" * 20, "x" * 1000])
def test_what_is_no_recovery_code(text: str) -> None:
    assert recovery_hash(text) is None
