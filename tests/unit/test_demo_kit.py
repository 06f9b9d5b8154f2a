"""What the demo's staff works with suits the stories that are told."""

from __future__ import annotations

from collections import Counter

import pytest

from console.demo.content import WORKSPACES, workspace
from console.demo.kit import LABELS, REPLIES, labels_for
from console.demo.visitors import scripts
from console.domain.canned import MAX_TITLE_CHARS, checked_shortcut, filled_in
from console.domain.label import checked_label

SLUGS = [space.slug for space in WORKSPACES]


@pytest.mark.parametrize("slug", SLUGS)
def test_each_label_is_for_some_visitors(slug: str) -> None:
    pages = [script.page.removeprefix(workspace(slug).domain) for script in scripts(slug)]
    used = Counter(label for page in pages for label in labels_for(slug, page))
    assert set(used) == set(LABELS[slug])
    assert len(used) == 4
    assert [checked_label(name) for name in used] == list(used)


def test_the_first_label_that_fits_is_given() -> None:
    assert labels_for("helpdesk-docs", "/self-hosted/deployment/upgrade") == ("install",)
    assert labels_for("helpdesk-docs", "/self-hosted/email") == ("running it",)
    assert labels_for("acme-retail", "/orders") == ("order",)
    assert labels_for("acme-retail", "/ordersheet") == labels_for("acme-retail", "/") == ()


@pytest.mark.parametrize("slug", SLUGS)
def test_replies_can_be_kept_and_filled_in(slug: str) -> None:
    assert 4 <= len({reply.shortcut for reply in REPLIES[slug]}) == len(REPLIES[slug]) <= 6
    values = {"visitor": "Crystal", "agent": "Assistant", "me": "Mia"}
    for reply in REPLIES[slug]:
        assert checked_shortcut(reply.shortcut) == reply.shortcut
        assert 0 < len(reply.title) <= MAX_TITLE_CHARS
        assert not set("{}") & set(filled_in(reply.content, values))
