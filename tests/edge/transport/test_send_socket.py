from __future__ import annotations

import socket

from grandstand.edge.transport.send_socket import UNREAD_BYTES, window

from tests.edge.queues import unacknowledged_bytes
from tests.waiting import wait_until


def test_a_window_shrinks_by_what_is_not_read_and_opens_again() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as peer,
        listener.accept()[0] as ours,
    ):

        def is_acknowledged() -> bool:
            return not unacknowledged_bytes(ours.fileno())

        ours.sendall(b"x" * 1_024)
        widest = window(ours)
        while (now := window(ours)) > widest - UNREAD_BYTES:
            widest = max(widest, now)
            ours.sendall(b"x" * 1_024)
            wait_until(is_acknowledged)
        peer.recv(1 << 20)
        while window(ours) <= now:
            ours.sendall(b"x")
            wait_until(is_acknowledged)
        ours.sendall(b"still open")


def test_what_has_no_window_has_none() -> None:
    ours, peer = socket.socketpair()
    with ours, peer:
        assert window(ours) == 0
        ours.sendall(b"still open")
