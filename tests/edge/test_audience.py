from __future__ import annotations

import asyncio
import random
import socket as sockets
from collections.abc import Awaitable, Callable

import pytest
from grandstand.edge.audience import Audience
from grandstand.edge.transport.websocket import ANSWER_S, ViewerSocket
from grandstand.replica.publication import Form, Publication
from grandstand.telemetry import Metrics
from grandstand.wire import websocket_frames
from grandstand.wire.codec import encode
from grandstand.wire.messages import Frame
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import connect

from tests.edge.echo import EchoAdmission, EchoSession, serving
from tests.edge.harness import FakeOutlet
from tests.edge.queues import unacknowledged_bytes
from tests.edge.transport.test_websocket import head
from tests.waiting import until


def numbered(offset: int) -> Publication:
    return Publication(encode(Frame(now=1, offset=offset), "msgpack"), offset)


FORMS = numbered(1)

DEFAULT_BUFFER_BYTES = 128 * 1024
"""Linux's own, set as if it were not: else the unit in which a window is told is made for what the
machine allows a buffer to grow to (tcp_rmem), 1 KiB for 32 MB."""


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
def audience(metrics: Metrics) -> Audience:
    return Audience(metrics)


@pytest.fixture
def in_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cohorts of two."""
    monkeypatch.setattr("grandstand.edge.audience.COHORT", 2)


def written(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("grandstand_sent_bytes_total") or 0.0


class Broken(FakeOutlet):
    def write(self, frame: bytes) -> None:
        raise RuntimeError("its transport is broken")


def test_members_get_the_same_bytes_each_in_its_form(audience: Audience, metrics: Metrics) -> None:
    packed, also_packed, text = FakeOutlet(), FakeOutlet(), FakeOutlet(is_text=True)
    for outlet in (packed, also_packed, text):
        audience.join(outlet)

    async def told() -> None:
        audience.broadcast(FORMS)
        await asyncio.sleep(0)

    asyncio.run(told())
    assert packed.frames[0] is also_packed.frames[0]
    assert text.frames == [FORMS.ready(Form.JSON)]
    assert written(metrics) == sum(len(each.frames[0]) for each in (packed, also_packed, text))


def test_joining_again_and_leaving_twice_are_the_same_as_once(audience: Audience) -> None:
    outlet = FakeOutlet()
    audience.leave(outlet)
    audience.join(outlet)
    audience.join(outlet)
    assert (len(audience), list(audience)) == (1, [outlet])
    audience.broadcast(FORMS)
    assert len(outlet.frames) == 1
    audience.leave(outlet)
    audience.leave(outlet)
    audience.broadcast(FORMS)
    assert (len(audience), len(outlet.frames)) == (0, 1)


def test_frames_pass_by_who_is_full(audience: Audience, metrics: Metrics) -> None:
    full = FakeOutlet(paused=True)
    audience.join(full)
    audience.broadcast(FORMS)
    assert (written(metrics), full.frames) == (0, [])


def test_one_that_fails_does_not_keep_the_frame_from_the_others(
    audience: Audience, metrics: Metrics
) -> None:
    before, broken, after = FakeOutlet(), Broken(), FakeOutlet()
    for outlet in (before, broken, after):
        audience.join(outlet)
    audience.broadcast(FORMS)
    assert len(before.frames) == len(after.frames) == 1
    assert written(metrics) == 2 * len(before.frames[0])


def test_who_leaves_while_a_frame_is_written_ends_no_loop(audience: Audience) -> None:
    class Leaving(FakeOutlet):
        def write(self, frame: bytes) -> None:
            super().write(frame)
            audience.leave(self)

    leaving, staying = Leaving(), FakeOutlet()
    audience.join(leaving)
    audience.join(staying)
    audience.broadcast(FORMS)
    audience.broadcast(FORMS)
    assert (len(leaving.frames), len(staying.frames)) == (1, 2)


@pytest.mark.usefixtures("in_twos")
async def test_a_large_audience_is_written_to_in_turns_between_which_the_loop_goes_on(
    audience: Audience,
) -> None:
    seats = [FakeOutlet() for _ in range(6)]
    for seat in seats:
        audience.join(seat)
    audience.broadcast(FORMS)
    reached = []
    for _ in range(4):
        reached.append(sum(len(seat.frames) for seat in seats))
        await asyncio.sleep(0)
    assert reached == [2, 4, 6, 6]


@pytest.mark.usefixtures("in_twos")
async def test_what_comes_while_a_cohort_waits_is_written_with_one_call_and_in_order(
    audience: Audience,
) -> None:
    seats = [FakeOutlet() for _ in range(4)]
    for seat in seats:
        audience.join(seat)
    frames = [numbered(offset) for offset in (1, 2, 3)]
    for publication in frames:
        audience.broadcast(publication)
    assert [len(seat.frames) for seat in seats] == [1, 1, 0, 0]
    assert [audience.given_offset(seat) for seat in seats] == [1, 1, 0, 0]
    while any(audience.given_offset(seat) < 3 for seat in seats):  # noqa: ASYNC110
        await asyncio.sleep(0)
    ready = [publication.ready(Form.MSGPACK) for publication in frames]
    assert seats[0].frames == [ready[0], ready[1] + ready[2]]
    assert seats[3].frames == [b"".join(ready)]


@pytest.mark.usefixtures("in_twos")
async def test_what_waits_is_not_for_who_joins_meanwhile(audience: Audience) -> None:
    seats = [FakeOutlet() for _ in range(3)]
    for seat in seats:
        audience.join(seat)
    audience.broadcast(numbered(1))
    newcomer = FakeOutlet()
    assert audience.given_offset(newcomer) == 1
    audience.join(newcomer)  # beside the third, who hasn't had the frame yet
    assert [len(seat.frames) for seat in seats] == [1, 1, 1]
    audience.broadcast(numbered(2))
    while len(newcomer.frames) < 1:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert newcomer.frames == [numbered(2).ready(Form.MSGPACK)]
    assert len(seats[2].frames) == 2


@pytest.mark.usefixtures("in_twos")
async def test_what_waits_is_dropped_where_all_are_told_in_another_way(audience: Audience) -> None:
    seats = [FakeOutlet() for _ in range(4)]
    for seat in seats:
        audience.join(seat)
    audience.broadcast(numbered(1))
    audience.empty(7)
    await asyncio.sleep(0)
    assert [len(seat.frames) for seat in seats] == [1, 1, 0, 0]
    assert [audience.given_offset(seat) for seat in seats] == [7] * 4


async def test_what_may_wait_is_written_with_the_next_frame(audience: Audience) -> None:
    seat = FakeOutlet()
    audience.join(seat)
    audience.broadcast_within(60.0, FORMS)
    assert seat.frames == []
    audience.broadcast(numbered(2))
    assert seat.frames == [FORMS.ready(Form.MSGPACK) + numbered(2).ready(Form.MSGPACK)]


async def test_what_may_wait_is_written_in_time_if_no_frame_comes(audience: Audience) -> None:
    seat = FakeOutlet()
    audience.join(seat)
    audience.broadcast_within(0.01, FORMS)
    await until(lambda: seat.frames)
    assert seat.frames == [FORMS.ready(Form.MSGPACK)]


class Watcher(EchoSession):
    """Has its socket leave while it is full, as a room's sessions do."""

    audience: Audience

    def opened(self, socket: ViewerSocket) -> None:
        super().opened(socket)
        self.audience.join(socket)

    def behind(self) -> None:
        super().behind()
        self.audience.leave(self.socket)

    def caught_up(self) -> None:
        super().caught_up()
        self.audience.join(self.socket)

    def ending(self) -> None:
        self.audience.leave(self.socket)


async def test_frames_and_answers_reach_real_sockets_whole_and_in_order_however_they_read(
    metrics: Metrics,
) -> None:
    draw = random.Random(3)
    audience = Watcher.audience = Audience(metrics)
    sizes = {number: draw.choice((50, 3_000, 60_000)) for number in range(150)}

    seen: list[list[int]] = [[] for _ in range(4)]

    async def reads(url: str, seen: list[int], before_each: Callable[[], Awaitable[None]]) -> None:
        async with connect(url, max_size=None, max_queue=1, compression=None) as client:
            while not seen or seen[-1] < max(sizes):
                await before_each()
                payload = await client.recv()
                assert isinstance(payload, bytes)
                number = int.from_bytes(payload[:4], "big")
                if payload[4:] == b"answer":
                    continue
                assert payload[4:] == bytes([number % 251]) * sizes[number]
                seen.append(number)

    async def at_once() -> None:
        pass

    async def after_some_turns() -> None:
        for _ in range(draw.randrange(50)):
            await asyncio.sleep(0)

    async with serving(EchoAdmission(make_session=Watcher)) as served:

        async def once_it_is_behind() -> None:
            await until(lambda: "behind" in served.admission.sessions[-1].told)

        reading = []
        hows = (at_once, at_once, after_some_turns, once_it_is_behind)
        for place, how in enumerate(hows):
            reading.append(asyncio.create_task(reads(served.url, seen[place], how)))
            await until(lambda: len(audience) == len(reading))
        diligent = {session.socket for session in served.admission.sessions[:2]}
        for number, size in sizes.items():
            payload = number.to_bytes(4, "big") + bytes([number % 251]) * size
            if number == max(sizes):
                await until(lambda: len(audience) == len(hows))
            await until(lambda: diligent <= set(audience))
            audience.broadcast(Raw(payload, number))
            for session in served.admission.sessions:
                if draw.random() < 0.3:
                    answer = number.to_bytes(4, "big") + b"answer"
                    session.socket.write(websocket_frames.plain(answer, text=False))
            await until(lambda number=number: all(each[-1:] == [number] for each in seen[:2]))  # type: ignore[misc]
        await asyncio.gather(*reading)
        assert all(each == sorted(set(each)) for each in seen)
        assert seen[0] == seen[1] == list(sizes)
        assert "behind" in served.admission.sessions[-1].told
    assert len(audience) == 0


async def test_who_reads_nothing_is_doubted_long_before_its_buffers_are_full(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.edge.cohort.LOOK_S", 0.0001)  # all of them each time
    audience = Watcher.audience = Audience(metrics)
    loop = asyncio.get_running_loop()
    async with (
        serving(EchoAdmission(make_session=Watcher)) as served,
        connect(served.url, compression=None) as reading,
    ):
        with sockets.socket() as deaf:
            deaf.setblocking(False)
            deaf.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, DEFAULT_BUFFER_BYTES // 2)
            await loop.sock_connect(deaf, ("127.0.0.1", served.port))
            await loop.sock_sendall(deaf, head())
            await until(lambda: len(audience) == 2)
            sockets_ = [session.socket for session in served.admission.sessions]
            kernel = sockets_[1].kernel
            assert kernel is not None
            sent_bytes = 0
            while not sockets_[1]._asked:
                audience.broadcast(Raw(b"x" * 1_000, 1))
                sent_bytes += 1_000
                assert await reading.recv() == b"x" * 1_000
                await until(lambda: not unacknowledged_bytes(kernel.fileno()))
            assert not sockets_[0]._asked
            assert sent_bytes < 60_000
            for _ in range(ANSWER_S + 1):
                served.keepalive.sweep()
            assert list(audience) == [sockets_[0]]


class Raw(Publication):
    """A payload of any kind."""

    def ready(self, form: Form) -> bytes:
        return super().ready(Form.MSGPACK)
