from __future__ import annotations

import asyncio

import pytest
from grandstand.edge.transport.client_address import counted_as, limited_address
from uvicorn import Config
from websockets.asyncio.client import connect

from tests.edge.echo import no_app, serving


@pytest.mark.parametrize(
    ("forwarded", "trusted", "peer"),
    [
        (None, "127.0.0.1", "127.0.0.1"),
        ("203.0.113.9", "10.0.0.1", "127.0.0.1"),
        ("203.0.113.9", "127.0.0.1", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "127.0.0.1", "203.0.113.9"),
        ("nonsense", "127.0.0.1", "nonsense"),
    ],
)
async def test_a_viewer_comes_from_where_a_trusted_proxy_says_or_else_its_socket(
    forwarded: str | None, trusted: str, peer: str
) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    async with (
        serving(forwarded_allow_ips=trusted) as served,
        connect(served.url, additional_headers=headers),
    ):
        assert [handshake.peer for handshake in served.admission.handshakes] == [peer]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_ipv6_is_counted_by_the_64_and_an_ipv4_address_as_itself(
    address: str, counted: str
) -> None:
    assert counted_as(address) == counted


class Wire(asyncio.Transport):
    """Says who is at its other end."""

    def __init__(self, peername: object) -> None:
        super().__init__({"peername": peername})


@pytest.mark.parametrize(
    ("peername", "address"),
    [
        (("192.0.2.1", 1234), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 1234, 0, 0), "2001:db8:1:2::"),
        (("::ffff:192.0.2.1", 1234, 0, 0), "192.0.2.1"),
        (("10.0.0.10", 1234), ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_connection_is_limited_by_its_own_address_unless_a_trusted_proxy_brings_it(
    peername: object, address: str
) -> None:
    config = Config(no_app, lifespan="off", log_config=None, forwarded_allow_ips="10.0.0.10")
    config.load()
    assert limited_address(Wire(peername), config) == address
