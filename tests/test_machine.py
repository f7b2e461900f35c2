"""Ports that are shared, and open files."""

from __future__ import annotations

import resource
import socket
import sys

import pytest
from grandstand import machine
from grandstand.errors import OperatorError

HOST = "127.0.0.1"


def test_too_few_open_files_are_the_operators_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 512))
    with pytest.raises(OperatorError, match="512 open files"):
        machine.raise_file_limit()


def test_connections_leave_some_files_to_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (1024, 2048))
    assert machine.max_connections() == 1024 - machine.FILES_KEPT
    monkeypatch.setattr("resource.getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert machine.max_connections() == sys.maxsize


def port_of(taken: socket.socket) -> int:
    return int(taken.getsockname()[1])


def test_listeners_share_a_port_that_was_reserved_and_its_holder_gets_nobody() -> None:
    with machine.reserve(HOST, 0) as holder:
        port = port_of(holder)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, port))
        with (
            machine.listen(HOST, port, shared=True) as one,
            machine.listen(HOST, port, shared=True) as other,
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
    with machine.reserve(HOST, 0) as holder:
        port = port_of(holder)
        with pytest.raises(OperatorError, match=f"can't listen on {HOST}:{port}"):
            machine.reserve(HOST, port)
        with (
            machine.listen(HOST, port, shared=True),
            pytest.raises(OperatorError, match=f"can't listen on {HOST}:{port}"),
        ):
            machine.reserve(HOST, port)
        with pytest.raises(OperatorError, match=f"can't listen on {HOST}:{port}"):
            machine.listen(HOST, port)


def test_a_port_can_be_reserved_again_while_connections_of_before_are_being_forgotten() -> None:
    with machine.reserve(HOST, 0) as holder:
        port = port_of(holder)
        with (
            machine.listen(HOST, port, shared=True) as listener,
            socket.create_connection((HOST, port)) as visitor,
        ):
            connection, _ = listener.accept()
            connection.close()  # the side that closes first keeps the pair for a minute
            assert visitor.recv(1) == b""
    with machine.reserve(HOST, port), machine.listen(HOST, port, shared=True):
        pass


def test_an_address_is_told_as_a_url() -> None:
    with machine.listen(HOST, 0) as listener:
        assert machine.url(listener) == f"http://{HOST}:{port_of(listener)}"
