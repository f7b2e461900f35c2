"""What a server takes of its machine: open files, a port, and the terminal it was started from."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sys

from grandstand.errors import OperatorError

FILES_MIN = 1024
"""Open files without which not even a small room fits; the hard limit is taken where it's more."""

FILES_KEPT = 100
"""Open files that connections leave to the store, the model and what is read from disk."""

BACKLOG = 16_384
"""Connections that may wait to be accepted; the kernel caps it by ``net.core.somaxconn``. When they
are too many it drops the rest without a word, and a client tries again after 1, 3, 7, 15, 31 s.
"""


def raise_file_limit() -> None:
    """Takes as many open files as may be had. Raises OperatorError if that is too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES_MIN:
        raise OperatorError(
            f"only {hard} open files are allowed, one per viewer: raise it (ulimit -n 65536)"
        )
    wanted = 1_048_576 if hard == resource.RLIM_INFINITY else hard
    if soft < wanted:
        with contextlib.suppress(ValueError):  # the system caps it below: what is there stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def max_connections() -> int:
    """Return how many connections the limit of open files leaves room for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else max(1, soft - FILES_KEPT)


def listen(host: str, port: int, shared: bool = False) -> socket.socket:
    """A listener; a shared one stands beside others on a port that was reserved.

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
    """Takes a port, 0 for any, for shared listeners of this user, and doesn't listen itself.

    Bound as one that shares with nobody, so that a port in use is noticed even where its user
    would share it; and only then made one that shares: listeners that share join it, another who
    wants to reserve it can't. Raises OperatorError as ``listen``.
    """
    holder = _bound(host, port, [socket.SO_REUSEADDR])
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return holder


def url(listener: socket.socket) -> str:
    """Where it answers."""
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


class Hangup:
    """What SIGHUP means: to look for a new model, or that the terminal was closed."""

    def __init__(self) -> None:
        is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup
        self._had_terminal = _has_terminal() and not is_ignored

    @property
    def is_real(self) -> bool:
        """Whether the terminal that the process was started from is gone."""
        return self._had_terminal and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
