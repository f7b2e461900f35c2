"""A name server for one name, whose addresses are those of the servers that there are.

It answers as a cluster's DNS does for a headless service: an A record for each pod.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import cast

A, IN = 1, 1
IS_ANSWER, IS_AUTHORITATIVE = 0x8000, 0x0400
QUESTION_AT = 12
NAME_OF_THE_QUESTION = 0xC000 | QUESTION_AT


class _Names(asyncio.DatagramProtocol):
    def __init__(self, addresses: Callable[[], Iterable[str]]) -> None:
        self._addresses = addresses

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        number, _, questions = struct.unpack_from("!HHH", data)
        assert questions == 1
        end = data.index(b"\0", QUESTION_AT) + 5
        (kind,) = struct.unpack_from("!H", data, end - 4)
        found = list(self._addresses()) if kind == A else []
        flags = IS_ANSWER | IS_AUTHORITATIVE
        head = struct.pack("!HHHHHH", number, flags, 1, len(found), 0, 0)
        records = [
            struct.pack("!HHHIH", NAME_OF_THE_QUESTION, A, IN, 1, 4) + IPv4Address(each).packed
            for each in found
        ]
        self._transport.sendto(head + data[QUESTION_AT:end] + b"".join(records), addr)


@asynccontextmanager
async def name_server(addresses: Callable[[], Iterable[str]]) -> AsyncIterator[str]:
    """Answer for any name with ``addresses``; yields where to ask, as ``host:port``."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Names(addresses), local_addr=("127.0.0.1", 0)
    )
    try:
        host, port = transport.get_extra_info("sockname")
        yield f"{host}:{port}"
    finally:
        transport.close()
