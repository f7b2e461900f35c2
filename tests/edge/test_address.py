from __future__ import annotations

import pytest
from websockets.asyncio.client import connect

from tests.edge.echo import serving


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
        assert [handshake.peer for handshake in served.gate.handshakes] == [peer]
