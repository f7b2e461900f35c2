from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from loadtest.process import cpu_ns, kernel_memory, memory, softirq_pids

OWN = [os.getpid()]
CORES = range(os.cpu_count() or 1)


def burn(ms: int) -> None:
    until_ns = time.thread_time_ns() + ms * 1_000_000
    while time.thread_time_ns() < until_ns:
        pass


def test_the_cpu_of_a_process_is_what_it_sees_itself() -> None:
    before_ns = time.process_time_ns()
    seen_ns = cpu_ns(OWN)
    assert before_ns <= seen_ns <= time.process_time_ns()


def test_a_thread_that_has_ended_has_used_its_cpu() -> None:
    before_ns = cpu_ns(OWN)
    thread = threading.Thread(target=burn, args=(20,))
    thread.start()
    thread.join()
    assert cpu_ns(OWN) - before_ns >= 20_000_000


def test_the_cpu_of_several_is_their_sum() -> None:
    first_ns = cpu_ns(OWN)
    assert 2 * first_ns <= cpu_ns(OWN * 2)


def test_a_process_that_has_ended_has_no_cpu_and_no_memory_to_read() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(OSError, match="Invalid argument"):
        cpu_ns([ended.pid])
    with pytest.raises(FileNotFoundError):
        memory([ended.pid])


WRITES = """
print(flush=True)
input()
written = bytearray(b"x") * 50_000_000
print(len(written), flush=True)
input()
"""


def test_memory_holds_what_was_written_to() -> None:
    # In a process of its own: this one may have as much to give that it had before.
    with subprocess.Popen(
        [sys.executable, "-c", WRITES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdout.readline()
        before = memory([writer.pid])
        print(file=writer.stdin, flush=True)
        assert writer.stdout.readline() == "50000000\n"
        after = memory([writer.pid])
        print(file=writer.stdin, flush=True)
    assert after.rss - before.rss > 45_000_000
    assert after.pss <= after.rss


def test_what_a_peer_does_not_read_is_in_the_kernel_s_memory() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        closing(socket.create_connection(listener.getsockname())) as sender,
        closing(listener.accept()[0]),
    ):
        sender.setblocking(False)
        unread = 0
        while select.select([], [sender], [], 0)[1]:
            unread += sender.send(bytes(65536))
        kernel = kernel_memory()
        assert kernel.tcp_buffers + len(CORES) * 1_048_576 > unread
        assert kernel.socket_slabs is None or kernel.socket_slabs > 0


def test_each_core_has_a_thread_for_softirqs() -> None:
    pids = softirq_pids(CORES)
    assert len(pids) in (0, len(CORES))  # a container may see none of them
    assert cpu_ns(pids) >= 0
