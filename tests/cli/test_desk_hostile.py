"""What bad hands stored in every field of the desk reaches a terminal as text, whatever the verb."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.cli.main import main
from console.db.embedded.server import ServerUrls
from console.text import sanitise
from tests.safety.hostile import Hostile, plant
from tests.safety.payloads import generated, naughty


@pytest.fixture(scope="module")
def hostile(urls: ServerUrls) -> Hostile:
    return plant(urls, [*generated(), *naughty()])


VERBS = (
    ("conv", "list"), ("conv", "list", "--filter", "mine"), ("conv", "list", "--text", "label:\x1b[2J who:\x9b"),
    ("conv", "show", "ID"), ("conv", "tail", "ID", "--for", "0"), ("conv", "claim", "ID", "--from-holder"),
    ("conv", "label", "ID", "+a"), ("conv", "label", "ID", "+\x1b]0;x\x07"), ("conv", "send", "ID", "hi", "--hold"),
    ("conv", "unsend", "ID"), ("conv", "snooze", "ID", "--until", "2h"), ("conv", "undo", "ID"),
    ("conv", "resolve", "ID", "ID2", "--dry-run"), ("conv", "assign", "ID", "nobody\x1b[1m"),
    ("label", "list"), ("label", "rename", "\x1b[2J", "x"), ("label", "remove", "\u202ex"),
    ("canned", "list"), ("canned", "show", "canned-0"), ("canned", "show", "canned-0", "--conv", "ID"),
    ("canned", "show", "\x1b]52;c;aGk=\x07"), ("canned", "list", "\x9b31m"),
    ("notification", "list", "--all"), ("notification", "read", "\x1b[2J"),
)  # fmt: skip


@pytest.mark.parametrize("json", [False, True])
def test_every_verb_prints_text(
    hostile: Hostile, json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in ({"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)} | hostile.env).items():
        monkeypatch.setenv(name, value)
    said, codes = "", []
    ids = {"ID": str(hostile.talks[json]), "ID2": str(hostile.talks[2])}
    for verb in VERBS:
        codes.append(main([*(ids.get(word, word) for word in verb), *["--json"] * json]))
        out, err = capsys.readouterr()
        assert "something broke" not in err, (verb, err)
        assert "\t" not in out
        assert (sanitise(out), sanitise(err)) == (out, err), verb
        said += out
    assert set(codes) <= {0, 1, 2, 5}
    assert codes.count(0) > len(codes) / 2
    assert ("\\u241b" if json else "\u241b") in said
