"""Which addresses are dialled: the tables of those who were attacked before us."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

import pytest

from console.addresses import PUBLIC, PrivateAddressError, Reach, Resolver, UnknownHostError, is_public, vetted
from console.errors import ConsoleError, InvalidInputError, UsageError
from console.knowledge.connectors import connector
from console.knowledge.web_address import web_address

INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254",  # noqa: S104
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::", "2002:a9fe:a9fe::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1",
]  # fmt: skip
OUTSIDE = ["93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"]

# Cases as in the URL blocker of GitLab, and more of their kind.
REFUSED = [
    "http://0177.1/", "http://017700000001", "http://0x7f.1", "http://0x7f000001", "http://2130706433", "http://127.1",
    "http://127.000.000.001", "http://127.0.1", "http://0", "http://[::]", "http://[::1]", "http://[0:0:0:0:0:0:0:1]",
    "http://[::ffff:7f00:1]", "http://[::ffff:127.0.0.1]", "http://[::ffff:0177.1]", "http://100.64.0.1",
    "http://255.255.255.255", "http://4294967295", "http://0xffffffff", "http://037777777777", "http://255.255.65535",
    "http://0377.0377.0377.0377", "http://0xff.0xff.0xff.0xff", "http://[::ffff:ffff:ffff]",
    "http://[::ffff:255.255.255.255]", "http://255.16777215", "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/", "http://metadata.goog", "http://metadata", "http://localhost",
    "http://LOCALHOST", "http://db.localhost", "http://printer.local", "http://kubernetes.default.svc",
    "http://a\u00adb.test", "http://loc\u00adalhost", "http://\uff11\uff12\uff17.0.0.1", "http://①②⑦.0.0.1",
    "http://127。0。0。1", "http://127\uff0e0\uff0e0\uff0e1", "http://127.0.0.1%00.example.com", "http://example.com%00",
    "http://example.com.", "http://127.0.0.1.", "http://user@example.com", "http://user:word@example.com",
    "http://example.com@127.0.0.1", "http://127.0.0.1\\@example.com", "http://example.com\\.local", "http://:80",
    "http://example.com:22", "http://example.com:8080", "https://example.com:25", "http://example.com:0",
    "http://example.com:99999", "http://example.com:x", "http://-oProxyCommand=x", "ssh://-oProxyCommand=whoami",
    "http://[fe80::1%25eth0]", "http://[::1", "http://::1", "http://", "http:///etc", "http:/example.com",
    "//example.com", "example.com", "", "file:///etc/passwd", "gopher://example.com", "ftp://example.com",
    "data:text/html,x",
    "javascript:alert(1)", "jar:http://example.com!/", "dict://example.com", "http://exa\tmple.com",
    "http://exa\nmple.com", " http://example.com", "http://example.com/a b", "http://" + "a" * 64 + ".com",
    "http://" + "a." * 130 + "com",
    "http://example.com/" + "a" * 2000, "http://..", "http://a..b", "http://.com",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_leads_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_open_internet_is(address: str) -> None:
    assert is_public(address)


def test_nothing_that_python_calls_private_is_public() -> None:
    for text in INSIDE + OUTSIDE:
        address = ipaddress.ip_address(text.partition("%")[0])
        assert not (is_public(text) and (address.is_loopback or address.is_link_local or address.is_multicast))


@pytest.mark.parametrize("url", REFUSED)
async def test_refused_before_any_socket_is_opened(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    real = socket.socket.__init__

    def spy(self: socket.socket, *args: object, **kwargs: object) -> None:
        opened.append(args)
        real(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "__init__", spy)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_: opened.append(args))
    with pytest.raises((InvalidInputError, PrivateAddressError)) as refused:
        web_address(url)
    assert opened == []
    assert "\n" not in refused.value.message
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.com:443/Help?q=1#part", "https://example.com/Help?q=1"),
        ("http://example.com:80", "http://example.com/"),
        ("https://bücher.example/größe?ö=ß", "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?%C3%B6=%C3%9F"),
        ("https://example.com/%20%2F", "https://example.com/%20%2F"),
        ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://8.8.8.8/x", "http://8.8.8.8/x"),
    ],
)
def test_an_address_has_one_plain_spelling(given: str, plain: str) -> None:
    assert str(web_address(given)) == plain
    assert str(web_address(plain)) == plain


def test_a_name_or_password_is_told_as_such() -> None:
    for url in ("http://user@example.com/", "http://user:word@93.184.216.34/"):
        with pytest.raises(InvalidInputError, match="with a name or password in it"):
            web_address(url)


def answers(*addresses: str) -> Resolver:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


async def nobody(_host: str, _port: int) -> Sequence[str]:
    raise OSError("no such host")


async def test_one_private_answer_among_many_refuses_all() -> None:
    public = [f"93.184.216.{n}" for n in range(1, 64)]
    for place in (0, 31, 63):
        mixed = [*public[:place], "10.0.0.7", *public[place:]]
        with pytest.raises(PrivateAddressError, match=r"example\.com is at a private address"):
            await vetted("example.com", 443, PUBLIC, answers(*mixed))
    with pytest.raises(PrivateAddressError):
        await vetted("example.com", 443, PUBLIC, answers("93.184.216.34", "::1"))
    assert await vetted("example.com", 443, PUBLIC, answers(*public)) == tuple(public)


async def test_a_host_that_nobody_knows() -> None:
    for resolve in (nobody, answers()):
        with pytest.raises(UnknownHostError, match=r"the host example\.com is not known"):
            await vetted("example.com", 443, PUBLIC, resolve)


async def test_the_operator_may_allow_a_host_or_a_network_and_nothing_else_follows() -> None:
    reach = Reach.parse("wiki.corp, 10.1.0.0/16, 10.2.0.7:8080, [fd00::]/8")
    allowed = ["http://10.1.2.3/", "http://10.2.0.7:8080/", "http://wiki.corp/", "http://[fd00::5]/"]
    assert [str(web_address(url, reach)) for url in allowed] == allowed
    for url in ("http://10.2.0.7/", "http://10.1.2.3:8080/", "http://10.3.0.1/", "http://127.0.0.1/"):
        with pytest.raises(PrivateAddressError):
            web_address(url, reach)
    assert await vetted("wiki.corp", 443, reach, answers("10.9.9.9")) == ("10.9.9.9",)
    for host, port in (("wiki.corp", 8080), ("other.corp", 80)):
        with pytest.raises(PrivateAddressError):
            await vetted(host, port, reach, answers("10.9.9.9"))


async def test_a_port_that_is_allowed_somewhere_is_not_allowed_everywhere() -> None:
    reach = Reach.parse("10.2.0.7:8080")
    address = web_address("http://example.com:8080/", reach)
    with pytest.raises(PrivateAddressError, match="port 8080"):
        await vetted(address.host, address.port, reach, answers("93.184.216.34"))


@pytest.mark.parametrize("text", ["http://x", "10.0.0.1/8", "a b", "x:99999", "x:0", "10.0.0.0/8/8", "[::1", "*"])
def test_a_setting_that_can_not_be_read_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="is no host or network"):
        Reach.parse(text)


async def test_a_source_on_this_machine_is_refused_when_it_is_added() -> None:
    for url in ("http://127.0.0.1/", "http://localhost/", "http://[::1]:80/", "http://localhost.localdomain/x"):
        with pytest.raises(ConsoleError):
            await connector("url").check(url, PUBLIC)
