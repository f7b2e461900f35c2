"""Bounds on what the kernel buffers for a viewer, and the window of the peer's kernel.

With the kernel's own buffers pause_writing fired after 3.8 MB unread, 776 s at 5 frames a second;
with ours after 36 KB, 7 s. But a peer with default buffers has 120 to 155 KB of small frames in its
own kernel, 25 s of a busy room, before ours fills. Its window shrinks from the first unread frame
on. Frames that are smaller than the window's unit (128 bytes on most machines, 1 KiB where a buffer
may grow to 32 MB) and acknowledged one by one do not shrink it. Then only full buffers tell.
"""

from __future__ import annotations

import _socket
import asyncio
import sys

SEND_BUFFER_BYTES = 16 * 1024  # Linux doubles it for its own overhead
NOT_SENT_LOWAT_BYTES = 16 * 1024
HIGH_WATER_BYTES = 0  # paused as soon as the kernel takes no more; and uvloop writes at once

UNREAD_BYTES = 8 * 1024
"""A window that has become so much smaller must be checked. It also shrinks where frames become
smaller: only an answer proves that a viewer reads."""

Socket = _socket.socket
"""Of Python's C. A transport's own is made anew, in Python, each time it is asked for."""

_TCP_INFO = 11  # of Linux
_SEND_WINDOW_AT = 228  # tcpi_snd_wnd in struct tcp_info, include/uapi/linux/tcp.h, since Linux 5.4


def handle(transport: asyncio.Transport) -> Socket | None:
    """Return a second handle of the socket under ``transport``, to write past it; None where bytes
    may not go past it. Set bounds on what both buffer: the transport buffers nothing that the
    kernel would take.

    The transport keeps no bytes of its own unless it has paused us, and closes the socket after
    ``connection_lost``. By then this handle must be detached, else it would close the socket too.
    """
    transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
    shown = transport.get_extra_info("socket")
    if shown is None:
        return None
    kernel = Socket(shown.family, _socket.SOCK_STREAM, 0, shown.fileno())
    may_pass = False
    try:
        kernel.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if kernel.family in (_socket.AF_INET, _socket.AF_INET6):
            kernel.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NOTSENT_LOWAT, NOT_SENT_LOWAT_BYTES)
        may_pass = transport.get_extra_info("sslcontext") is None
    finally:
        if not may_pass:
            kernel.detach()
    return kernel if may_pass else None


def write(
    kernel: Socket | None, transport: asyncio.Transport, is_paused: bool, data: bytes
) -> None:
    """Write to the kernel, and what it doesn't take to the transport; all to the transport once
    that has paused us, since it holds bytes that come first."""
    sent = 0
    if kernel is not None and not is_paused:
        try:
            sent = kernel.send(data)
        except OSError:  # full, or broken, as the transport will find
            sent = 0
    if sent < len(data):
        transport.write(data[sent:])


def window(kernel: Socket) -> int:
    """Return the peer's last window in bytes; 0 where the kernel has none: not TCP, not Linux,
    broken."""
    try:
        info = kernel.getsockopt(_socket.IPPROTO_TCP, _TCP_INFO, _SEND_WINDOW_AT + 4)
    except OSError:
        return 0
    return int.from_bytes(info[_SEND_WINDOW_AT:], sys.byteorder)
