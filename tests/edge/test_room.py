from __future__ import annotations

import json
from collections import Counter
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from grandstand.domain.envelope import Latest
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import PrivateChanges, Sanction
from grandstand.edge.room import QUIET_S, EdgeRoom
from grandstand.replica import publication
from grandstand.replica.publication import EVERYONE, STAFF, Voters, of_latest
from grandstand.wire import websocket_frames
from grandstand.wire.codec import encode
from grandstand.wire.messages import (
    MAX_SERVER_MESSAGE_BYTES,
    Cue,
    Frame,
    HeldComment,
    Notice,
    Tally,
)

from tests.edge.harness import ByHand, FakeOutlet, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


def poll_of(room: ByHand, name: str = "p", **fields: Any) -> PollRecord:
    return PollRecord(
        **{
            "id": name,
            "kind": "single",
            "question": "?",
            "options": ["A", "B"],
            "opens_at": 0,
            "closes_at": room.live.now() + 60_000,
            "grace": 0,
            "show_tally": "voted",
            **fields,
        }
    )


def tallied(room: ByHand, votes: int) -> Latest:
    frame = Frame(now=room.live.now(), head=room.live.replica.offset)
    for_voters = Frame(now=room.live.now(), tallies=[Tally("p", [votes, 0], votes)])
    return Latest(
        room.live.replica.epoch,
        encode(frame, "msgpack"),
        7,
        {"p": encode(for_voters, "msgpack")},
    )


def edge_room(harness: Harness, room: ByHand) -> EdgeRoom:
    return harness.node.room(room.live)


def seated(harness: Harness, room: ByHand, sub: str = "ada", **token: Any) -> FakeOutlet:
    return harness.seat(room.room, token=harness.token(sub, **token))


async def test_a_tally_for_voters_reaches_those_alone_who_voted(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    await room.commit("x", private=PrivateChanges(polls=[poll_of(room)]))
    voter, other = seated(on_still_harness, room), seated(on_still_harness, room, "bob")
    edge = edge_room(on_still_harness, room)
    assert voter.session is not None
    edge.voted(voter.session, "p")
    room.live.heard(tallied(room, 1))
    assert [frame["tallies"][0]["tally"] for frame in voter.of("frame") if "tallies" in frame] == [
        [1, 0]
    ]
    assert not any("tallies" in frame for frame in other.of("frame"))
    assert not any("head" in frame for frame in voter.of("frame") if "tallies" in frame)


async def test_who_votes_after_the_tally_was_told_is_told_it_too(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    await room.commit("x", private=PrivateChanges(polls=[poll_of(room)]))
    voter = seated(on_still_harness, room)
    assert voter.session is not None
    room.live.heard(tallied(room, 1))
    edge_room(on_still_harness, room).voted(voter.session, "p")
    assert voter.of("frame")[-1]["tallies"] == [{"poll": "p", "tally": [1, 0], "voters": 1}]


@pytest.mark.parametrize("fields", [{"show_tally": "revealed"}, {"status": "closed"}])
async def test_other_polls_have_no_tally_for_voters(
    on_still_harness: Harness, fields: dict[str, Any]
) -> None:
    room = await on_still_harness.by_hand()
    await room.commit("x", private=PrivateChanges(polls=[poll_of(room, **fields)]))
    voter = seated(on_still_harness, room)
    assert voter.session is not None
    edge_room(on_still_harness, room).voted(voter.session, "p")
    room.live.heard(tallied(room, 1))
    assert not any("tallies" in frame for frame in voter.of("frame"))


async def test_when_the_poll_ends_its_voters_are_forgotten(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    await room.commit("x", private=PrivateChanges(polls=[poll_of(room)]))
    voter = seated(on_still_harness, room)
    assert voter.session is not None
    edge = edge_room(on_still_harness, room)
    edge.voted(voter.session, "p")
    await room.commit(
        "y", private=PrivateChanges(polls=[poll_of(room, status="closed", final=True)])
    )
    before = len(voter.of("frame"))
    room.live.heard(tallied(room, 1))
    assert not any("tallies" in frame for frame in voter.of("frame")[before:])


async def test_a_quiet_room_says_where_it_stands(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room)
    await room.commit("x")
    edge = edge_room(on_still_harness, room)
    before = len(outlet.frames)
    edge.heartbeat(edge._sent_at_s + QUIET_S - 0.1)
    assert len(outlet.frames) == before
    edge.heartbeat(edge._sent_at_s + QUIET_S)
    assert outlet.messages[-1]["head"] == 1
    assert "offset" not in outlet.messages[-1]


async def test_what_is_set_for_later_comes_to_staff_alone(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    token = on_still_harness.token("mod", "moderator")
    staff, other = on_still_harness.seat(room.room, token=token), seated(on_still_harness, room)
    later = room.live.now() + 60_000
    poll = poll_of(room, opens_at=later, closes_at=later + 1, question="Who wins?")
    cue = Cue("k", "curtain", later, {})
    await room.commit(
        "x", private=PrivateChanges(polls=[poll], cues_ahead={"k": cue, "gone": None})
    )
    told = [each for each in staff.of("frame") if "polls" in each]
    assert [each["polls"][0]["question"] for each in told] == ["Who wins?"]
    assert [each["id"] for each in told[0]["cues"]] == ["k"]
    assert not {"head", "offset"} & set(told[0])  # the commit's frames may wait for the patient
    assert not [each for each in other.of("frame") if "polls" in each or "cues" in each]


async def test_held_comments_come_in_notices_that_fit_and_to_moderators_alone(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    token = on_still_harness.token("mod", "moderator")
    texts = FakeOutlet(is_text=True)
    session = on_still_harness.admit(room.room, texts)
    session.received(json.dumps({"type": "hello", "token": token}).encode(), True)
    packed = seated(on_still_harness, room, "pro", role="producer")
    viewer = seated(on_still_harness, room)
    held = [
        HeldComment(
            f"c{number:03}",
            0,
            "u",
            "\U0001f600" * 100,
            "\U0001f600" * 500,
            5.0,
            ["insult"],
            "a word",
        )
        for number in range(100)
    ]
    await room.commit("x", private=PrivateChanges(held=held, decided=["c000"]))
    notices = packed.of("notice")
    assert [notice["code"] for notice in notices] == ["decided"] + ["held"] * 5
    assert [each["id"] for notice in notices[1:] for each in notice["held"]] == [
        comment.id for comment in held
    ]
    for outlet in (packed, texts):
        assert max(map(len, outlet.frames)) <= MAX_SERVER_MESSAGE_BYTES
    await until(lambda: len(texts.frames) == len(packed.frames))  # cohort by cohort
    assert viewer.of("notice") == []


async def test_notices_come_after_the_frame_they_are_about(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlet = seated(on_still_harness, room)
    user = on_still_harness.user(room.live)
    await room.commit("x", private=PrivateChanges(notices=[(user, Notice("approved", "words"))]))
    assert [message["type"] for message in outlet.messages] == ["welcome", "frame", "notice"]


async def test_a_replica_that_was_loaded_anew_welcomes_everyone_again(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    ada, bob = seated(on_still_harness, room), seated(on_still_harness, room, "bob")
    full = on_still_harness.seat(room.room)
    full.pause()
    room.live.replica.epoch = "another"
    room.live.replica.state.sanctions[on_still_harness.user(room.live)] = Sanction("ban")
    edge_room(on_still_harness, room).reloaded()
    assert ada.closed is not None
    assert ada.closed[0] == 3503
    again = bob.of("welcome")[1]
    assert (again["epoch"], again["recovered"]) == ("another", False)
    assert len(full.of("welcome")) == 1
    full.resume()
    assert len(full.of("welcome")) == 2


async def test_a_crowd_is_welcomed_again_in_slices_and_misses_nothing_meanwhile(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.edge.room.WELCOMED_AT_ONCE", 3)
    room = await on_still_harness.by_hand()
    crowd = [seated(on_still_harness, room, f"u{number}") for number in range(8)]
    edge = edge_room(on_still_harness, room)

    def welcomed() -> int:
        return sum(len(each.of("welcome")) == 2 for each in crowd)

    edge.reloaded()
    assert welcomed() == 3
    first = next(each for each in crowd if len(each.of("welcome")) == 1)
    first.pause()  # before its turn
    leaving = next(each for each in crowd if len(each.of("welcome")) == 1 and each is not first)
    assert leaving.session is not None
    leaving.session.lost()
    await room.commit("meanwhile")
    await until(lambda: welcomed() == 6)
    first.resume()
    assert (len(first.of("welcome")), len(leaving.of("welcome"))) == (2, 1)
    await room.commit("later")
    for each in crowd:
        if each is not leaving:
            messages = each.messages
            _, second = (at for at, message in enumerate(messages) if message["type"] == "welcome")
            again = messages[second:]
            frames = [message["offset"] for message in again[1:]]
            assert frames == list(range(again[0]["offset"] + 1, room.live.replica.offset + 1))


def kinds() -> list[FakeOutlet]:
    return [FakeOutlet(is_text, deflates) for is_text, deflates in product((True, False), repeat=2)]


async def test_each_form_is_made_once_however_many_viewers_of_whatever_audiences_ask(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Counter[tuple[str, bytes, bool]] = Counter()

    def plain(payload: bytes, text: bool) -> bytes:
        made["plain", payload, text] += 1
        return websocket_frames.plain(payload, text)

    def deflated(payload: bytes, text: bool) -> bytes:
        made["deflated", payload, text] += 1
        return websocket_frames.deflated(payload, text)

    counting = SimpleNamespace(plain=plain, deflated=deflated, payload=websocket_frames.payload)
    monkeypatch.setattr(publication, "websocket_frames", counting)
    room = await on_still_harness.by_hand()
    await room.commit("x", private=PrivateChanges(polls=[poll_of(room)]))
    edge = edge_room(on_still_harness, room)
    token = on_still_harness.token("mod", "moderator")
    watching = [*kinds(), *kinds(), *kinds()]
    for outlet in watching:
        on_still_harness.seat(room.room, outlet, token=token)
        assert outlet.session is not None
        edge.voted(outlet.session, "p")
    made.clear()
    long_ones = [f"{number} " + "hurrah! " * 20 for number in range(3)]
    held = HeldComment("c1", 0, "u", "Ada", "hm " * 50, 5.0, [], "a word")
    commit = await room.commit(*long_ones, private=PrivateChanges(held=[held]))
    latest = tallied(room, 1)
    edge.published(of_latest(latest))
    place = {"epoch": room.live.replica.epoch, "offset": 1}
    for outlet in (*kinds(), *kinds()):
        on_still_harness.seat(room.room, outlet, token=token, resume=place)
        assert outlet.session is not None
        edge.voted(outlet.session, "p")
    await until(lambda: all(edge.audience.given_offset(outlet) == 4 for outlet in watching))
    numbered = {payload: count for (form, payload, _), count in made.items() if form == "deflated"}
    assert set(commit.frames) <= numbered.keys()
    assert ("plain", latest.for_voters["p"], False) in made
    assert len(made) >= 4 * (len(commit.frames) + 1)
    assert set(made.values()) == {1}


async def test_resume_gives_the_very_bytes_that_were_sent_live(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    audience = edge_room(on_still_harness, room).audience
    watching = [on_still_harness.seat(room.room, outlet) for outlet in kinds()]
    await room.commit("the first", "hurrah! " * 20)
    await room.commit("hm")
    await until(lambda: all(audience.given_offset(outlet) == 3 for outlet in watching))
    place = {"epoch": room.live.replica.epoch, "offset": 0}
    for live in watching:
        back = FakeOutlet(live.is_text, live.deflates)
        on_still_harness.seat(room.room, back, resume=place)
        assert b"".join(back.frames[1:]) == b"".join(live.frames[1:])


async def test_who_left_is_in_no_audience(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    await room.commit("x", private=PrivateChanges(polls=[poll_of(room), poll_of(room, "q")]))
    edge = edge_room(on_still_harness, room)
    keys = (EVERYONE, STAFF, Voters("p"), Voters("q"))
    staying, leaving = (
        on_still_harness.seat(room.room, token=on_still_harness.token(sub, "moderator"))
        for sub in ("mo", "mod")
    )
    for outlet in (staying, leaving):
        assert outlet.session is not None
        edge.voted(outlet.session, "p")
        edge.voted(outlet.session, "q")
    assert all(leaving in edge.audiences[key] for key in keys)
    assert leaving.session is not None
    leaving.session.lost()
    for key in keys:
        assert list(edge.audiences[key]) == [staying]
    assert staying.session is not None
    staying.session.ending()
    assert not [key for key in keys[1:] if key in edge.audiences]
    assert list(edge.audience) == []


async def test_who_left_gets_nothing_and_counts_no_more(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlet = seated(on_still_harness, room)
    edge = edge_room(on_still_harness, room)
    user = on_still_harness.user(room.live)
    assert (len(edge), len(edge.sessions_of(user))) == (1, 1)
    assert outlet.session is not None
    outlet.session.lost()
    assert (len(edge), len(edge.sessions_of(user))) == (0, 0)
    before = len(outlet.frames)
    await room.commit("x")
    assert len(outlet.frames) == before


async def test_of_several_connections_of_a_viewer_each_leaves_by_itself(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    first, second, third = (seated(on_still_harness, room) for _ in range(3))
    edge = edge_room(on_still_harness, room)
    user = on_still_harness.user(room.live)
    assert second.session is not None
    second.session.lost()
    second.session.lost()
    assert len(edge.sessions_of(user)) == 2
    await room.commit("x", private=PrivateChanges(notices=[(user, Notice("held", "it waits"))]))
    assert [len(each.of("notice")) for each in (first, second, third)] == [1, 0, 1]


async def test_staff_is_noted_as_it_comes_once_and_with_its_role_on_its_comments(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    token = on_stage.token("mo", "moderator")
    async with on_stage.viewer(live.room, token) as moderator:
        await until(lambda: live.replica.state.staff)
        (staff,) = live.replica.state.staff.values()
        assert (staff.role, staff.name) == ("moderator", "Mo")
        await until(lambda: not live.events.notes)
        async with on_stage.viewer(live.room, token):
            assert not live.events.notes
        ack = await moderator.ask("comment", text="hello from the staff")
        frame = await moderator.first("frame", lambda frame: frame.get("comments"))
        assert [(each["id"], each["role"]) for each in frame["comments"]] == [
            (ack["comment"], "moderator")
        ]
    async with on_stage.viewer(live.room, on_stage.token("vi")):
        assert not live.events.notes
    assert live.replica.state.staff.keys() == {on_stage.user(live, "mo")}
