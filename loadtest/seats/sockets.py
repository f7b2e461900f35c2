"""Raw non-blocking sockets to one server, from as many of our own addresses as it takes.

They are those of C: gevent replaces the ones in ``socket``, and a seat needs no more than these.
"""

from __future__ import annotations

import errno
import os
from _socket import AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, socket
from itertools import count

LOOPBACK = "127."
ADDRESSES = 32
"""Of ours to come from on loopback: a server bounds the connections of one address, and the ports
of one run out."""
IP_BIND_ADDRESS_NO_PORT = 24  # of Linux; in the socket module from Python 3.12 on

_addresses = count()


def begin(address: tuple[str, int]) -> socket:
    """A socket on its way to ``address`` (IP and port). Raises OSError if it can't begin."""
    host = address[0]
    connection = socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        if host.startswith(LOOPBACK):
            connection.setsockopt(0, IP_BIND_ADDRESS_NO_PORT, 1)
            connection.bind((f"127.0.0.{1 + next(_addresses) % ADDRESSES}", 0))
        said = connection.connect_ex(address)
        if said not in (0, errno.EINPROGRESS):
            raise OSError(said, os.strerror(said))
    except OSError:
        connection.close()
        raise
    return connection
