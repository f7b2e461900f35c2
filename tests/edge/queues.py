"""What the kernel holds of a connection: bytes that nobody has read, or acknowledged."""

from __future__ import annotations

import asyncio
import fcntl
import sys
import termios
from collections.abc import Iterable
from typing import Any

from tests.edge.echo import Served
from tests.waiting import until


def unread_bytes(descriptor: int) -> int:
    """Return how much has come that was not read."""
    return _asked(descriptor, termios.FIONREAD)


def unacknowledged_bytes(descriptor: int) -> int:
    """Return how much was sent that the peer's kernel has not acknowledged: it may take 40 ms."""
    return _asked(descriptor, termios.TIOCOUTQ)


async def send_in_pieces(
    served: Served, writer: asyncio.StreamWriter, pieces: Iterable[bytes]
) -> None:
    """Send each piece once the server has read the one before, unless it has hung up."""

    def server_end() -> Any:
        for each in served.server.server_state.connections:
            end: Any = getattr(each, "transport", None) or each._transport  # type: ignore[union-attr]
            if end.get_extra_info("peername") == writer.get_extra_info("sockname"):
                return end
        return None

    def has_read() -> bool:
        if writer.transport.get_write_buffer_size():
            return writer.transport.is_closing()
        end = server_end()
        if end is None or end.is_closing():
            return True
        return not unread_bytes(end.get_extra_info("socket").fileno())

    await until(server_end)
    for piece in pieces:
        writer.write(piece)
        await until(has_read)


def _asked(descriptor: int, request: int) -> int:
    return int.from_bytes(fcntl.ioctl(descriptor, request, bytes(4)), sys.byteorder)
