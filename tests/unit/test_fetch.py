"""Fetching a page from servers that mean harm."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from console.addresses import PrivateAddressError, Reach, Resolver
from console.errors import ConsoleError, InvalidInputError
from console.knowledge.fetch import MAX_HOPS, Fetcher, FetchError, Page
from console.knowledge.media import MAX_BYTES
from console.knowledge.web_address import web_address
from tests.certificates import Certificates, make_certificates
from tests.web import Site, a_site, response

HTML = "<h1>Returns</h1><p>Within 30 days.</p>"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with a_site() as site:
        yield site


async def fetch(site: Site, path: str = "/", before: dict[str, str] | None = None, seconds: float = 20) -> Page | None:
    return await Fetcher(reach=site.reach, seconds=seconds).fetch(web_address(site.url(path), site.reach), before)


async def refused(site: Site, path: str = "/", seconds: float = 20) -> ConsoleError:
    with pytest.raises(ConsoleError) as error:
        await fetch(site, path, seconds=seconds)
    assert "\n" not in error.value.message
    return error.value


async def test_a_page_comes_with_its_type_and_what_to_ask_with(site: Site) -> None:
    site.page("/a?b=1", HTML, "text/html; charset=utf-8", etag='"7"', last_modified="Sat, 01 Nov 2025 10:00:00 GMT")
    page = await fetch(site, "/a?b=1")
    assert page is not None
    assert (page.data, page.media_type) == (HTML.encode(), "text/html; charset=utf-8")
    url = site.url("/a?b=1")
    assert page.validators == {"url": url, "etag": '"7"', "modified": "Sat, 01 Nov 2025 10:00:00 GMT"}
    (seen,) = site.seen
    assert seen.headers["host"] == f"127.0.0.1:{site.port}"
    assert seen.headers["accept-encoding"] == "gzip"
    assert seen.headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}


async def test_what_has_not_changed_is_not_sent(site: Site) -> None:
    site.answers["/"] = response(304, b"", "")
    before = {"url": site.url("/"), "etag": '"7"', "modified": "Sat, 01 Nov 2025 10:00:00 GMT"}
    assert await fetch(site, "/", before) is None
    assert site.seen[0].headers["if-none-match"] == '"7"'
    assert site.seen[0].headers["if-modified-since"] == "sat, 01 nov 2025 10:00:00 gmt"
    assert "answers 304" in (await refused(site)).message


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (403, False), (500, False), (503, False),
                                              (206, False), (204, False), (999, False)])  # fmt: skip
async def test_a_status_that_is_none_of_ours(site: Site, status: int, gone: bool) -> None:
    site.answers["/"] = response(status, b"x" if status != 204 else b"")
    error = await refused(site)
    assert isinstance(error, FetchError)
    assert (error.gone, f"answers {status}" in error.message) == (gone, True)


async def test_only_what_can_be_read_is_taken(site: Site) -> None:
    for kind in ("image/png", "application/octet-stream", "application/json", "text/html-ish", "\x9b;text/html"):
        site.page("/", HTML, kind)
        assert "not a page, text, PDF or Word document" in (await refused(site)).message
    site.page("/", HTML, "")
    assert "does not say what it is" in (await refused(site)).message


async def test_each_hop_is_looked_at(site: Site) -> None:
    async with a_site() as inside:
        inside.page("/secret", "secret")
        site.moves("/", inside.url("/secret"))
        assert isinstance(await refused(site), InvalidInputError | PrivateAddressError)
        for place in ("http://169.254.169.254/latest", "http://[::1]/", "http://10.0.0.1/"):
            site.moves("/", place)
            assert isinstance(await refused(site), PrivateAddressError)
        for place in (
            "file:///etc/passwd",
            "gopher://x",
            "http://0177.1/",
            "http://u:p@127.0.0.1/",
            "http://localhost:1",
        ):
            site.moves("/", place)
            assert isinstance(await refused(site), InvalidInputError)
        assert inside.seen == []


async def test_hops_are_counted_and_circles_found(site: Site) -> None:
    for number in range(MAX_HOPS + 2):
        site.moves(f"/{number}", f"/{number + 1}", status=(301, 302, 303, 307, 308)[number % 5])
    assert "on more than 5 times" in (await refused(site, "/0")).message
    assert len(site.seen) == MAX_HOPS + 1
    site.page(f"/{MAX_HOPS}", HTML)
    page = await fetch(site, "/0")
    assert page is not None
    assert page.url == site.url("/5")
    site.moves("/a", "/b")
    site.moves("/b", "/a#elsewhere")
    assert "round in a circle" in (await refused(site, "/a")).message
    site.answers["/lost"] = response(302, b"")
    assert "does not say where" in (await refused(site, "/lost")).message


async def test_nothing_that_is_ours_goes_to_another_host(site: Site) -> None:
    async with a_site() as other:
        other.page("/", HTML)
        site.answers["/"] = response(302, b"", "", location=other.url("/"), set_cookie="a=b", www_authenticate="Basic")
        reach = Reach.parse(f"{site.allowed},{other.allowed}")
        before = {"url": site.url("/"), "etag": '"7"'}
        assert await Fetcher(reach=reach).fetch(web_address(site.url("/"), reach), before)
        assert other.seen[0].headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}
        assert other.seen[0].headers["host"] == f"127.0.0.1:{other.port}"


async def test_a_bomb_is_stopped_at_the_limit_before_memory_grows(site: Site) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 250_000
    site.page("/", bomb, content_encoding="gzip")
    tracemalloc.start()
    try:
        assert "larger than 8 MB" in (await refused(site)).message
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()


async def test_only_the_outer_packing_is_undone(site: Site) -> None:
    site.page("/", gzip.compress(gzip.compress(b"x")), content_encoding="gzip")
    page = await fetch(site)
    assert page is not None
    assert gzip.decompress(page.data) == b"x"


async def test_a_body_without_end_is_left(site: Site) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")
            await writer.drain()

    site.answers["/"] = endless
    assert "larger than 8 MB" in (await refused(site)).message
    site.answers["/"] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 1000000000\r\n\r\nx"
    assert "larger than 8 MB" in (await refused(site)).message


async def test_rubbish_after_packed_text_counts_too(site: Site) -> None:
    async def trailing(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"x")
        )
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    site.answers["/"] = trailing
    assert "larger than 8 MB" in (await refused(site)).message


async def test_one_byte_now_and_then_ends_with_the_time(site: Site) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def silent(_writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    site.answers |= {"/slow": slow, "/silent": silent}
    for path in ("/slow", "/silent"):
        assert (await refused(site, path, seconds=0.5)).message == "127.0.0.1 took longer than 0.5 s"


async def test_a_head_without_end_is_left(site: Site) -> None:
    async def headers(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + b"x-y: " + b"z" * 1_000_000 + b"\r\n\r\n")
        await writer.drain()

    site.answers["/"] = headers
    assert "does not speak HTTP as it should" in (await refused(site)).message


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"hello\r\n\r\n", "does not speak HTTP"),
        (b"", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\ncontent-type: text/html\r\n\r\nx", "does not speak HTTP"),
        (response(200, b"x", content_encoding="br"), "a coding that was not asked for"),
        (response(200, b"x", content_encoding="gzip, gzip"), "a coding that was not asked for"),
        (response(200, b"no gzip at all", content_encoding="gzip"), "broken"),
        (response(200, gzip.compress(b"x" * 999)[:-9], content_encoding="gzip"), "breaks off"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: x\r\n\r\nx", "does not speak HTTP"),
    ],
)
async def test_an_answer_that_is_none(site: Site, answer: bytes, why: str) -> None:
    site.answers["/"] = answer
    assert why in (await refused(site)).message


async def test_a_server_that_is_not_there(site: Site) -> None:
    async with a_site() as gone:
        pass
    assert (await refused(gone)).message == "127.0.0.1 can't be reached"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"), "help.acme.test")


def resolver(*rounds: Sequence[str]) -> tuple[Resolver, list[str]]:
    """Answers another list each time it is asked; and the hosts it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return rounds[min(len(asked), len(rounds)) - 1]

    return resolve, asked


async def test_the_name_stays_the_hosts_though_its_address_is_dialled(certificates: Certificates) -> None:
    names: list[str | None] = []
    context = certificates.server()
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    async with a_site(context) as site:
        site.page("/", HTML)
        # The second look-up would lead elsewhere: there is none.
        resolve, asked = resolver(["127.0.0.1"], ["127.0.0.2"])
        fetcher = Fetcher(reach=site.reach, resolve=resolve, trust=certificates.client())
        address = web_address(f"https://help.acme.test:{site.port}/", site.reach)
        assert await fetcher.fetch(address)
        assert (names, asked) == (["help.acme.test"], ["help.acme.test"])
        assert site.seen[0].headers["host"] == f"help.acme.test:{site.port}"


async def test_another_hosts_certificate_is_not_believed(certificates: Certificates, tmp_path: Path) -> None:
    async with a_site(certificates.server()) as site:
        site.page("/", HTML)
        address = web_address(f"https://evil.acme.test:{site.port}/", site.reach)
        resolve, _ = resolver(["127.0.0.1"])
        for trust in (certificates.client(), None):
            with pytest.raises(FetchError, match=r"evil.acme.test has a certificate that is not trusted"):
                await Fetcher(reach=site.reach, resolve=resolve, trust=trust).fetch(address)
        assert site.seen == []


async def test_from_https_never_to_http(certificates: Certificates, site: Site) -> None:
    site.page("/", HTML)
    async with a_site(certificates.server()) as secure:
        secure.moves("/", site.url("/"))
        reach = Reach.parse(f"{site.allowed},{secure.allowed}")
        resolve, _ = resolver(["127.0.0.1"])
        fetcher = Fetcher(reach=reach, resolve=resolve, trust=certificates.client())
        with pytest.raises(FetchError, match="from https to http"):
            await fetcher.fetch(web_address(f"https://help.acme.test:{secure.port}/", reach))
    assert site.seen == []


async def test_a_name_that_turns_inside_on_the_second_look_is_never_dialled(site: Site) -> None:
    """First a public answer, for the redirect's look-up a private one: refused, and the server never hears of it."""
    site.moves("/", "/again")
    site.page("/again", HTML)
    resolve, asked = resolver(["127.0.0.1"], ["127.0.0.2"])
    fetcher = Fetcher(reach=site.reach, resolve=resolve)
    with pytest.raises(PrivateAddressError):
        await fetcher.fetch(web_address(f"http://help.acme.test:{site.port}/", site.reach))
    assert (len(asked), [seen.target for seen in site.seen]) == (2, ["/"])


async def test_an_address_that_does_not_answer_is_followed_by_the_next(site: Site) -> None:
    site.page("/", HTML)
    reach = Reach.parse(f"127.0.0.0/8:{site.port}")
    resolve, _ = resolver(["127.0.0.9", "127.0.0.1"])
    fetcher = Fetcher(reach=reach, resolve=resolve)
    assert await fetcher.fetch(web_address(f"http://help.acme.test:{site.port}/", reach))


async def test_the_environments_proxy_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.page("/", HTML)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await fetch(site)
    assert MAX_BYTES == 8 * 1024 * 1024


def test_old_tls_is_refused(certificates: Certificates) -> None:
    assert certificates.client().minimum_version >= ssl.TLSVersion.TLSv1_2
