"""Whose address counts, how rates are kept, and that the settings are the limits."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config import load_config
from console.errors import UsageError
from console.gateway import address
from console.gateway.limits import Limits, configured
from console.gateway.rate import MINUTE, Rate

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "counts"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1, 10.2.3.4"], "198.51.100.1"),
        ("10.0.0.1", ["10.2.3.4,10.2.3.5"], "10.2.3.4"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["", " , "], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::/64"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, ["198.51.100.1"], address.UNKNOWN),
        ("testclient", [], address.UNKNOWN),
    ],
)
def test_the_address_is_the_right_most_hop_that_is_not_trusted(
    peer: str | None, forwarded: list[str], counts: str
) -> None:
    assert address.counted(address.client(peer, forwarded, PROXIES)) == counts


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=3))
def test_any_header_is_some_address(peer: str, forwarded: list[str]) -> None:
    assert address.counted(address.client(peer, forwarded, PROXIES))
    assert address.counted(address.client("10.0.0.1", forwarded, PROXIES))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("limit", [1, 3, 60, 7, 6000])
def test_a_rate_lets_its_limit_through_at_once_and_then_its_share(limit: int) -> None:
    clock = Clock()
    rate = Rate(limit, clock=clock)
    assert [rate.count("a") for _ in range(limit)] == [0.0] * limit
    wait = rate.count("a")
    assert wait == pytest.approx(MINUTE / limit, rel=0.01)
    assert rate.count("b") == 0
    clock.now += wait * 0.9
    assert rate.count("a") > 0
    clock.now += wait * 0.11
    assert rate.count("a") == 0
    assert rate.count("a") > 0
    clock.now += MINUTE
    assert [rate.count("a") for _ in range(limit)] == [0.0] * limit
    assert rate.count("a") > 0


@given(st.lists(st.floats(0, 30), min_size=1, max_size=80), st.integers(1, 20))
def test_no_minute_holds_more_than_twice_the_limit(pauses: list[float], limit: int) -> None:
    clock, passed = Clock(), []
    rate = Rate(limit, clock=clock)
    for pause in pauses:
        clock.now += pause
        passed += [clock.now] if not rate.count("a") else []
    for begun in passed:
        assert len([at for at in passed if begun <= at < begun + MINUTE]) <= 2 * limit


def test_however_many_are_counted_few_are_remembered() -> None:
    clock = Clock()
    rate = Rate(2, most=100, clock=clock)
    for number in range(1000):
        rate.count(number)
        assert len(rate) <= 100
    assert rate.count(999) == 0
    assert rate.count(999) > 0
    clock.now += MINUTE
    for number in range(100):
        rate.count(number)
    assert len(rate) <= 100


def test_settings_are_the_limits_and_their_defaults_agree(tmp_path: Path) -> None:
    def told(text: str = "") -> Limits:
        file = tmp_path / "config.toml"
        file.write_text(f"[gateway]\n{text}")
        return configured(load_config({}, file))

    assert told() == Limits()
    names = ["messages", "reads", "typing", "openings", "requests", "starts", "connections"]
    names += ["address_streams", "address_connections"]
    lines = [f"{name} = {number}" for number, name in enumerate(names, 1)]
    found = told("\n".join([*lines, 'trusted_proxies = "10.0.0.0/8, fd00::/8"']))
    assert [getattr(found, name) for name in names] == list(range(1, 10))
    assert found.trusted_proxies == PROXIES
    with pytest.raises(UsageError, match=r"gateway.messages must be 1 to"):
        told("messages = 0")
    with pytest.raises(UsageError, match="no address or network"):
        told('trusted_proxies = "10.0.0.1/8"')
