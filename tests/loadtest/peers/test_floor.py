from __future__ import annotations

import os
import resource
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from grandstand.edge.transport.send_socket import NOT_SENT_LOWAT_BYTES, SEND_BUFFER_BYTES

from loadtest.peers.floor import FLOOR, compiled
from loadtest.peers.peer import PeerError
from loadtest.peers.programs.floor import Write, accepted, bound, write_all, write_all_in_c
from tests.loadtest.peers.viewers import until_counted, viewer

UPGRADE = b"GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"


@pytest.fixture(params=["python", "c"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    return write_all if request.param == "python" else write_all_in_c(compiled(str(tmp_path)))


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    made = [socket.socketpair() for _ in range(3)]
    yield made
    for pair in made:
        for end in pair:
            end.close()


def test_the_loop_gives_each_the_whole_frame_and_tells_who_is_gone(
    write: Write, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    fds = [near.fileno() for near, _ in pairs]
    assert write(fds, b"first") == []
    pairs[1][1].close()
    assert write(fds, b"second") == [fds[1]]
    assert pairs[0][1].recv(100) == pairs[2][1].recv(100) == b"firstsecond"


def test_its_sockets_are_as_the_servers() -> None:
    with socket.socket() as each:
        bound(each)
        assert each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        assert each.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * SEND_BUFFER_BYTES
        lowat = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
        assert lowat == NOT_SENT_LOWAT_BYTES


def test_the_answer_to_an_upgrade_is_the_standards() -> None:
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in accepted(UPGRADE)


def test_who_asks_for_no_upgrade_or_hangs_up_is_cut_and_the_next_is_let_in() -> None:
    with FLOOR.started(os.sched_getaffinity(0)) as running:
        with closing(socket.create_connection(running.address)) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert plain.recv(100) == b""
        with closing(socket.create_connection(running.address)) as hasty:
            hasty.sendall(b"GET")
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with viewer(FLOOR.dialect, running.address, FLOOR.path) as patient:
            until_counted(running, 1)
            running.publish(b"here you are")
            assert patient.receive() == "here you are"


def test_it_ends_when_it_can_take_no_more_rather_than_serve_fewer() -> None:
    with FLOOR.started(os.sched_getaffinity(0)) as running, ExitStack() as stack:
        (pid,) = running.pids()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (20, 20))
        for _ in range(20):
            each = stack.enter_context(closing(socket.create_connection(running.address)))
            each.sendall(UPGRADE)
        with pytest.raises(PeerError, match="Too many open files"):
            until_counted(running, 20)
