from __future__ import annotations

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console import log
from console.ids import new_id

SECRET = "hunter2"
WORDS = "my card number is 4111"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "state" / "console.log"
    assert log.start(path)
    yield path
    root = logging.getLogger()
    for handler in [found for found in root.handlers if isinstance(found, log._File)]:
        root.removeHandler(handler)
        handler.close()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_json_lines_in_a_private_file(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = new_id()
    log.event("run.published", run_id=run, ms=41, content=WORDS, api_key=SECRET, name="a\x1b]52;c;x\x07")
    (line,) = lines(file)
    assert (line["event"], line["run_id"], line["ms"]) == ("run.published", str(run), 41)
    assert (line["content"], line["api_key"]) == ("[hidden]", "[hidden]")
    assert "\x1b" not in line["name"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert capfd.readouterr() == ("", "")


def _fail() -> None:
    secret = "a local variable"  # noqa: F841 - it must not be logged
    try:
        int(f"'{WORDS}'")
    except ValueError as error:
        groups = [OSError(f"postgresql://app:{SECRET}@db/x refused")]
        raise ExceptionGroup("two things", groups) from error


def test_an_incident_has_its_trace_but_no_words(file: Path) -> None:
    try:
        _fail()
    except ExceptionGroup as error:
        name = log.incident(error)
    (line,) = lines(file)
    assert line["incident"] == name
    assert sorted(cause["type"] for cause in line["causes"]) == ["ExceptionGroup", "OSError", "ValueError"]
    assert any("test_log.py" in frame and "_fail" in frame for frame in line["causes"][0]["frames"])
    text = file.read_text()
    for hidden in (WORDS, SECRET, "a local variable", "two things were"):
        assert hidden not in text


@pytest.mark.parametrize(
    ("message", "kept", "gone"),
    [
        ('violates unique constraint "messages_pkey"\nDETAIL:  Key (x)=(my words)', "messages_pkey", "my words"),
        ("failed [SQL: INSERT ...]\n[parameters: {'content': 'my words'}]", "failed", "my words"),
        ("can't parse 'my words'", "can't parse", "my words"),
        ("unclosed 'my words", "unclosed", "my words"),
        ("Authorization: Bearer abc.def", "Authorization", "abc.def"),
        ("key sk-abcdefghijkl is wrong", "is wrong", "abcdefghijkl"),
        ("dbname=x password=hunter2 host=y", "host=y", "hunter2"),
    ],
)
def test_scrub(message: str, kept: str, gone: str) -> None:
    assert kept in log.scrub(message)
    assert gone not in log.scrub(message)


def test_level(file: Path) -> None:
    log.event("fine", level=logging.DEBUG)
    log.start(file, "debug")
    log.event("finer", level=logging.DEBUG)
    assert [line["event"] for line in lines(file)] == ["finer"]


def test_rotation_is_followed_and_stays_private(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 400)
    log.start(file)
    for n in range(20):
        log.event("tick", n=n)
    assert len(list(file.parent.iterdir())) == log.KEPT_FILES + 1
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in file.parent.iterdir())
    file.rename(file.with_suffix(".moved"))  # as another process rotates
    log.event("after")
    assert [line["event"] for line in lines(file)] == ["after"]


def test_no_place_for_a_log_is_no_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert not log.start(tmp_path / "file" / "console.log")
    log.event("lost")
    assert capfd.readouterr() == ("", "")
