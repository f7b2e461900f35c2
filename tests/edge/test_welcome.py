from __future__ import annotations

from typing import Any

import pytest
from grandstand.edge.welcome import greeting
from grandstand.replica.replica import Replica
from grandstand.rules.polls import PollRecord
from grandstand.rules.state import RoomState
from grandstand.wire.codec import encode
from grandstand.wire.messages import (
    MAX_SERVER_MESSAGE_BYTES,
    Comment,
    Cue,
    Frame,
    Overlay,
    Resume,
    Settings,
    Viewer,
    Welcome,
)

NOW = 1_000_000
VIEWER = Viewer("viewer", "u", "Ada")


def frames(*offsets: int) -> list[bytes]:
    return [encode(Frame(now=NOW, offset=offset), "msgpack") for offset in offsets]


def replica(state: RoomState | None = None) -> Replica:
    made = Replica("e1", 9, 12, state or RoomState())
    made.remember(frames(10, 11, 12))
    return made


def comments(count: int, text: str = "hi") -> list[Comment]:
    return [Comment(f"c{number:02}", NOW, "u", "n", text, 5.0) for number in range(count)]


def poll(name: str, question: str = "Who?") -> PollRecord:
    return PollRecord(
        id=name,
        kind="single",
        question=question,
        options=["A", "B"],
        opens_at=NOW,
        closes_at=NOW,
        grace=0,
    )


def greeted(room: Replica, resume: Resume | None = None) -> tuple[Welcome, list[Any], list[bytes]]:
    messages, missed = greeting("gala", room, VIEWER, NOW, 5, "fsync", resume)
    welcome = messages[0]
    assert isinstance(welcome, Welcome)
    for message in messages:
        for codec in ("msgpack", "json"):
            assert len(encode(message, codec)) <= MAX_SERVER_MESSAGE_BYTES
    return welcome, messages[1:], missed


@pytest.mark.parametrize(("offset", "missed"), [(9, [10, 11, 12]), (11, [12]), (12, [])])
def test_who_comes_back_within_the_ring_misses_nothing(offset: int, missed: list[int]) -> None:
    room = replica(RoomState(recent=comments(3)))
    welcome, rest, frames_missed = greeted(room, Resume("e1", offset))
    assert (welcome.recovered, welcome.offset, welcome.recent, rest) == (True, 12, [], [])
    assert frames_missed == frames(*missed)


@pytest.mark.parametrize("resume", [None, Resume("e1", 8), Resume("e1", 13), Resume("e0", 12)])
def test_anyone_else_starts_from_the_state(resume: Resume | None) -> None:
    room = replica(RoomState(recent=comments(3)))
    welcome, rest, missed = greeted(room, resume)
    assert (welcome.recovered, welcome.recent, rest, missed) == (False, comments(3), [], [])


def test_old_cues_are_left_out() -> None:
    state = RoomState(
        settings=Settings(max_latency=1000),
        cues=[Cue("old", "goal", NOW - 1001, {}), Cue("new", "goal", NOW - 1000, {})],
    )
    welcome, _, _ = greeted(replica(state))
    assert [cue.id for cue in welcome.cues] == ["new"]


def test_an_overlay_that_has_expired_is_told_to_those_who_are_still_before_its_end() -> None:
    expired = Overlay("o", "stats", NOW - 2, {}, expires_at=NOW - 1)
    welcome, _, _ = greeted(replica(RoomState(overlays={"o": expired})))
    assert welcome.overlays == [expired]


def test_a_hidden_tally_stays_hidden() -> None:
    from msgspec.structs import replace

    hidden = replace(poll("p"), tally=[1, 2], voters=3, show_tally="voted", answer=1)
    welcome, _, _ = greeted(replica(RoomState(polls={"p": hidden})))
    assert b"tally" not in encode(welcome, "json")
    assert b"answer" not in encode(welcome, "json")


@pytest.mark.parametrize("text", ["\U0001f600" * 500, '"' * 500, "a" * 500])
def test_of_too_many_comments_the_latest_fit(text: str) -> None:
    room = replica(RoomState(recent=comments(50, text), polls={"p": poll("p")}))
    welcome, rest, _ = greeted(room)
    assert rest == []
    assert [poll.id for poll in welcome.polls] == ["p"]
    assert 20 <= len(welcome.recent) <= 50
    assert welcome.recent == comments(50, text)[-len(welcome.recent) :]


def test_a_large_state_follows_in_frames_and_is_whole() -> None:
    state = RoomState(
        polls={f"p{n}": poll(f"p{n}", "?" * 900) for n in range(60)},
        cues=[Cue(f"k{n}", "goal", NOW, {"x": "y" * 4000}) for n in range(40)],
        overlays={f"o{n}": Overlay(f"o{n}", "card", NOW, {"x": "z" * 900}) for n in range(60)},
        recent=comments(50),
    )
    welcome, rest, missed = greeted(replica(state), Resume("e1", 11))
    assert missed == frames(12)
    assert (welcome.recovered, welcome.polls, welcome.cues, welcome.overlays) == (True, [], [], [])
    told: dict[str, list[str]] = {"polls": [], "cues": [], "overlays": []}
    for frame in rest:
        assert (frame.head, isinstance(frame.offset, int)) == (12, False)
        for name, ids in told.items():
            ids += [each.id for each in getattr(frame, name) or []]
    assert told["polls"] == list(state.polls)
    assert told["overlays"] == list(state.overlays)
    assert told["cues"] == [cue.id for cue in state.cues]


def test_a_large_state_costs_no_comments() -> None:
    state = RoomState(
        cues=[Cue(f"k{n}", "goal", NOW, {"x": "y" * 4000}) for n in range(40)],
        recent=comments(50),
    )
    welcome, rest, _ = greeted(replica(state))
    assert welcome.recent == comments(50)
    assert len(rest) > 1
