"""What several questions took of an endpoint is counted as one."""

from __future__ import annotations

from console.services.together import added


def test_what_each_took_is_added_up() -> None:
    one = {"model": "m", "tokens": 5, "cost_usd": 0.25}
    two = added(one, added(one, None))
    assert two == {"model": "m", "tokens": 10, "cost_usd": 0.5, "texts": 2}
    assert added(one, two) == {"model": "m", "tokens": 15, "cost_usd": 0.75, "texts": 3}
    assert added(None, None) is None
    assert added(None, one) == added(one, None) == one
