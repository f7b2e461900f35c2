"""The floor: one bare ``os.write`` per viewer and frame, in a plain loop, and nothing else.

Its sockets are as the server's: TCP_NODELAY, SO_SNDBUF 16 KiB, TCP_NOTSENT_LOWAT 16 KiB (the
figures are imported from there). But they block: a viewer whose socket is full stalls the loop, so
that no frame is lost, cut or queued; the loop's wall time shows it. After the upgrade nothing is
read and no event loop knows the socket. A viewer that has gone is forgotten when a write fails.

With ``--library`` the same loop runs in C, one ``send`` each.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import ctypes
import hashlib
import os
import socket
import time
from collections.abc import Callable

import uvloop
from grandstand.edge.transport.send_socket import NOT_SENT_LOWAT_BYTES, SEND_BUFFER_BYTES
from grandstand.wire import websocket_frames

from loadtest.peers.programs.control import Loops, obey

BACKLOG = 4096
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3

Write = Callable[[list[int], bytes], list[int]]
"""Writes a frame to every file descriptor, and returns those that are gone."""


def write_all(fds: list[int], frame: bytes) -> list[int]:
    """The loop that everything is measured against."""
    write, gone = os.write, []
    for fd in fds:
        try:
            write(fd, frame)
        except OSError:
            gone.append(fd)
    return gone


def write_all_in_c(library: str) -> Write:
    """The same loop in C: one call for all."""
    send_all = ctypes.CDLL(library).send_all
    send_all.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]

    def write(fds: list[int], frame: bytes) -> list[int]:
        array = (ctypes.c_int * len(fds))(*fds)
        if send_all(array, len(fds), frame, len(frame)) == len(fds):
            return []
        return [fd for fd, left in zip(fds, array, strict=True) if left < 0]

    return write


def bound(viewer: socket.socket) -> None:
    """Give it the options that the server's sockets have."""
    viewer.setblocking(False)
    viewer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it too
    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    viewer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOT_SENT_LOWAT_BYTES)


async def upgrade(viewer: socket.socket, fds: list[int]) -> None:
    """Let one viewer in; who asks for anything but an upgrade is cut."""
    loop = asyncio.get_running_loop()
    head = b""
    try:
        bound(viewer)
        while b"\r\n\r\n" not in head:
            data = await loop.sock_recv(viewer, 4096)
            if not data:
                raise ConnectionAbortedError
            head += data
        await loop.sock_sendall(viewer, accepted(head))
        viewer.setblocking(True)
    except (OSError, ValueError):
        viewer.close()
    else:
        fds.append(viewer.detach())


def accepted(head: bytes) -> bytes:
    """The answer to an upgrade's head. Raises ValueError if it has no key."""
    for line in head.split(b"\r\n"):
        name, _, key = line.partition(b":")
        if name.lower() == b"sec-websocket-key":
            accept = base64.b64encode(hashlib.sha1(key.strip() + GUID).digest())
            return (
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
    raise ValueError("no key")


async def accept(listener: socket.socket, fds: list[int]) -> None:
    """Let everybody in."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as upgrades:
        while True:
            viewer, _ = await loop.sock_accept(listener)
            upgrades.create_task(upgrade(viewer, fds))


async def main(write: Write) -> None:
    """Serve until standard input ends."""
    fds: list[int] = []

    async def publish(payload: bytes, loops: Loops) -> None:
        frame = websocket_frames.plain(payload, False)
        wall_ns, cpu_ns = time.monotonic_ns(), time.process_time_ns()
        gone = write(fds, frame)
        cpu_ns, wall_ns = time.process_time_ns() - cpu_ns, time.monotonic_ns() - wall_ns
        loops.append((cpu_ns, wall_ns))
        if gone:
            fds[:] = sorted(set(fds).difference(gone))
        for fd in gone:
            os.close(fd)

    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    listener.setblocking(False)
    async with asyncio.TaskGroup() as group:  # so that it ends when it can't accept any more
        accepting = group.create_task(accept(listener, fds))
        await obey(listener.getsockname()[1], lambda: len(fds), publish)
        accepting.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", help="the compiled floor.c")
    library = parser.parse_args().library
    uvloop.run(main(write_all_in_c(library) if library else write_all))
