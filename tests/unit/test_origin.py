"""An origin has one spelling, and what is no single origin is refused in one clear line."""

from __future__ import annotations

import pytest

from console.domain.origin import check_origin
from console.errors import InvalidInputError


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://shop.example:0443", "https://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://shop。example", "https://shop.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ("https://my_shop.example", "https://my_shop.example"),
    ],
)
def test_an_origin_is_kept_in_one_spelling(given: str, kept: str) -> None:
    assert check_origin(given) == kept
    assert check_origin(kept) == kept


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("*", "wildcards"), ("https://*.shop.example", "wildcards"), ("https://*", "wildcards"),
        ("null", "null"), ("", "an origin is"), ("shop.example", "an origin is"), ("https://", "an origin is"),
        ("https://shop.example/", "no path"), ("https://shop.example/a", "no path"), ("https://a?b", "no path"),
        ("https://a#b", "no path"), ("https://user@shop.example", "no user"), ("https://u:p@shop.example", "no user"),
        ("ftp://shop.example", "an origin is"), ("file:///etc/passwd", "no path"), ("javascript:alert(1)", "an origin"),
        ("https://shop.example:0", "no port"), ("https://shop.example:65536", "no port"),
        ("https://shop.example:", "an origin is"), ("https://shop.example:x", "an origin is"),
        ("https://shop.example:443:443", "an origin is"), ("https://a b", "an origin is"), ("https://a\tb", "an"),
        ("https://a\\b", "an origin is"), ("https://shop..example", "no name"), ("https://.shop.example", "no name"),
        ("https://shop.example.", "no name"), ("https://-shop.example", "no name"), ("https://shop,other", "no name"),
        ("https://" + "a" * 64 + ".example", "no name"), ("https://" + "a." * 150 + "b", "an origin is"),
        ("https://0x7f.1", "no IPv4"), ("https://127.1", "no IPv4"), ("https://2130706433", "no IPv4"),
        ("https://[::g]", "an origin is"), ("https://[::1", "an origin is"), ("https://[1.2.3.4]", "no IPv6"),
        ("https://a\u202eb.example", "no name"), ("https://\udc80.example", "no name"), ("https://a\x00b", "no name"),
        ("https://shop.example https://other.example", "no path"), ("https://\u2488com", "no name"),
    ],
)  # fmt: skip
def test_what_is_no_single_origin_is_refused(given: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why) as refused:
        check_origin(given)
    assert refused.value.hint
    assert not set("\n\x00\u202e") & set(refused.value.message + refused.value.hint)


def test_the_hint_is_the_origin_of_a_longer_address() -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_origin("https://shop.example/contact?x=1")
    assert refused.value.hint == "https://shop.example"
