"""A model endpoint on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ai.endpoint import FakeEndpoint, serving


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    """One of this test's own."""
    with serving() as there:
        yield there
