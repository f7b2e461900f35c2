"""The ports that a server listens on: its own, or one that several processes share."""

from __future__ import annotations

import socket

from grandstand.errors import OperatorError

BACKLOG = 16_384
"""Connections that may wait to be accepted; the kernel caps it by ``net.core.somaxconn``. If there
are more, it drops the rest silently, and a client tries again after 1, 3, 7, 15, 31 s."""


def listen(host: str, port: int, shared: bool = False) -> socket.socket:
    """Return a listener; a shared one uses a port that was reserved, beside others.

    Raises OperatorError if the address isn't ours or the port is taken.
    """
    options = [socket.SO_REUSEADDR, *([socket.SO_REUSEPORT] if shared else ())]
    listener = _bound(host, port, options)
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _taken(host, port, error) from None
    listener.setblocking(False)
    return listener


def reserve(host: str, port: int) -> socket.socket:
    """Take a port, 0 for any, for shared listeners of this user, without listening.

    It is first bound without sharing, so that a port in use is noticed even where its user would
    share it. Only then it is made to share: listeners that share can join it, but nobody else can
    reserve it. Raises OperatorError as ``listen``.
    """
    holder = _bound(host, port, [socket.SO_REUSEADDR])
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return holder


def url(listener: socket.socket) -> str:
    """Return the URL at which it answers."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(host: str, port: int, options: list[int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        for option in options:
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise _taken(host, port, error) from None
    return bound


def _taken(host: str, port: int, error: OSError) -> OperatorError:
    return OperatorError(
        f"can't listen on {host}:{port} ({error.strerror}): give another --port or --host"
    )
