from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest
from grandstand.edge.audience import Audience
from grandstand.edge.patience import (
    STEPS_MS,
    WAITING_BYTES,
    WAITING_FRAMES,
    PatientCohort,
    step,
)
from grandstand.edge.room import QUIET_S
from grandstand.replica.publication import Form, Publication
from grandstand.telemetry import Metrics
from grandstand.wire.codec import encode
from grandstand.wire.messages import Frame
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from tests.edge.harness import FakeOutlet, Harness, _payloads
from tests.waiting import until

TICK_MS = 200


class Clockwork(asyncio.SelectorEventLoop):
    """A loop whose clock stands still while there is something to do, and jumps to the next timer
    when there isn't."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        look = selector.select

        def select(timeout: float | None = None) -> Any:
            self.now_s += timeout or 0
            return look(0)

        selector.select = select

    def time(self) -> float:
        return self.now_s


def played(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it by a clock that costs no time."""
    with asyncio.Runner(loop_factory=Clockwork) as runner:
        runner.run(run())


class Viewer(FakeOutlet):
    """Notes when each write came."""

    def __init__(self, patience: int = 0, **fields: Any) -> None:
        super().__init__(patience=patience, **fields)
        self.written_s: list[float] = []

    def write(self, frame: bytes) -> None:
        super().write(frame)
        self.written_s.append(asyncio.get_running_loop().time())

    @property
    def read(self) -> list[dict[str, Any]]:
        return [message for frame in self.frames for message in self._read(frame)]

    @property
    def numbers(self) -> list[int]:
        return [message["now"] for message in self.read]

    @property
    def by_write(self) -> list[list[int]]:
        return [[message["now"] for message in self._read(frame)] for frame in self.frames]

    def _read(self, written: bytes) -> list[dict[str, Any]]:
        decode = msgspec.json.decode if self.is_text else msgspec.msgpack.decode
        return [decode(payload) for payload in _payloads(written)]

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def numbered(offset: int, extra: str = "") -> Publication:
    retract = [extra] if extra else msgspec.UNSET
    return Publication(encode(Frame(now=offset, offset=offset, retract=retract), "msgpack"), offset)


def make_audience(longest_ms: int = 2000) -> Audience:
    audience = Audience(Metrics(CollectorRegistry()))
    audience.bound(longest_ms)
    return audience


def changed(audience: Audience, viewer: Viewer, patience: int) -> None:
    """As a session does it."""
    audience.release(viewer)
    viewer.patience = patience
    audience.join(viewer)


def test_there_are_few_steps_and_none_is_longer_than_asked() -> None:
    assert [step(asked) for asked in (0, 249, 250, 999, 1000, 1999, 2000)] == [
        *(0, 0, 250, 500, 1000, 1000, 2000)
    ]
    assert {step(asked) for asked in range(2001)} == set(STEPS_MS)


@pytest.mark.parametrize(
    "form", [{}, {"deflates": True}, {"is_text": True}, {"is_text": True, "deflates": True}]
)
def test_a_patient_viewer_gets_the_same_bytes_in_fewer_writes(form: dict[str, bool]) -> None:
    async def run() -> None:
        audience = make_audience()
        patient, other = Viewer(1000, **form), Viewer(**form)
        for each in (patient, other):
            audience.join(each)
        for offset in range(1, 21):
            audience.broadcast(numbered(offset, "x" * 200))
            await asyncio.sleep(TICK_MS / 1000)
        await asyncio.sleep(1)
        assert len(other.frames) == 20
        assert len(patient.frames) in (4, 5)
        assert b"".join(patient.frames) == b"".join(other.frames)

    played(run)


def test_what_waits_is_joined_once_for_a_cohort_and_cohorts_are_not_written_to_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("grandstand.edge.audience.COHORT", 2)

    async def run() -> None:
        audience = make_audience()
        viewers = [Viewer(1000) for _ in range(8)]
        for each in viewers:
            audience.join(each)
        for offset in range(1, 4):
            audience.broadcast(numbered(offset))
        await asyncio.sleep(1)
        pairs = list(zip(viewers[::2], viewers[1::2], strict=True))
        assert all(one.frames[0] is other.frames[0] for one, other in pairs)
        assert len({one.written_s[0] for one, _ in pairs}) == len(pairs)
        assert audience._metrics.registry.get_sample_value("grandstand_writes_total") == 8

    played(run)


def test_who_takes_its_patience_back_gets_what_waited_at_once() -> None:
    async def run() -> None:
        audience = make_audience()
        hasty, patient = Viewer(2000), Viewer(2000)
        for each in (hasty, patient):
            audience.join(each)
        audience.broadcast(numbered(1))
        audience.broadcast(numbered(2))
        assert (audience.given_offset(hasty), hasty.frames) == (0, [])
        changed(audience, hasty, 0)
        assert hasty.frames == [numbered(1).ready(Form.MSGPACK) + numbered(2).ready(Form.MSGPACK)]
        assert (audience.given_offset(hasty), patient.frames) == (2, [])
        audience.broadcast(numbered(3))
        assert hasty.numbers == [1, 2, 3]
        changed(audience, hasty, 1000)
        audience.broadcast(numbered(4))
        assert hasty.numbers == [1, 2, 3]
        await asyncio.sleep(2)
        assert hasty.numbers == patient.numbers == [1, 2, 3, 4]

    played(run)


def test_who_joins_while_frames_wait_gets_those_that_come_after_and_causes_no_write() -> None:
    async def run() -> None:
        audience = make_audience()
        before, joining, leaving, hasty = (Viewer(1000) for _ in range(4))
        audience.join(before)
        audience.broadcast(numbered(1))
        for each in (joining, leaving, hasty):
            audience.join(each)
        assert (audience.given_offset(before), audience.given_offset(joining)) == (0, 1)
        audience.broadcast(numbered(2))
        audience.leave(leaving)
        changed(audience, hasty, 0)
        assert (before.frames, hasty.numbers) == ([], [2])
        await asyncio.sleep(1)
        audience.broadcast(numbered(3))
        await asyncio.sleep(1)
        assert (before.numbers, joining.numbers, leaving.numbers) == ([1, 2, 3], [2, 3], [])
        assert [audience.given_offset(each) for each in (before, joining)] == [3, 3]

    played(run)


@pytest.mark.parametrize("many", ["frames", "bytes"])
def test_more_than_is_allowed_to_wait_does_not(many: str) -> None:
    async def run() -> None:
        audience = make_audience()
        viewer = Viewer(2000)
        audience.join(viewer)
        text = "x" * (WAITING_BYTES // 4) if many == "bytes" else ""
        waiting = []
        for offset in range(1, 4 * WAITING_FRAMES):
            audience.broadcast(numbered(offset, text))
            waiting.append(offset - len(viewer.numbers))
        assert max(waiting) == (3 if many == "bytes" else WAITING_FRAMES - 1)

    played(run)


def test_the_room_bounds_what_its_viewers_ask_for_at_once() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        audience = make_audience(longest_ms=2000)
        viewer = Viewer(2000)
        audience.join(viewer)
        audience.broadcast(numbered(1))
        audience.bound(0)
        assert viewer.numbers == [1]
        audience.broadcast(numbered(2))
        assert viewer.numbers == [1, 2]
        audience.bound(300)
        began_s = loop.time()
        audience.broadcast(numbered(3))
        assert viewer.numbers == [1, 2]
        await asyncio.sleep(0.3)
        assert viewer.numbers == [1, 2, 3]
        assert began_s < viewer.written_s[-1] <= began_s + 0.3 + 1e-6

    played(run)


def test_a_cohort_that_nobody_is_in_any_more_is_gone_with_what_waited() -> None:
    async def run() -> None:
        audience = make_audience()
        leaving, emptied = Viewer(1000), Viewer(2000)
        for each in (leaving, emptied):
            audience.join(each)
        audience.broadcast(numbered(1))
        audience.leave(leaving)
        audience.empty(1)
        assert not list(audience._each())
        await asyncio.sleep(3)
        assert leaving.frames == emptied.frames == []

    played(run)


MEMBERS = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("numbered"), st.sampled_from((0, 0, 300, 3000))),
    st.just(("numbered", 0)),
    st.just(("latest",)),
    st.tuples(st.just("wait"), st.sampled_from((10, 100, 200, 700))),
    st.tuples(st.just("patience"), MEMBERS, st.sampled_from((0, 1000, 2000))),
    st.tuples(st.just("bound"), st.sampled_from((0, 300, 1000, 2000))),
    st.tuples(st.just("welcome"), MEMBERS),
    st.tuples(st.just("welcome"), MEMBERS),
    st.just(("reload",)),
    st.just(("hurry",)),
)


@given(st.lists(STEPS, min_size=15, max_size=60))
def test_everyone_reads_what_a_viewer_without_patience_reads(
    steps: list[tuple[Any, ...]],
) -> None:
    """A welcome voids what waited; ``due`` is what each viewer has to read."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        audience, offset = make_audience(), 0
        viewers = [Viewer(1000), Viewer(1000), Viewer(), Viewer(2000, is_text=True)]
        for viewer in viewers:
            audience.join(viewer)
        due: list[list[int]] = [[] for _ in viewers]
        made_s: dict[int, float] = {}
        welcomed: list[dict[int, int]] = [{} for _ in viewers]  # offset, by messages read before

        def made() -> int:
            made_s[len(made_s) + 1] = loop.time()
            for viewer, its in zip(viewers, due, strict=True):
                if viewer in audience:
                    its.append(len(made_s))
            return len(made_s)

        def welcome(member: int) -> None:
            due[member] = viewers[member].numbers
            welcomed[member][len(due[member])] = offset

        for each in steps:
            match each:
                case ("numbered", size):
                    number, offset = made(), offset + 1
                    frame = Frame(now=number, offset=offset, retract=["x" * size])
                    audience.broadcast(Publication(encode(frame, "msgpack"), offset))
                case ("latest",):
                    frame = Frame(now=made(), head=offset)
                    audience.broadcast_within(TICK_MS / 1000, Publication.of(frame))
                case ("wait", ms):
                    await asyncio.sleep(ms / 1000)
                case ("patience", member, patience):
                    viewer = viewers[member]
                    is_in = viewer in audience
                    audience.release(viewer)
                    assert viewer.numbers == due[member]
                    viewer.patience = patience
                    if is_in:
                        audience.join(viewer)
                case ("bound", longest):
                    audience.bound(longest)
                case ("welcome", member):
                    audience.leave(viewers[member])
                    welcome(member)
                    audience.join(viewers[member])
                case ("reload",):
                    audience.empty(offset)
                    for member in range(4):
                        welcome(member)
                case _:
                    audience.hurry()
            for viewer, its in zip(viewers, due, strict=True):
                assert viewer.numbers == its[: len(viewer.numbers)]
        await asyncio.sleep(2.5)
        for viewer, its, offsets in zip(viewers, due, welcomed, strict=True):
            assert viewer.numbers == its
            at = 0
            for index, message in enumerate(viewer.read):
                at = offsets.get(index, at)
                assert message.get("head", at) <= at  # nothing seems to be lost
                assert message.get("offset", at + 1) == at + 1
                at = message.get("offset", at)
            waited_s = [
                written_s - made_s[number]
                for written_s, numbers in zip(viewer.written_s, viewer.by_write, strict=True)
                for number in numbers
            ]
            assert max(waited_s, default=0) <= 2 + 1e-6

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grandstand.edge.audience.COHORT", 2)
        played(run)


# --- sessions ------------------------------------------------------------------------------------

in_the_module = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time comes by itself."""
    monkeypatch.setattr(PatientCohort, "wait_s", lambda *_: 3600.0)


def say(outlet: FakeOutlet, **message: Any) -> dict[str, Any]:
    """Send a message; return what is answered."""
    assert outlet.session is not None
    before = len(outlet.messages)
    message = {"type": "time", "id": "t", "sent": 1, **message}
    outlet.session.received(msgspec.msgpack.encode(message), False)
    answers: dict[str, Any] = next(
        each for each in outlet.messages[before:] if each["type"] in ("time", "error")
    )
    return answers


@in_the_module
@pytest.mark.usefixtures("by_hand")
async def test_frames_wait_for_who_is_patient_and_nothing_else_does(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    audience = on_still_harness.node.room(room.live).audience
    patient = on_still_harness.seat(room.room, patience=1000)
    other = on_still_harness.seat(room.room)
    await room.commit("a", "b")
    assert (patient.offsets, other.offsets) == ([], [1, 2])
    assert say(patient)["type"] == "time"
    assert patient.offsets == []
    audience.hurry()
    assert patient.offsets == [1, 2]
    assert say(patient, patience=0)["type"] == "time"
    await room.commit("c")
    assert patient.offsets == [1, 2, 3]
    say(patient, patience=2000)
    await room.commit("d")
    say(patient)  # the last one said counts
    assert patient.offsets == [1, 2, 3]
    say(patient, patience=100)
    assert patient.offsets == other.offsets == [1, 2, 3, 4]


@in_the_module
@pytest.mark.parametrize(
    "patience", [-1, 2001, 1e9, 10**9, 2**63, 1.5, "1000", "", True, None, [1]]
)
async def test_a_patience_that_is_none_is_a_bad_message(
    on_still_harness: Harness, patience: object
) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room, patience=500)
    assert say(outlet, patience=patience)["code"] == "bad_message"
    assert (outlet.patience, outlet.closed) == (500, None)
    turned_away = on_still_harness.seat(room.room, patience=patience)
    assert turned_away.of("error")[0]["code"] == "bad_message"
    assert turned_away.closed == (4000, turned_away.of("error")[0]["message"])


@in_the_module
@pytest.mark.usefixtures("by_hand")
async def test_a_welcome_voids_what_waited(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlet, other = (on_still_harness.seat(room.room, patience=1000) for _ in range(2))
    await room.commit("a", "b")
    assert outlet.session is not None
    outlet.session.welcome_again()
    await room.commit("c")
    on_still_harness.node.room(room.live).audience.hurry()
    assert [each["offset"] for each in outlet.of("welcome")] == [0, 2]
    assert (outlet.offsets, other.offsets) == ([3], [1, 2, 3])


@in_the_module
@pytest.mark.usefixtures("by_hand")
async def test_a_room_loaded_anew_voids_what_waited_for_everyone(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room, patience=1000)
    edge = on_still_harness.node.room(room.live)
    await room.commit("a", "b")
    edge.reloaded()
    await until(lambda: len(outlet.of("welcome")) == 2)
    await room.commit("c")
    edge.audience.hurry()
    assert outlet.offsets == [3]


@in_the_module
@pytest.mark.usefixtures("by_hand")
async def test_who_is_sent_away_gets_what_waited_before(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlets = [on_still_harness.seat(room.room, patience=1000) for _ in range(3)]
    await room.commit("a", "b")
    for outlet in outlets[:2]:
        assert outlet.session is not None
        outlet.session.drain()
    on_still_harness.node.room(room.live).ended()
    await until(lambda: outlets[2].closed)
    for outlet in outlets:
        assert [each["type"] for each in outlet.messages] == ["welcome", "frame", "frame", "bye"]


@in_the_module
@pytest.mark.usefixtures("by_hand")
async def test_a_patient_socket_that_fills_gets_each_frame_once(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    audience = on_still_harness.node.room(room.live).audience
    outlet = on_still_harness.seat(room.room, patience=1000)
    await room.commit("a", "b")
    outlet.pause()  # by an answer, while frames wait
    await room.commit("c")
    assert outlet.offsets == []
    outlet.resume()
    assert outlet.offsets == [1, 2, 3]
    await room.commit("d", "e")
    outlet.full_after = 1  # by what waited
    audience.hurry()
    assert (outlet.paused, outlet.offsets) == (True, [1, 2, 3, 4, 5])
    await room.commit("f")
    outlet.resume()
    await room.commit("g")
    outlet.full_after = 2  # by what waited, after the answer with which patience is taken back
    say(outlet, patience=0)
    assert (outlet.paused, outlet.offsets) == (True, [1, 2, 3, 4, 5, 6, 7])
    await room.commit("h")
    outlet.resume()
    await room.commit("i")
    assert outlet.offsets == list(range(1, 10))


@in_the_module
@pytest.mark.usefixtures("by_hand")
async def test_the_rooms_setting_bounds_patience(on_stage: Harness) -> None:
    live = await on_stage.room(patience=0)
    outlet = on_stage.seat(live.room, token=on_stage.token(), patience=2000)
    await on_stage.change(live, title="a")
    await until(lambda: outlet.of("frame"))
    await on_stage.change(live, patience=1000)
    await until(lambda: live.replica.state.settings.patience == 1000)
    on_stage.node.room(live).audience.hurry()
    before = len(outlet.of("frame"))
    await on_stage.change(live, title="b")
    await until(lambda: live.replica.state.settings.title == "b")
    assert len(outlet.of("frame")) == before
    await on_stage.change(live, patience=0)
    await until(lambda: len(outlet.of("frame")) >= before + 2)


@in_the_module
@pytest.mark.usefixtures("by_hand")
async def test_a_quiet_room_makes_nobody_wait_for_its_position(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room, patience=2000)
    await room.commit("x")
    edge = on_still_harness.node.room(room.live)
    edge.heartbeat(edge._sent_at_s + QUIET_S)
    assert outlet.offsets == [1]
    assert outlet.messages[-1]["head"] == 1


@in_the_module
@pytest.mark.usefixtures("by_hand")
async def test_what_goes_to_voters_and_staff_does_not_wait_and_has_no_head(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    poll = await on_stage.poll(live, show_tally="voted")
    async with on_stage.viewer(live.room, on_stage.token(), patience=2000) as voter:
        await voter.ask("vote", poll=poll.id, choices=[0])
        told = await voter.first("frame", lambda frame: "tallies" in frame)
        assert not {"head", "offset"} & set(told)
    async with on_stage.viewer(live.room, on_stage.token("m", "moderator"), patience=2000) as staff:
        told = await staff.first("frame", lambda frame: "audience" in frame.get("gauges", {}))
        assert not {"head", "offset"} & set(told)
