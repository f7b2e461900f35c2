"""The client of effects: bounded in time, to allowed addresses, whatever answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from grandstand.domain.addresses import Addresses
from grandstand.effects import http_client as module
from grandstand.effects.http_client import HttpClient
from grandstand.effects.network import ForbiddenAddressError, Resolver

from tests.effects.receiver import Receiver, answer, receiver


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    made = HttpClient(Resolver(Addresses(["127.0.0.1", "::1"])))
    yield made
    await made.close()


async def test_a_call_brings_what_was_given(client: HttpClient, there: Receiver) -> None:
    status = await client.call("PUT", there.url + "/a?b=c", {"x-a": "1"}, b"body")
    assert status == (204, "")
    (got,) = there.got
    assert (got.method, got.path, got.body) == ("PUT", "/a?b=c", b"body")
    assert (got.headers["x-a"], got.headers["host"]) == ("1", f"127.0.0.1:{there.port}")


async def test_what_says_nothing_is_given_up(
    client: HttpClient, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPT_S", 0.05)
    there.answers = [None]
    status, why = await client.call("GET", there.url, {}, b"")
    assert (status, "no answer" in why) == (0, True)


async def test_a_long_answer_is_not_read(client: HttpClient, there: Receiver) -> None:
    there.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n" + b"x" * 100_000]
    assert await client.call("GET", there.url, {}, b"") == (200, "")


async def test_ten_megabytes_are_not_read(client: HttpClient, there: Receiver) -> None:
    body = b"x" * 10_000_000
    there.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)]
    assert await client.call("GET", there.url, {}, b"") == (200, "")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x00\xff\r\n\r\n",
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
    ],
    ids=["zeros", "mail", "a line of 10 MB", "100,000 headers"],
)
async def test_nonsense_is_told_as_such(
    client: HttpClient, there: Receiver, nonsense: bytes
) -> None:
    there.answers = [nonsense]
    status, why = await client.call("GET", there.url, {}, b"")
    assert (status, "HTTP" in why) == (0, True)


async def test_nobody_there_is_told_as_such(client: HttpClient) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    status, why = await client.call("GET", f"http://127.0.0.1:{port}/", {}, b"")
    assert (status, "reached" in why) == (0, True)


async def test_an_address_is_judged_when_it_is_connected_to(there: Receiver) -> None:
    client = HttpClient(Resolver(Addresses(["elsewhere.example"])))
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1"):
        with pytest.raises(ForbiddenAddressError, match="GRANDSTAND_EFFECTS_ALLOW"):
            await client.call("GET", f"http://{host}:{there.port}/", {}, b"")
    assert there.got == []
    await client.close()


async def test_a_redirect_keeps_method_and_body_and_is_followed_a_few_times(
    client: HttpClient, there: Receiver
) -> None:
    there.answers = [answer(308, "Location: /b"), answer(302, "Location: /c")]
    assert await client.call("POST", there.url + "/a", {"x-key": "k"}, b"body") == (204, "")
    assert [(got.method, got.path, got.body) for got in there.got] == [
        ("POST", path, b"body") for path in ("/a", "/b", "/c")
    ]
    assert all(got.headers["x-key"] == "k" for got in there.got)


async def test_headers_are_not_told_to_another_origin(client: HttpClient, there: Receiver) -> None:
    async with receiver() as other:
        there.answers = [answer(307, f"Location: {other.url}/")]
        headers = {"authorization": "secret", "content-type": "text/plain"}
        assert await client.call("POST", there.url, headers, b"") == (204, "")
        assert "authorization" not in other.got[0].headers
        assert other.got[0].headers["content-type"] == "text/plain"
