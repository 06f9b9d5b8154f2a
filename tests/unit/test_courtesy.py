"""A thank-you is no question, and a question with a thank-you in it is one."""

from __future__ import annotations

import pytest

from console.knowledge.courtesy import Courtesy, courtesy


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("thanks!", Courtesy.THANKS),
        ("ok thank you so much", Courtesy.THANKS),
        ("Great, that's all I needed. Bye", Courtesy.FAREWELL),
        ("hi", Courtesy.GREETING),
        ("Good morning", Courtesy.GREETING),
        ("perfect", Courtesy.THANKS),
        ("thanks, but where is my parcel", None),
        ("hello, can I return this?", None),
        ("is that all?", None),
        ("no", None),
        ("help", None),
        ("", None),
        ("thanks " * 20, None),
    ],
)
def test_courtesy(text: str, kind: Courtesy | None) -> None:
    assert courtesy(text) is kind
