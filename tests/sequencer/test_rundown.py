"""A run-down under any events, held against what they mean; and what an item's event does."""

from __future__ import annotations

from dataclasses import dataclass, field

from grandstand.domain.events import (
    ControlEvent,
    CueGiven,
    PollOpened,
    RundownGo,
    RundownPut,
    RundownReset,
)
from grandstand.domain.outcome import Effect, Refused
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.rundown import Progress
from grandstand.domain.state import RoomState, fold
from grandstand.sequencer.folding import RoomFold, Tick
from grandstand.wire.messages import Cue
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

NAMES = "abc"


@dataclass(slots=True)
class Told:
    """What a producer should read, by the plainest means."""

    version: int = 0
    edited: int = 0
    there: tuple[str, ...] = ()
    gone: set[str] = field(default_factory=set)
    on_air: str = ""
    at: int = 0

    def take(self, event: ControlEvent, now: int) -> bool:
        """Whether the event is in time."""
        match event:
            case RundownPut(before=before, ids=ids):
                if before != self.version:
                    return False
                self.there = tuple(ids)
                self.version += 1
                self.edited = self.version
                self._keep({item for item in self.gone if item in ids})
            case RundownGo(item=item, version=version):
                if item in self.gone:
                    return True
                if version < self.edited:
                    return False
                self.gone.add(item)
                self.on_air, self.at = item, now
                self.version += 1
            case RundownReset(before=before, items=items):
                if before != self.version:
                    return False
                again = self.gone if items is None else set(items)
                self.version += 1
                self._keep(self.gone - again)
        return True

    def _keep(self, gone: set[str]) -> None:
        self.gone = gone
        if self.on_air not in gone:
            self.on_air, self.at = "", 0


versions = st.integers(0, 8)
names = st.lists(st.sampled_from(NAMES), unique=True)
happenings = st.one_of(
    st.builds(RundownPut, st.just("e"), versions, names, st.just(b"\x90")),
    st.builds(RundownGo, st.just("e"), st.sampled_from(NAMES), versions),
    st.builds(RundownReset, st.just("e"), versions, st.none() | names),
)


@given(st.lists(st.lists(happenings, max_size=4), max_size=6))
def test_a_rundown_is_what_its_events_mean_however_they_fall_into_ticks(
    ticks: list[list[ControlEvent]],
) -> None:
    told, room, replica = Told(), RoomFold(RoomState(), {}, 0), RoomState()
    for now, happened in enumerate(ticks, 1_000):
        tick = room.tick([("", event) for event in happened], now)
        in_time = [told.take(event, now) for event in happened]
        assert [isinstance(each.result, Effect) for each in tick.outcomes] == in_time
        fold(replica, tick.frames, tick.private)
        assert replica.rundown == Progress(told.version, told.edited, told.on_air, told.at)
        assert set(replica.gone) == told.gone
        assert (replica.rundown, replica.gone) == (room.state.rundown, room.state.gone)


# --- what an item does ---------------------------------------------------------------------------

POLL = PollRecord(
    id="p", kind="single", question="?", options=["a"], opens_at=1, closes_at=9, grace=0
)


def tick(room: RoomFold, *happened: ControlEvent) -> Tick:
    return room.tick([("", event) for event in happened], 1)


def put(*items: str) -> RundownPut:
    return RundownPut("put", 0, [*items], b"\x90")


def test_an_item_does_what_it_says_once() -> None:
    room = RoomFold(RoomState(), {}, 0)
    cue = CueGiven("c", Cue("c", "goal", 1, {}))
    done = tick(room, put("a"), RundownGo("1", "a", 1, cue), RundownGo("2", "a", 1, cue))
    assert [frame.cues for frame in done.frames] == [[cue.cue]]
    assert done.rundown_items == b"\x90"
    again = tick(room, RundownGo("3", "a", 1, cue))
    assert (again.frames, again.changed) == ([], set())
    assert again.rundown_items is None


def test_an_item_knows_the_poll_that_it_opened_until_it_waits_again() -> None:
    room = RoomFold(RoomState(), {}, 0)
    tick(room, put("a", "b"), RundownGo("1", "a", 1, PollOpened("o", POLL)), RundownGo("2", "b", 1))
    assert room.state.gone == {"a": "p", "b": ""}
    assert room.state.polls["p"].question == POLL.question
    tick(room, RundownReset("3", 3, ["a"]))
    assert room.state.gone == {"b": ""}


def test_an_item_that_can_do_nothing_waits() -> None:
    room = RoomFold(RoomState(polls={"p": replace(POLL, announced=True)}), {}, 0)
    done = tick(room, put("a"), RundownGo("1", "a", 1, PollOpened("o", POLL)))
    assert isinstance(done.outcomes[1].result, Refused)
    assert (room.state.gone, room.state.rundown) == ({}, Progress(1, 1))
    assert all(frame.polls is UNSET for frame in done.frames)
