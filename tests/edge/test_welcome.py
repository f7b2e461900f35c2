from __future__ import annotations

import msgspec
import pytest
from grandstand.domain.envelope import Commit
from grandstand.domain.polls.record import PollRecord, PollWords
from grandstand.domain.state import PrivateChanges, RoomState
from grandstand.edge.welcome import LARGE, Greeter
from grandstand.replica.replica import Replica
from grandstand.wire.codec import Codec, decode_frame, encode
from grandstand.wire.frame_splitting import split
from grandstand.wire.messages import (
    MAX_SERVER_MESSAGE_BYTES,
    Comment,
    Cue,
    Frame,
    Overlay,
    Resume,
    Viewer,
    Welcome,
)
from grandstand.wire.settings import Settings
from msgspec.structs import replace

NOW = 1_000_000
VIEWER = Viewer("viewer", "u", "Ada")


def frames(*offsets: int) -> list[bytes]:
    return [encode(Frame(now=NOW, offset=offset), "msgpack") for offset in offsets]


def replica(state: RoomState | None = None) -> Replica:
    made = Replica("e1", 9, 12, state or RoomState())
    made.remember(Commit("e1", 9, 12, NOW, frames(10, 11, 12), PrivateChanges()))
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
        announced=True,
    )


def greet(
    greeter: Greeter,
    room: Replica,
    viewer: Viewer = VIEWER,
    now: int = NOW,
    viewers: int = 5,
    resume: Resume | None = None,
    codec: Codec = "msgpack",
) -> list[bytes]:
    payloads, _ = greeter.greet(room, viewer, now, viewers, "fsync", resume, codec)
    assert all(len(payload) <= MAX_SERVER_MESSAGE_BYTES for payload in payloads)
    return payloads


def greeted(
    room: Replica, resume: Resume | None = None
) -> tuple[Welcome, list[Frame], list[bytes] | None]:
    greet(Greeter("gala"), room, resume=resume, codec="json")
    payloads, missed = Greeter("gala").greet(room, VIEWER, NOW, 5, "fsync", resume, "msgpack")
    welcome, *rest = payloads
    assert all(len(payload) <= MAX_SERVER_MESSAGE_BYTES for payload in payloads)
    after = None if missed is None else [publication.payload for publication in missed]
    return msgspec.msgpack.decode(welcome, type=Welcome), [*map(decode_frame, rest)], after


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
    assert (welcome.recovered, welcome.recent, rest, missed) == (False, comments(3), [], None)


def test_old_cues_are_left_out() -> None:
    state = RoomState(
        settings=Settings(max_latency=1000),
        cues=[Cue("old", "goal", NOW - 1001, {}), Cue("new", "goal", NOW - 1000, {})],
    )
    welcome, _, _ = greeted(replica(state))
    assert [cue.id for cue in welcome.cues] == ["new"]


def test_what_is_set_for_later_is_told_to_staff_alone() -> None:
    words = {"es": PollWords("Secreto", ["A", "B"])}
    later = replace(poll("later"), announced=False, translations=words)
    cue = Cue("curtain", "curtain", NOW + 60_000, {})
    room = replica(RoomState(polls={"p": poll("p"), "later": later}, cues_ahead={cue.id: cue}))
    greeter = Greeter("gala")
    for is_staff in (False, True, False):
        viewer = Viewer("moderator") if is_staff else VIEWER
        payloads, _ = greeter.greet(room, viewer, NOW, 5, "fsync", None, "msgpack")
        welcome = msgspec.msgpack.decode(payloads[0], type=Welcome)
        assert [each.id for each in welcome.polls] == (["p", "later"] if is_staff else ["p"])
        assert welcome.cues == ([cue] if is_staff else [])
        assert not any(b"Secreto" in payload for payload in payloads)


def test_an_overlay_that_has_expired_is_told_to_those_who_are_still_before_its_end() -> None:
    expired = Overlay("o", "stats", NOW - 2, {}, expires_at=NOW - 1)
    welcome, _, _ = greeted(replica(RoomState(overlays={"o": expired})))
    assert welcome.overlays == [expired]


def test_a_hidden_tally_stays_hidden() -> None:
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


@pytest.mark.parametrize("codec", ["msgpack", "json"])
def test_a_large_state_is_cut_once_however_many_come(
    codec: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = 0

    def counting(frame: Frame) -> list[Frame]:
        nonlocal times
        times += 1
        return split(frame)

    monkeypatch.setattr("grandstand.edge.welcome.split", counting)
    cards = {f"o{n}": Overlay(f"o{n}", "stats", NOW, {"x": "z" * 4000}) for n in range(60)}
    room, shared = replica(RoomState(overlays=cards)), Greeter("gala")
    for now in (NOW, NOW + 1):
        room.seq += 1
        room.offset += 1
        room.state.recent.append(comments(2)[1])  # a commit that leaves the cards as they are
        for resume in (None, Resume("e1", room.offset)):
            ours = [greet(shared, room, now=now, resume=resume, codec=codec) for _ in range(50)]
            assert times == 1
            (alone,) = {tuple(each) for each in ours}
            assert list(alone) == greet(Greeter("gala"), room, now=now, resume=resume, codec=codec)
            times = 1
    room.state.overlays["o7"] = Overlay("o7", "stats", NOW, {"x": "new"})
    room.seq += 1
    assert greet(shared, room, codec=codec) == greet(Greeter("gala"), room, codec=codec)


@pytest.mark.parametrize("codec", ["msgpack", "json"])
def test_whoever_was_greeted_before_one_is_told_the_same(codec: Codec) -> None:
    room = replica(
        RoomState(
            settings=Settings(title="Gala", max_latency=1000),
            polls={"p": replace(poll("p"), tally=[1, 2], voters=3, show_tally="voted")},
            overlays={"o": Overlay("o", "stats", NOW, {"x": 1})},
            cues=[Cue("k", "goal", NOW - 500, {}), Cue("l", "goal", NOW - 400, {})],
            recent=comments(50),
        )
    )
    shared = Greeter("gala")
    others = (VIEWER, Viewer("viewer"), Viewer("producer", "v", "Grace"))
    for now in (NOW, NOW + 1, NOW + 550, NOW + 2000):
        for resume in (None, Resume("e1", 11), Resume("e1", 8)):
            for number, viewer in enumerate(others):
                ours, alone = (
                    greet(greeter, room, viewer, now, number, resume, codec)
                    for greeter in (shared, Greeter("gala"))
                )
                assert ours == alone


def test_what_is_the_same_for_all_is_encoded_once_for_each_commit() -> None:
    room, greeter = replica(RoomState(recent=comments(1))), Greeter("gala")
    kept = []
    for seq in (9, 10):
        room.seq = seq
        for _ in range(3):
            greet(greeter, room)
            kept.append(greeter._encoded["msgpack", False, 0, False, None, None][0]["recent"])
    assert [sum(each is other for other in kept) for each in kept] == [3] * 6


def test_a_commit_or_a_replica_loaded_anew_is_told_of() -> None:
    room, greeter = replica(RoomState(recent=comments(1))), Greeter("gala")

    def told() -> list[Comment]:
        return msgspec.msgpack.decode(greet(greeter, room)[0], type=Welcome).recent

    assert told() == comments(1)
    room.state.recent.append(comments(2)[1])
    room.seq += 1
    assert told() == comments(2)
    room = replica(RoomState(recent=comments(3)))
    room.seq += 1  # as the one before
    assert told() == comments(3)


def test_the_large_fields_are_all_but_those_that_differ() -> None:
    differing = {"viewer", "now", "viewers"}
    fixed = {"room", "epoch", "offset", "recovered", "durability"}
    assert set(Welcome.__struct_fields__) == {*LARGE, *differing, *fixed, "translations"}
