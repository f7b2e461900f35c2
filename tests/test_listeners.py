"""Ports, and how several processes share one."""

from __future__ import annotations

import socket

import pytest
from grandstand import listeners
from grandstand.errors import OperatorError

HOST = "127.0.0.1"


def port_of(taken: socket.socket) -> int:
    return int(taken.getsockname()[1])


def test_listeners_share_a_port_that_was_reserved_and_its_holder_gets_nobody() -> None:
    with listeners.reserve(HOST, 0) as holder:
        port = port_of(holder)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, port))
        with (
            listeners.listen(HOST, port, shared=True) as one,
            listeners.listen(HOST, port, shared=True) as other,
        ):
            visitors = [socket.create_connection((HOST, port)) for _ in range(64)]
            accepted = [accepted_by(one), accepted_by(other)]
            for visitor in visitors:
                visitor.close()
    assert sum(accepted) == 64
    assert all(accepted)


def accepted_by(listener: socket.socket) -> int:
    """How many wait there; all that connected do, since connecting ends when they wait."""
    count = 0
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1


def test_a_port_is_reserved_once_whether_or_not_somebody_listens_there() -> None:
    with listeners.reserve(HOST, 0) as holder:
        port = port_of(holder)
        with pytest.raises(OperatorError, match=f"can't listen on {HOST}:{port}"):
            listeners.reserve(HOST, port)
        with (
            listeners.listen(HOST, port, shared=True),
            pytest.raises(OperatorError, match=f"can't listen on {HOST}:{port}"),
        ):
            listeners.reserve(HOST, port)
        with pytest.raises(OperatorError, match=f"can't listen on {HOST}:{port}"):
            listeners.listen(HOST, port)


def test_a_port_can_be_reserved_again_while_connections_of_before_are_being_forgotten() -> None:
    with listeners.reserve(HOST, 0) as holder:
        port = port_of(holder)
        with (
            listeners.listen(HOST, port, shared=True) as listener,
            socket.create_connection((HOST, port)) as visitor,
        ):
            connection, _ = listener.accept()
            connection.close()  # the side that closes first keeps the pair for a minute
            assert visitor.recv(1) == b""
    with listeners.reserve(HOST, port), listeners.listen(HOST, port, shared=True):
        pass


def test_an_address_is_told_as_a_url() -> None:
    with listeners.listen(HOST, 0) as listener:
        assert listeners.url(listener) == f"http://{HOST}:{port_of(listener)}"
