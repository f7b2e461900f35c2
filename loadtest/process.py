"""What processes use, as the kernel counts it: CPU to the nanosecond, memory of theirs and its own.

CPU: the clock of a process (``clock_getcpuclockid(3)``) sums the run time of all its threads, those
that have ended among them, in ns. ``/proc/PID/stat`` tells the same in steps of 10 ms, and
``/proc/PID/schedstat`` is of one thread alone.

Who pays on loopback: a ``write`` to a socket runs the sending half, and at its end, in a softirq on
the same core and in the writer's own time, the receiving half up to the reader's wake-up. So a
server's CPU holds both, and its readers' CPU the copying out and the acknowledgements. That is so
where the kernel is built without ``CONFIG_IRQ_TIME_ACCOUNTING`` (as most virtual machines' are);
with it, softirqs are in nobody's time but in ``/proc/stat``. When softirqs pile up, the core's
``ksoftirqd`` takes them over: count its time with the server's.

A reader asleep in its poll is woken at the writer's expense, too. A slow server pays that for every
write, a fast one finds its readers awake, and over a network none pays it. Clients that come back
to their sockets every 30 ms keep it out (5,000 viewers, 512 bytes, us per viewer and frame, two
runs): the floor 4.9 and 5.1 against 5.5 and 5.9, Nchan 7.3 and 7.5 against 9.1 and 10.3, Socket.IO
12.5 and 12.8 against 17.2 and 17.2.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = resource.getpagesize()
_CPUCLOCK_SCHED = 2  # include/linux/posix-timers.h: the sum of a thread group's run time

_SOCKET_SLABS = (
    "TCP", "TCPv6", "sock_inode_cache", "filp", "dentry", "eventpoll_epi", "eventpoll_pwq",
    "skbuff_head_cache", "skbuff_fclone_cache", "skbuff_small_head", "request_sock_TCP",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """Of processes, in bytes; ``pss`` divides what several share among them."""

    rss: int
    pss: int


@dataclass(frozen=True, slots=True)
class KernelMemory:
    """The whole machine's, in bytes: on loopback both ends of every connection are in it.

    ``tcp_buffers``: what lies in sockets' queues (``/proc/net/sockstat``), with its overhead; each
    core may hold back 1 MB of the count. ``socket_slabs``: the structures of sockets and files
    (``/proc/slabinfo``), None where only root may read that. Small heads of packets are in both.
    """

    tcp_buffers: int
    socket_slabs: int | None


def cpu_ns(pids: Iterable[int]) -> int:
    """User and system time used so far. Raises OSError for a process that has ended."""
    return sum(time.clock_gettime_ns((~pid << 3) | _CPUCLOCK_SCHED) for pid in pids)


def memory(pids: Iterable[int]) -> Memory:
    """What they hold now. Raises OSError for a process that has ended, or is another user's."""
    rss = pss = 0
    for pid in pids:
        sizes = _kilobytes(Path(f"/proc/{pid}/smaps_rollup"))
        rss += sizes["Rss"]
        pss += sizes["Pss"]
    return Memory(rss * 1024, pss * 1024)


def kernel_memory() -> KernelMemory:
    """What sockets take of the kernel's memory now."""
    words = Path("/proc/net/sockstat").read_text().split("TCP:")[1].split("\n")[0].split()
    pages = int(words[words.index("mem") + 1])
    return KernelMemory(pages * PAGE_BYTES, _socket_slabs())


def softirq_pids(cores: Collection[int]) -> list[int]:
    """The kernel's threads that work off softirqs on these cores; none where they can't be seen."""
    names = {f"ksoftirqd/{core}\n" for core in cores}
    found = []
    for name in Path("/proc").glob("[0-9]*/comm"):
        try:
            if name.read_text() in names:
                found.append(int(name.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return found


def _socket_slabs() -> int | None:
    try:
        lines = Path("/proc/slabinfo").read_text().splitlines()[2:]
    except PermissionError:
        return None
    pages = 0
    for name, *figures in (line.split() for line in lines):
        if name in _SOCKET_SLABS:
            pages_per_slab, slabs = int(figures[4]), int(figures[13])
            pages += slabs * pages_per_slab
    return pages * PAGE_BYTES


def _kilobytes(path: Path) -> dict[str, int]:
    rows = (line.split() for line in path.read_text().splitlines()[1:])
    return {name.rstrip(":"): int(size) for name, size, *_ in rows}
