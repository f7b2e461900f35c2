"""What the kernel holds back for a viewer: bounded in ours, and looked at in the peer's.

With the kernel's own buffers pause_writing fired after 3.8 MB unread, 776 s at 5 frames a second;
with ours after 36 KB, 7 s. But a peer whose buffers are the default ones has 120 to 155 KB of small
frames in its own kernel, 25 s of a busy room, before ours fills; its window shrinks from the first
unread frame on.
"""

from __future__ import annotations

import _socket
import asyncio
import sys

SEND_BUFFER_BYTES = 16 * 1024  # Linux doubles it for its own overhead
NOT_SENT_LOWAT_BYTES = 16 * 1024
HIGH_WATER_BYTES = 0  # paused as soon as the kernel takes no more; and uvloop writes at once

UNREAD_BYTES = 8 * 1024
"""A window that has become so much smaller is to be looked into. It also shrinks where frames
become smaller: only an answer tells who reads."""

_TCP_INFO = 11  # of Linux
_SEND_WINDOW_AT = 228  # tcpi_snd_wnd in struct tcp_info, include/uapi/linux/tcp.h, since Linux 5.4


def bound(transport: asyncio.Transport) -> None:
    """Bound what is held back here: by the transport nothing that the kernel would take.

    Through one socket of Python's C: uvloop makes one anew, in Python, for each option.
    """
    transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
    shown = transport.get_extra_info("socket")
    if shown is None:
        return
    kernel = _socket.socket(shown.family, _socket.SOCK_STREAM, 0, shown.fileno())
    try:
        kernel.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if kernel.family in (_socket.AF_INET, _socket.AF_INET6):
            kernel.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NOTSENT_LOWAT, NOT_SENT_LOWAT_BYTES)
    finally:
        kernel.detach()


def descriptor(transport: asyncio.Transport) -> int:
    """Where bytes may be written past a transport that is ``bound``; -1 if they may not.

    It keeps none of its own unless it has paused us, and closes the socket after
    ``connection_lost``.
    """
    kernel = transport.get_extra_info("socket")
    is_plain = transport.get_extra_info("sslcontext") is None
    return kernel.fileno() if kernel is not None and is_plain else -1


def window(fd: int) -> int:
    """Bytes, by the peer's last word; 0 where the kernel doesn't say: not TCP, not Linux, broken.

    1 us, in Python's C: a transport's own socket object is made anew, in Python, for each question.
    """
    kernel = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0, fd)
    try:
        info = kernel.getsockopt(_socket.IPPROTO_TCP, _TCP_INFO, _SEND_WINDOW_AT + 4)
    except OSError:
        return 0
    finally:
        kernel.detach()
    return int.from_bytes(info[_SEND_WINDOW_AT:], sys.byteorder)
