"""How much a peer's kernel takes now: by its window one sees who doesn't read.

Who reads nothing has 120 to 155 KB of small frames in its own kernel, 25 s of a busy room, before
ours fills and the transport pauses; its window shrinks from the first unread frame on.
"""

from __future__ import annotations

import _socket
import sys

UNREAD_BYTES = 8 * 1024
"""A window that has become so much smaller is to be looked into. It also shrinks where frames
become smaller: only an answer tells who reads."""

_TCP_INFO = 11  # of Linux
_SEND_WINDOW_AT = 228  # tcpi_snd_wnd in struct tcp_info, include/uapi/linux/tcp.h, since Linux 5.4


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
