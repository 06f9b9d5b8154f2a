"""A session that ends while the console is open: the sign-in screen, and on with what was begun."""

from __future__ import annotations

from pathlib import Path

from console.db.embedded.server import ServerUrls
from tests.cli.office import PASSWORD, open_office
from tests.safety.tty import Tty, environment

REST = 6.0
"""Longer than the console's own end may take."""


def test_signed_out_elsewhere_and_in_again(urls: ServerUrls, tmp_path: Path) -> None:
    office = open_office(urls, tmp_path)
    office.out("mia", "conv", "claim", office.talk("hello"))
    signed = {"DATABASE_URL": urls.app, "CONSOLE_SESSION_TOKEN": office.tokens["mia"]}
    tty = Tty(environment(office.home, **signed), (80, 24))
    try:
        tty.sees("Vic", "mine", "live")
        tty.press("p")
        tty.sees("only your team")
        tty.on("half a note")
        tty.escape()
        office.out("mia", "logout")
        tty.press("R")
        tty.sees("Sign in", "session has ended", "mia-")
        tty.press(f"{PASSWORD}\r")
        tty.sees("The session is kept in", "Vic")
        assert tty.read(REST) is not None
        tty.press("p")
        tty.sees("half a note")
        tty.escape()
        tty.press("q")
        tty.sees("Leave the console?")
        tty.press("y")
        assert tty.finish() == 0
    finally:
        tty.close()


def test_who_does_not_sign_in_again_leaves(urls: ServerUrls, tmp_path: Path) -> None:
    office = open_office(urls, tmp_path)
    office.talk("hello")
    signed = {"DATABASE_URL": urls.app, "CONSOLE_SESSION_TOKEN": office.tokens["mia"]}
    tty = Tty(environment(office.home, **signed), (80, 24))
    try:
        tty.sees("Vic", "live")
        office.out("mia", "logout")
        tty.press("R")
        tty.sees("Sign in", "session has ended")
        tty.press("\x03")
        assert tty.finish() == 0
        assert tty.restored()
    finally:
        tty.close()
