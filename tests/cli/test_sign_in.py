"""Sign-in from the command line: codes, recovery codes, another password, sessions, and where the token lies."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pyotp
import pytest
import segno

from console.cli.qr import drawn
from console.db.embedded.server import ServerUrls
from console.services.codes import enrolment_url
from tests.cli.office import PASSWORD, Office, open_office, refusal
from tests.cli.terminal import COMMAND, Terminal, run, scratch_env
from tests.db.embedded_support import ask, do
from tests.safety.tty import Tty, environment

WRONG = "console: error: wrong e-mail, password or code"


class Desk:
    """Mia's machine: an empty home, her e-mail, and her secret once there is one."""

    def __init__(self, office: Office, home: Path, who: str = "mia") -> None:
        home.mkdir()
        self.home = home
        self.urls = office.urls
        self.env = {"DATABASE_URL": office.urls.app, "CONSOLE_DATA_DIR": str(home / "data")}
        self.email = str(
            ask(office.urls.superuser, f"SELECT email FROM users WHERE email LIKE '{who}-{office.slug[7:]}@%'")
        )
        self.secret = ""

    def call(self, *words: str, **env: str) -> Any:
        return run(self.home, *words, env={**self.env, **env})

    def json(self, *words: str, **env: str) -> Any:
        done = self.call(*words, "--json", **env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def login(self, **env: str) -> Any:
        return self.json("login", self.email, CONSOLE_PASSWORD=PASSWORD, **env)

    def terminal(self, *words: str, **env: str) -> Terminal:
        return Terminal([*COMMAND, *words], scratch_env(self.home, **self.env, **env))

    def code(self) -> str:
        """A code that was not used: of now, with the memory of those before it taken away."""
        do(self.urls.superuser, f"UPDATE users SET totp_last_step = 0 WHERE email = '{self.email}'")
        return pyotp.HOTP(self.secret).at(int(time.time()) // 30)

    def enrolled(self) -> list[str]:
        """Asked for codes from now on; gives the recovery codes."""
        self.login()
        self.secret = self.json("user", "totp", "enrol", CONSOLE_PASSWORD=PASSWORD)["secret"]
        return self.json("user", "totp", "confirm", CONSOLE_TOTP=self.code())["recovery_codes"]  # type: ignore[no-any-return]


@pytest.fixture
def mia(urls: ServerUrls, tmp_path: Path) -> Desk:
    return Desk(open_office(urls, tmp_path), tmp_path / "mia")


def test_enrolled_asked_recovered_and_off(mia: Desk) -> None:
    codes = mia.enrolled()
    assert len(codes) == 10
    assert mia.json("user", "totp", "status") == {"totp": True, "offered": False, "recovery_codes": 10}
    needs = refusal(2, mia.call("login", mia.email, CONSOLE_PASSWORD=PASSWORD))
    assert "give the variable CONSOLE_TOTP" in needs
    code = mia.code()
    assert mia.login(CONSOLE_TOTP=code)["email"] == mia.email
    for wrong in (code, "000000"):
        assert WRONG in refusal(4, mia.call("login", mia.email, CONSOLE_PASSWORD=PASSWORD, CONSOLE_TOTP=wrong))
    mia.login(CONSOLE_TOTP=codes[0])
    assert mia.json("user", "totp", "status")["recovery_codes"] == 9
    assert "wrong password or code" in refusal(
        4, mia.call("user", "totp", "off", CONSOLE_PASSWORD="no", CONSOLE_TOTP=codes[1])
    )
    assert mia.json("user", "totp", "off", CONSOLE_PASSWORD=PASSWORD, CONSOLE_TOTP=codes[1]) == {"totp": False}
    mia.login()
    assert "no code is asked for" in refusal(1, mia.call("user", "totp", "off", CONSOLE_PASSWORD=PASSWORD))


def test_the_environment_signs_in_with_a_code(mia: Desk) -> None:
    mia.enrolled()
    mia.call("logout")
    env = {"CONSOLE_EMAIL": mia.email, "CONSOLE_PASSWORD": PASSWORD}
    assert "asks for a code" in refusal(4, mia.call("whoami", **env))
    assert mia.json("whoami", **env, CONSOLE_TOTP=mia.code())["email"] == mia.email


def test_new_recovery_codes(mia: Desk) -> None:
    old = mia.enrolled()
    new = mia.json("user", "recovery", CONSOLE_PASSWORD=PASSWORD, CONSOLE_TOTP=old[0])["recovery_codes"]
    assert len(new) == 10
    assert WRONG in refusal(4, mia.call("login", mia.email, CONSOLE_PASSWORD=PASSWORD, CONSOLE_TOTP=old[1]))
    mia.login(CONSOLE_TOTP=new[9])


def test_a_terminal_shows_the_qr_code_and_asks(mia: Desk) -> None:
    mia.login()
    terminal = mia.terminal("user", "totp", "enrol")
    terminal.wait_for("Password:")
    terminal.type(f"{PASSWORD}\n")
    terminal.wait_for("Code:")
    found = re.search(r"secret: ([A-Z2-7]{32})\r\n(otpauth://\S+)", terminal.text)
    assert found is not None
    mia.secret = found[1]
    assert all(line in terminal.text for line in drawn(found[2], plain=False))
    terminal.type("000000\n")
    terminal.wait_for("one\r\nCode:")
    terminal.type(f"{mia.code()}\n")
    assert terminal.finish() == 0, terminal.text
    assert len(re.findall(r"^\w{5}(?:-\w{5}){3}\r?$", terminal.text, re.MULTILINE)) == 10
    assert PASSWORD not in terminal.text
    signing = mia.terminal("login", mia.email)
    signing.wait_for("Password:")
    signing.type(f"{PASSWORD}\n")
    signing.wait_for("recovery code:")
    signing.type(f"{mia.code()}\n")
    assert signing.finish() == 0, signing.text
    assert "The session is kept in the file" in signing.text
    assert "readable by you only" in signing.text


def test_piped_there_is_no_qr_code_and_nothing_is_in_force(mia: Desk) -> None:
    mia.login()
    done = mia.call("user", "totp", "enrol", CONSOLE_PASSWORD=PASSWORD)
    assert done.returncode == 0
    assert not set(done.stdout) & set("█▀▄\x1b")
    assert "secret: " in done.stdout
    assert "Nothing changes before" in done.stderr
    assert "CONSOLE_KEY_FILE" in done.stderr
    mia.login()
    assert "not the code" in refusal(1, mia.call("user", "totp", "confirm", CONSOLE_TOTP="000000"))


def test_a_key_that_is_elsewhere_is_named(mia: Desk) -> None:
    codes = mia.enrolled()
    there = {"CONSOLE_DATA_DIR": str(mia.home / "other"), "CONSOLE_PASSWORD": PASSWORD}
    told = refusal(1, mia.call("login", mia.email, **there, CONSOLE_TOTP=mia.code()))
    assert "a key that is not in" in told
    assert "CONSOLE_KEY_FILE" in told
    key = str(mia.home / "data" / "sealing.key")
    mia.json("login", mia.email, **there, CONSOLE_TOTP=mia.code(), CONSOLE_KEY_FILE=key)
    mia.json("login", mia.email, **there, CONSOLE_TOTP=codes[0])
    told = refusal(1, mia.call("login", mia.email, **there, CONSOLE_TOTP=mia.code(), CONSOLE_KEY_FILE="/nowhere"))
    assert "there is no key file /nowhere" in told


def test_another_password_and_the_end_of_other_sessions(mia: Desk) -> None:
    mia.login()
    env = {"CONSOLE_NEW_PASSWORD": "battery staple"}
    assert "wrong password" in refusal(4, mia.call("user", "password", CONSOLE_PASSWORD="no", **env))
    words = ("user", "password")
    assert "bytes" in refusal(1, mia.call(*words, CONSOLE_PASSWORD=PASSWORD, CONSOLE_NEW_PASSWORD="€" * 25))
    assert mia.json(*words, CONSOLE_PASSWORD=PASSWORD, **env) == {"changed": True}
    stored = ask(mia.urls.superuser, f"SELECT password_hash FROM users WHERE email = '{mia.email}'")
    assert stored.startswith("$2b$12$")
    assert len(mia.json("session", "list")["sessions"]) == 1
    assert WRONG in refusal(4, mia.call("login", mia.email, CONSOLE_PASSWORD=PASSWORD))
    mia.json("login", mia.email, CONSOLE_PASSWORD="battery staple")


def test_sessions_are_listed_and_revoked(mia: Desk) -> None:
    mia.login()
    first, others = mia.json("session", "list")["sessions"], 1
    assert [each["current"] for each in first] == [True, False]
    assert mia.json("session", "revoke", "--others") == {"revoked": others}
    assert "THIS ONE" not in mia.call("session", "list").stdout.splitlines()[0]
    assert "this one" in mia.call("session", "list").stdout
    for words in (("session", "revoke"), ("session", "revoke", "a", "--others")):
        assert "give the ids of sessions, or --others" in refusal(2, mia.call(*words))
    assert "no open session" in refusal(5, mia.call("session", "revoke", "zz"))
    assert mia.json("session", "revoke", first[0]["id"][:6]) == {"revoked": 1}
    assert "session is over" in refusal(4, mia.call("whoami"))


def test_the_sixth_wrong_try_reads_like_the_first(mia: Desk) -> None:
    told = {refusal(4, mia.call("login", mia.email, CONSOLE_PASSWORD="wrong")) for _ in range(5)}
    told.add(refusal(4, mia.call("login", mia.email, CONSOLE_PASSWORD=PASSWORD)))
    told.add(refusal(4, mia.call("login", "nobody@acme.test", CONSOLE_PASSWORD=PASSWORD)))
    assert len(told) == 1
    assert WRONG in told.pop()


def test_a_code_is_never_an_argument(mia: Desk) -> None:
    done = mia.call("login", "--help")
    assert "--code CODE" not in done.stdout
    assert refusal(2, mia.call("login", mia.email, "--code", "123456"))


def test_a_symlink_where_the_token_goes_is_refused_and_leaves_no_session(mia: Desk) -> None:
    mia.login()
    (token,) = mia.home.rglob("*.token")
    token.rename(mia.home / "elsewhere")
    token.symlink_to(mia.home / "elsewhere")
    person = f"(SELECT id FROM users WHERE email = '{mia.email}')"
    count = f"SELECT count(*) FROM sessions WHERE user_id = {person} AND revoked_at IS NULL"
    before = ask(mia.urls.superuser, count)
    assert "not a plain file" in refusal(1, mia.call("login", mia.email, CONSOLE_PASSWORD=PASSWORD))
    assert ask(mia.urls.superuser, count) == before


@pytest.mark.parametrize("email", ["m@x.test", "a-rather-long-address-of-somebody@subdomain.example.test"])
def test_the_drawing_is_the_qr_code(email: str) -> None:
    url = enrolment_url("A" * 32, email)
    modules = [list(row) for row in segno.make(url, error="l", boost_error=False, micro=False).matrix]
    size = len(modules)
    halves = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    lines = drawn(url, plain=False)
    rows = [[halves[sign][half] for sign in line] for line in lines for half in (0, 1)]
    assert [row[2 : 2 + size] for row in rows[2 : 2 + size]] == modules
    assert not any(map(any, rows[:2] + rows[2 + size :]))
    assert not any(row[0] or row[1] or row[-1] or row[-2] for row in rows)
    plain = drawn(url, plain=True)
    assert [[int(line[at] == " ") for at in range(2, 2 + 2 * size, 2)] for line in plain[1:-1]] == modules
    assert set("".join(plain)) == {"#", " "}


def test_the_code_of_a_common_address_fits_80x24() -> None:
    for plain, most in ((False, 22), (True, 100)):
        lines = drawn(enrolment_url("A" * 32, "mia.santos@acme.test"), plain=plain)
        assert len(lines) <= most
        assert max(map(len, lines)) <= 80


def test_the_console_itself_asks_who_sits_here(mia: Desk) -> None:
    mia.enrolled()
    mia.call("logout")
    tty = Tty(environment(mia.home, **mia.env), (80, 24))
    try:
        tty.sees("E-mail", "esc leaves")
        tty.press(f"{mia.email}\r")
        tty.press(f"{PASSWORD}\r")
        tty.sees("asks for a code")
        tty.press(f"{mia.code()}\r")
        tty.sees("The session is kept in", "No conversations yet")
        (kept,) = mia.home.rglob("session-*.token")
        told = "".join(tty.picture().replace("▎", "").split())  # it is wrapped
        assert f"/{kept.name},readablebyyouonly" in told
        assert PASSWORD.encode() not in tty.raw
        tty.on("q")
        assert tty.finish() == 0
        assert tty.restored()
    finally:
        tty.close()
    assert mia.json("whoami")["email"] == mia.email


def test_leaving_that_screen_is_no_error(mia: Desk) -> None:
    tty = Tty(environment(mia.home, **mia.env), (80, 24))
    try:
        tty.sees("esc leaves")
        tty.escape()
        assert tty.finish() == 0
        assert b"error" not in tty.raw
    finally:
        tty.close()


def test_what_the_environment_gives_wrongly_is_not_asked_for(mia: Desk) -> None:
    env = {**mia.env, "CONSOLE_EMAIL": mia.email, "CONSOLE_PASSWORD": "wrong"}
    tty = Tty(environment(mia.home, **env), (80, 24))
    try:
        assert tty.finish() == 4, tty.raw
        assert WRONG.encode() in tty.raw
    finally:
        tty.close()
