from __future__ import annotations

import asyncio

import pytest
from grandstand.edge import hub
from grandstand.edge.forms import Forms
from grandstand.edge.hub import Audience
from grandstand.telemetry import Metrics
from grandstand.wire.codec import encode
from grandstand.wire.messages import Frame
from prometheus_client import CollectorRegistry

from tests.edge.stage import Outlet, until


def numbered(offset: int) -> Forms:
    return Forms(encode(Frame(now=1, offset=offset), "msgpack"))


FORMS = numbered(1)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
def audience(metrics: Metrics) -> Audience:
    return Audience(metrics)


@pytest.fixture
def in_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cohorts of two."""
    monkeypatch.setattr(hub, "COHORT", 2)


def written(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("grandstand_sent_bytes_total") or 0.0


class Broken(Outlet):
    def write(self, frame: bytes) -> None:
        raise RuntimeError("its transport is broken")


def test_members_get_the_same_bytes_each_in_its_form(audience: Audience, metrics: Metrics) -> None:
    packed, also_packed, text = Outlet(), Outlet(), Outlet(is_text=True)
    for outlet in (packed, also_packed, text):
        audience.join(outlet)

    async def told() -> None:
        audience.broadcast(FORMS)
        await asyncio.sleep(0)

    asyncio.run(told())
    assert packed.frames[0] is also_packed.frames[0]
    assert text.frames == [FORMS.ready(True, False)]
    assert written(metrics) == sum(len(each.frames[0]) for each in (packed, also_packed, text))


def test_joining_again_and_leaving_twice_are_the_same_as_once(audience: Audience) -> None:
    outlet = Outlet()
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
    full = Outlet(paused=True)
    audience.join(full)
    audience.broadcast(FORMS)
    assert (written(metrics), full.frames) == (0, [])


def test_one_that_fails_does_not_keep_the_frame_from_the_others(
    audience: Audience, metrics: Metrics
) -> None:
    before, broken, after = Outlet(), Broken(), Outlet()
    for outlet in (before, broken, after):
        audience.join(outlet)
    audience.broadcast(FORMS)
    assert len(before.frames) == len(after.frames) == 1
    assert written(metrics) == 2 * len(before.frames[0])


def test_who_leaves_while_a_frame_is_written_ends_no_loop(audience: Audience) -> None:
    class Leaving(Outlet):
        def write(self, frame: bytes) -> None:
            super().write(frame)
            audience.leave(self)

    leaving, staying = Leaving(), Outlet()
    audience.join(leaving)
    audience.join(staying)
    audience.broadcast(FORMS)
    audience.broadcast(FORMS)
    assert (len(leaving.frames), len(staying.frames)) == (1, 2)


@pytest.mark.usefixtures("in_twos")
async def test_a_large_audience_is_written_to_in_turns_between_which_the_loop_goes_on(
    audience: Audience,
) -> None:
    seats = [Outlet() for _ in range(6)]
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
    seats = [Outlet() for _ in range(4)]
    for seat in seats:
        audience.join(seat)
    frames = [numbered(offset) for offset in (1, 2, 3)]
    for offset, forms in enumerate(frames, 1):
        audience.broadcast(forms, offset)
    assert [len(seat.frames) for seat in seats] == [1, 1, 0, 0]
    assert [audience.given_offset(seat) for seat in seats] == [1, 1, 0, 0]
    while any(audience.given_offset(seat) < 3 for seat in seats):  # noqa: ASYNC110
        await asyncio.sleep(0)
    ready = [forms.ready(False, False) for forms in frames]
    assert seats[0].frames == [ready[0], ready[1] + ready[2]]
    assert seats[3].frames == [b"".join(ready)]


@pytest.mark.usefixtures("in_twos")
async def test_what_waits_is_not_for_who_joins_meanwhile(audience: Audience) -> None:
    seats = [Outlet() for _ in range(3)]
    for seat in seats:
        audience.join(seat)
    audience.broadcast(numbered(1), 1)
    newcomer = Outlet()
    assert audience.given_offset(newcomer) == 1
    audience.join(newcomer)  # beside the third, who hasn't had the frame yet
    assert [len(seat.frames) for seat in seats] == [1, 1, 1]
    audience.broadcast(numbered(2), 2)
    while len(newcomer.frames) < 1:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert newcomer.frames == [numbered(2).ready(False, False)]
    assert len(seats[2].frames) == 2


@pytest.mark.usefixtures("in_twos")
async def test_what_waits_is_dropped_where_all_are_told_in_another_way(audience: Audience) -> None:
    seats = [Outlet() for _ in range(4)]
    for seat in seats:
        audience.join(seat)
    audience.broadcast(numbered(1), 1)
    audience.skip(7)
    await asyncio.sleep(0)
    assert [len(seat.frames) for seat in seats] == [1, 1, 0, 0]
    assert [audience.given_offset(seat) for seat in seats] == [7] * 4


async def test_what_may_wait_is_written_with_the_next_frame(audience: Audience) -> None:
    seat = Outlet()
    audience.join(seat)
    audience.broadcast_within(60.0, FORMS)
    assert seat.frames == []
    audience.broadcast(numbered(2), 2)
    assert seat.frames == [FORMS.ready(False, False) + numbered(2).ready(False, False)]


async def test_what_may_wait_is_written_in_time_if_no_frame_comes(audience: Audience) -> None:
    seat = Outlet()
    audience.join(seat)
    audience.broadcast_within(0.01, FORMS)
    await until(lambda: seat.frames)
    assert seat.frames == [FORMS.ready(False, False)]
