from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from loadtest.peers.child import child
from loadtest.peers.lineup import LINEUP
from loadtest.peers.peer import Peer, PeerError, Running, due
from loadtest.peers.told import ToldPeer
from loadtest.process import cpu_ns, memory
from tests.loadtest.peers.viewers import Viewer, until_counted, viewer
from tests.waiting import PATIENCE_S

AVAILABLE = [peer for peer in LINEUP if peer.available()]
FLOORS = {"floor", "floor_c"}
CORE = min(os.sched_getaffinity(0))


@pytest.fixture(params=AVAILABLE, ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Peer:
    given: Peer = request.param
    return given


@pytest.fixture
def running(peer: Peer) -> Iterator[Running]:
    with peer.started([CORE]) as running:
        yield running


def come_in(stack: ExitStack, peer: Peer, running: Running, count: int) -> list[Viewer]:
    """The first viewers, once the peer counts them."""
    viewers = [
        stack.enter_context(viewer(peer.dialect, running.address, peer.path)) for _ in range(count)
    ]
    until_counted(running, count)
    return viewers


def test_every_viewer_gets_every_payload_once_and_in_order(peer: Peer, running: Running) -> None:
    payloads = ["first", "x" * 512, "y" * 4096, *["again"] * 20, "last"]
    with ExitStack() as stack:
        viewers = come_in(stack, peer, running, 3)
        for payload in payloads[:3]:
            running.publish(payload.encode())
        running.publish(b"again", 20, every_ms=1)
        running.publish(b"last")
        for each in viewers:
            assert [each.receive() for _ in payloads] == payloads


def test_a_viewer_that_left_takes_nothing_from_the_others(peer: Peer, running: Running) -> None:
    with ExitStack() as stack:
        stays, leaves = come_in(stack, peer, running, 2)
        running.publish(b"to both")
        assert stays.receive() == leaves.receive() == "to both"
        leaves.close()
        running.publish(b"to one", 20)
        assert [stays.receive() for _ in range(20)] == ["to one"] * 20


def test_its_cpu_and_memory_can_be_read(peer: Peer, running: Running) -> None:
    with ExitStack() as stack:
        (only,) = come_in(stack, peer, running, 1)
        before_ns = cpu_ns(running.pids())
        loops = running.publish(b"measured", 10)
        assert [only.receive() for _ in range(10)] == ["measured"] * 10
        used_ns = cpu_ns(running.pids()) - before_ns
    assert used_ns > 0
    assert memory(running.pids()).rss >= memory(running.pids()).pss > 0
    assert len(loops) == (10 if peer.name in FLOORS else 0)
    assert sum(loop.cpu_ns for loop in loops) <= used_ns


def test_all_its_threads_are_on_its_core_and_may_open_all_the_files(running: Running) -> None:
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for pid in running.pids():
        for thread in Path(f"/proc/{pid}/task").iterdir():
            assert os.sched_getaffinity(int(thread.name)) == {CORE}
        assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (most_files, most_files)


def test_stopping_leaves_no_process_and_no_viewer_behind(peer: Peer) -> None:
    with ExitStack() as stack:
        with peer.started([CORE]) as running:
            (only,) = come_in(stack, peer, running, 1)
            pids = running.pids()
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        with pytest.raises(EOFError):
            only.receive()
        with pytest.raises(ConnectionRefusedError):
            stack.enter_context(viewer(peer.dialect, running.address, peer.path))


def test_one_that_is_killed_is_missed_when_it_is_to_publish(peer: Peer) -> None:
    with peer.started([CORE]) as running:
        for pid in running.pids():
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(PeerError):
            running.publish(b"to nobody")


@pytest.mark.parametrize(
    "peer", [each for each in AVAILABLE if isinstance(each, ToldPeer)], ids=lambda peer: peer.name
)
def test_a_program_ends_with_who_started_it(peer: ToldPeer, tmp_path: Path) -> None:
    with child(peer.command, [CORE], tmp_path / "log", told=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert b"port" in process.stdout.readline()
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0


def test_one_that_does_not_start_says_what_it_logged() -> None:
    broken = ToldPeer("broken", command=(sys.executable, "-c", "raise SystemExit('no port left')"))
    with pytest.raises(PeerError, match="no port left"), broken.started([CORE]):
        pass


def test_what_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("loadtest.peers.child.SBIN", "/nowhere")
    missing = {peer.name: peer.how_to_install for peer in LINEUP if not peer.available()}
    assert set(missing) == {"floor_c", "nchan", "nats", "ws", "socketio"}
    assert all(line.startswith(("apt-get install ", "npm ")) for line in missing.values())


def test_names_are_told_apart() -> None:
    assert len({peer.name for peer in LINEUP}) == len(LINEUP)


def test_nothing_is_published_before_it_is_due() -> None:
    began_s = time.monotonic()
    for turn, _ in enumerate(due(3, every_ms=20)):
        now_s = time.monotonic() - began_s
        assert now_s >= turn * 0.02
