"""One viewer's conversation, over real sockets where an answer comes from the store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from grandstand.domain.events import HeldDecided, PollStepped, Restored, Retracted, Sanctioned
from grandstand.edge import audience
from grandstand.edge import session as module
from grandstand.edge.message_limits import FOLLOWS, MESSAGES
from grandstand.store.errors import StoreUnavailable
from grandstand.wire.codes import CloseCode
from grandstand.wire.messages import Overlay
from websockets.exceptions import InvalidStatus

from tests.edge.harness import FakeOutlet, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

JWT_OF_NOBODY = "not.a.token"


# --- hello ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [b"\xc1", msgspec.msgpack.encode({"type": "time", "id": "1", "sent": 1}), "text", b"\x80"],
)
async def test_a_first_message_that_is_not_hello_ends_with_4000(
    on_stage: Harness, payload: bytes | str
) -> None:
    live = await on_stage.room()
    async with on_stage.connected(live.room) as client:
        await client.send(payload)
        assert await client.closed() == 4000
        assert [message["type"] for message in client.received] == ["error", "bye"]
        assert client.received[0]["code"] == "bad_message"
        bye = client.received[1]
        assert (bye["code"], bye["reconnect"], bye["after"]) == (4000, False, 0)


async def test_no_hello_in_five_seconds_ends_with_4001(on_stage: Harness) -> None:
    live = await on_stage.room()
    outlet = FakeOutlet()
    on_stage.admit(live.room, outlet)
    for _ in range(5):
        on_stage.node.keepalive.sweep()
    assert outlet.closed is None
    on_stage.node.keepalive.sweep()
    assert outlet.closed is not None
    assert outlet.closed[0] == 4001


@pytest.mark.parametrize(
    ("token", "code", "close"),
    [
        ({"token": JWT_OF_NOBODY}, "unauthorized", 3000),
        ({"lifetime_s": -10}, "unauthorized", 3000),
        ({"rooms": ["another"]}, "forbidden", 3003),
    ],
)
@pytest.mark.parametrize("room_exists", [True, False])
@pytest.mark.parametrize("fields", [{}, {"follow": "not a list"}])
async def test_a_fault_of_identity_comes_before_wrong_fields_and_a_room_that_is_not_there(
    on_stage: Harness,
    token: dict[str, Any],
    code: str,
    close: int,
    room_exists: bool,
    fields: dict[str, Any],
) -> None:
    room = (await on_stage.room()).room if room_exists else "nowhere"
    async with on_stage.connected(room) as client:
        jwt = token.get("token") or on_stage.token(**token)
        await client.send({"type": "hello", "token": jwt, **fields})
        assert await client.closed() == close
        error, bye = client.received
        assert (error["type"], error["code"]) == ("error", code)
        assert (bye["code"], bye["reconnect"]) == (close, close == 3000)


async def test_wrong_fields_of_a_hello_with_a_good_token_are_named(on_stage: Harness) -> None:
    live = await on_stage.room()
    async with on_stage.connected(live.room) as client:
        await client.send({"type": "hello", "token": on_stage.token(), "follow": "not a list"})
        assert await client.closed() == 4000
        assert client.received[0]["code"] == "bad_message"
        assert "follow" in client.received[0]["message"]


@pytest.mark.parametrize("room", ["nowhere", "NOT-AN-ID", "a%20b", "x" * 65])
async def test_an_unknown_room_ends_with_4004(on_stage: Harness, room: str) -> None:
    async with on_stage.connected(room) as client:
        await client.send({"type": "hello"})
        assert await client.closed() == 4004
        assert client.received[0]["code"] == "unknown_room"
        assert client.received[1]["reconnect"] is False


@pytest.mark.parametrize(
    ("guests", "guest_token", "close"),
    [("none", None, 3000), ("none", True, 3003), ("none", False, None), ("watch", None, None)],
)
async def test_who_may_watch(
    on_stage: Harness, guests: str, guest_token: bool | None, close: int | None
) -> None:
    live = await on_stage.room(guests=guests)
    hello = {"type": "hello"}
    if guest_token is not None:
        hello["token"] = on_stage.token(guest=guest_token)
    async with on_stage.connected(live.room) as client:
        await client.send(hello)
        if close is None:
            welcome = await client.first("welcome")
            assert ("id" in welcome["viewer"]) == (guest_token is not None)
        else:
            assert await client.closed() == close


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_a_welcome_tells_the_whole_state(on_stage: Harness, codec: Any) -> None:
    live = await on_stage.room(title="Gala")
    async with on_stage.viewer(live.room, on_stage.token(), codec) as client:
        welcome = client.of("welcome")[0]
        assert welcome["room"] == live.room
        assert (welcome["epoch"], welcome["offset"]) == (live.replica.epoch, live.replica.offset)
        assert welcome["viewer"] == {"id": on_stage.user(live), "name": "Ada", "role": "viewer"}
        assert welcome["settings"]["title"] == "Gala"
        assert welcome["durability"] == on_stage.store.durability.promise
        assert welcome["recovered"] is False
        assert welcome["viewers"] >= 1
        assert abs(welcome["now"] - live.now()) < 5000
        for part in ("polls", "overlays", "cues", "recent"):
            assert welcome[part] == []


async def test_a_room_of_the_store_is_loaded_while_messages_wait_in_order(
    on_stage: Harness,
) -> None:
    room = f"fresh-{uuid4().hex[:6]}"
    await on_stage.store.rooms.create(room, uuid4().hex)
    async with on_stage.connected(room) as client:
        await client.send({"type": "hello"})
        for number in range(5):
            await client.send({"type": "time", "id": str(number), "sent": number})
        await until(lambda: len(client.of("time")) == 5)
        assert client.received[0]["type"] == "welcome"
        assert [told["sent"] for told in client.of("time")] == list(range(5))


async def test_who_says_too_much_while_the_room_is_loaded_is_sent_away(on_stage: Harness) -> None:
    outlet = FakeOutlet()
    session = on_stage.admit("not-loaded", outlet)
    session.received(msgspec.msgpack.encode({"type": "hello"}), False)
    for number in range(MESSAGES.burst + 1):
        session.received(
            msgspec.msgpack.encode({"type": "time", "id": str(number), "sent": 1}), False
        )
    assert outlet.closed is not None
    assert outlet.closed[0] == 1013
    session.lost()


async def test_a_store_that_is_away_at_hello_ends_with_1013(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*arguments: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(on_stage.store.timeline, "load", away)
    await on_stage.store.rooms.create("some-room", uuid4().hex)
    async with on_stage.connected("some-room") as client:
        await client.send({"type": "hello"})
        assert await client.closed() == 1013
        error, bye = client.received
        assert error["code"] == "unavailable"
        assert error["retry_after"] > 0
        assert bye["reconnect"] is True
        assert 0 <= bye["after"] <= 2000


async def test_a_fault_of_ours_at_hello_ends_with_1011(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(on_stage.store.timeline, "load", broken)
    await on_stage.store.rooms.create("some-other-room", uuid4().hex)
    async with on_stage.connected("some-other-room") as client:
        await client.send({"type": "hello"})
        assert await client.closed() == 1011
        assert client.received[-1]["reconnect"] is True


async def test_a_viewer_may_have_ten_connections_and_no_more(on_stage: Harness) -> None:
    live = await on_stage.room()
    outlets = [on_stage.seat(live.room, token=on_stage.token()) for _ in range(11)]
    assert [outlet.closed for outlet in outlets[:10]] == [None] * 10
    assert outlets[10].closed is not None
    assert outlets[10].closed[0] == 3009
    assert outlets[10].of("bye")[0]["reconnect"] is False
    assert outlets[0].session is not None
    outlets[0].session.lost()
    assert on_stage.seat(live.room, token=on_stage.token()).closed is None
    assert on_stage.seat(live.room, token=on_stage.token("bob")).closed is None
    assert [on_stage.seat(live.room).closed for _ in range(12)] == [None] * 12


async def test_an_upgrade_elsewhere_is_a_problem_document(on_stage: Harness) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with on_stage.connected("a/b"):
            pass
    assert refused.value.response.status_code == 404


# --- faults --------------------------------------------------------------------------------------


async def test_ten_bad_messages_in_a_minute_end_with_4000(on_stage: Harness) -> None:
    live = await on_stage.room()
    outlet = on_stage.seat(live.room, token=on_stage.token())
    assert outlet.session is not None
    bad: list[tuple[bytes, bool]] = [
        (b"\xc1", False),
        (b"{}", True),
        (msgspec.msgpack.encode({"type": "hello"}), False),
        (msgspec.msgpack.encode({"type": "dance", "id": "7"}), False),
        (msgspec.msgpack.encode({"type": "comment", "id": "8", "text": " \t"}), False),
        (msgspec.msgpack.encode({"type": "comment", "id": "9"}), False),
        (msgspec.msgpack.encode({"type": "vote", "id": "9", "poll": "p", "choices": []}), False),
        (msgspec.msgpack.encode({"type": "time", "id": "", "sent": 1}), False),
        (msgspec.msgpack.encode([]), False),
    ]
    for payload, is_text in bad:
        outlet.session.received(payload, is_text)
        assert outlet.closed is None
    assert [error["code"] for error in outlet.of("error")] == ["bad_message"] * 9
    assert [error.get("id") for error in outlet.of("error")[3:6]] == ["7", "8", "9"]
    outlet.session.received(b"\xc1", False)
    assert outlet.closed is not None
    assert outlet.closed[0] == 4000


async def test_without_a_token_one_watches_follows_and_asks_the_time_alone(
    on_stage: Harness,
) -> None:
    live = await on_stage.room(guests="vote")
    async with on_stage.viewer(live.room) as client:
        assert client.of("welcome")[0]["viewer"] == {"role": "viewer"}
        assert (await client.ask("time", sent=1.5))["sent"] == 1.5
        assert (await client.ask("follow", topics=["athlete:1"]))["type"] == "ack"
        comments: list[dict[str, Any]] = [{"text": "hi"}, {"text": ""}, {"text": 7}, {}]
        for message in comments:
            error = await client.ask("comment", **message)
            assert (error["type"], error["code"]) == ("error", "unauthorized")
        for message in ({"poll": "p", "choices": [0]}, {"poll": 7}):
            assert (await client.ask("vote", **message))["code"] == "unauthorized"


async def test_faults_of_identity_are_no_bad_messages(on_stage: Harness) -> None:
    live = await on_stage.room(guests="watch")
    async with on_stage.viewer(live.room, on_stage.token(guest=True)) as client:
        for _ in range(12):
            assert (await client.ask("comment", text=7))["code"] == "forbidden"
        assert (await client.ask("time", sent=1))["type"] == "time"


@pytest.mark.parametrize(
    ("guests", "comments", "votes"),
    [("watch", "forbidden", "forbidden"), ("comment", None, "forbidden"), ("vote", None, None)],
)
async def test_what_a_room_lets_its_guests_do(
    on_stage: Harness, guests: str, comments: str | None, votes: str | None
) -> None:
    live = await on_stage.room(guests=guests)
    poll = await on_stage.poll(live)
    async with on_stage.viewer(live.room, on_stage.token(guest=True)) as client:
        assert (await client.ask("comment", text="hi")).get("code") == comments
        assert (await client.ask("vote", poll=poll.id, choices=[0])).get("code") == votes


async def test_a_connection_takes_sixty_messages_at_once_and_twenty_a_second(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    async with on_stage.viewer(live.room, on_stage.token()) as client:
        for number in range(70):
            await client.send({"type": "time", "id": str(number), "sent": number})
        limited = await client.first("error")
        assert (limited["code"], limited["id"]) == ("rate_limited", str(len(client.of("time"))))
        assert 0 < limited["retry_after"] <= 0.05 + 0.001
        await asyncio.sleep(limited["retry_after"])
        await until(lambda: len(client.of("time")) + len(client.of("error")) == 70)
        assert (await client.ask("comment", text="x" * 101))["code"] == "too_long"


# --- comments and votes --------------------------------------------------------------------------


async def test_a_comment_is_acknowledged_with_its_id_and_comes_in_a_frame(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    async with (
        on_stage.viewer(live.room, on_stage.token()) as ada,
        on_stage.viewer(live.room, codec="json") as guest,
    ):
        ack = await ada.ask("comment", text="  bravo ", color=0xFF0000, mode="top", size="large")
        assert (ack["type"], ack["status"]) == ("ack", "accepted")
        for client in (ada, guest):
            frame = await client.first("frame", lambda frame: "comments" in frame)
            (comment,) = frame["comments"]
            assert comment["id"] == ack["comment"]
            assert comment["user"] == on_stage.user(live)
            assert (comment["text"], comment["color"]) == ("bravo", 0xFF0000)
            assert (comment["mode"], comment["size"]) == ("top", "large")
            assert "count" not in comment


async def test_the_first_of_several_faults_is_told(on_stage: Harness) -> None:
    live = await on_stage.room(max_text=5)
    poll = await on_stage.poll(live)
    await on_stage.change(live, shield=True)
    late, soon = live.now() - 61_000, live.now() + 9_000
    async with on_stage.viewer(live.room, on_stage.token()) as client:
        assert (await client.ask("comment", text="", at=late))["code"] == "bad_message"
        assert (await client.ask("comment", text="longer", at=late))["code"] == "too_long"
        assert (await client.ask("comment", text="short", at=late))["code"] == "bad_time"
        assert (await client.ask("comment", text="short", at=soon))["code"] == "bad_time"
        assert (await client.ask("comment", text="short"))["code"] == "shielded"
        assert (await client.ask("vote", poll="none", choices=[0]))["code"] == "unknown_poll"
        assert (await client.ask("vote", poll="none", choices=[0], at=late))["code"] == "bad_time"
        for choices in ([2], [0, 0], [0, 1]):
            error = await client.ask("vote", poll=poll.id, choices=choices, at=late)
            assert error["code"] == "bad_choice"
        error = await client.ask("vote", poll=poll.id, choices=[0], at=soon)
        assert error["code"] == "bad_time"
        before = poll.opens_at - 1
        error = await client.ask("vote", poll=poll.id, choices=[0], at=before)
        assert error["code"] == "poll_not_open"
        assert (await client.ask("vote", poll=poll.id, choices=[0]))["type"] == "ack"
        error = await client.ask("vote", poll=poll.id, choices=[1])
        assert error["code"] == "already_voted"


async def change_of(on_stage: Harness, live: Any, what: str) -> None:
    """Something after which a comment has no effect any more."""
    user = on_stage.user(live)
    match what:
        case "mute":
            await on_stage.submit(live, Sanctioned(uuid4().hex, user, "mute", live.now() + 60_000))
        case "mute for good":
            await on_stage.submit(live, Sanctioned(uuid4().hex, user, "mute", None))
        case "shield":
            await on_stage.change(live, shield=True)
        case "guests":
            await on_stage.change(live, guests="watch")
        case "shorter":
            await on_stage.change(live, max_text=3)
        case "latency":
            await on_stage.change(live, max_latency=1000)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("mute", "muted"),
        ("mute for good", "muted"),
        ("shield", "shielded"),
        ("guests", "forbidden"),
        ("shorter", "too_long"),
        ("latency", "bad_time"),
    ],
)
async def test_an_acknowledged_comment_gets_its_ack_again_whatever_happened_since(
    on_stage: Harness, what: str, code: str
) -> None:
    live = await on_stage.room()
    said = {"text": "once", "id": "mine", "at": live.now() - 1500}
    token = on_stage.token(guest=True)
    async with on_stage.viewer(live.room, token) as client:
        ack = await client.ask("comment", **said)
        assert ack["status"] == "accepted"
        await change_of(on_stage, live, what)
        assert await client.ask("comment", **said) == ack
        error = await client.ask("comment", **{**said, "id": "another"})
        assert error["code"] == code
        assert ("retry_after" in error) == (code == "muted")
    async with on_stage.viewer(live.room, token) as again:
        assert await again.ask("comment", **said) == ack
        assert len(again.of("welcome")[0]["recent"]) == 1


async def test_an_acknowledged_vote_gets_its_ack_again_after_the_poll_has_ended(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    poll = await on_stage.poll(live)
    token = on_stage.token(guest=False)
    async with on_stage.viewer(live.room, token) as client:
        vote = {"id": "mine", "poll": poll.id, "choices": [1], "at": live.now()}
        assert await client.ask("vote", **vote) == {
            "type": "ack",
            "id": "mine",
            "status": "accepted",
        }
        step = PollStepped(uuid4().hex, poll.id, "close", live.now(), grace=0)
        await on_stage.submit(live, step)
        final = await client.first(
            "frame", lambda frame: any(p["final"] for p in frame.get("polls", []))
        )
        assert final["polls"][0]["tally"] == [0, 1]
        assert (await client.ask("vote", **vote))["type"] == "ack"
        assert (await client.ask("vote", **{**vote, "choices": [9]}))["type"] == "ack"
        assert (await client.ask("vote", **{**vote, "at": 0}))["type"] == "ack"
        error = await client.ask("vote", **{**vote, "id": "other"})
        assert error["code"] == "poll_not_open"


async def test_a_vote_may_change_and_an_old_one_sent_again_does_not_win(on_stage: Harness) -> None:
    live = await on_stage.room()
    poll = await on_stage.poll(live, change=True)
    async with on_stage.viewer(live.room, on_stage.token()) as client:
        for id_, choice in (("1", 0), ("2", 1), ("1", 0)):
            ack = await client.ask("vote", id=id_, poll=poll.id, choices=[choice])
            assert ack["type"] == "ack"
        assert await on_stage.store.votes.tally(live.room, poll) == ([0, 1], 1)


@pytest.mark.parametrize("said_by", ["time", "comment", "vote"])
async def test_who_has_seen_the_end_of_a_poll_cannot_go_back_to_vote(
    on_stage: Harness, said_by: str
) -> None:
    live = await on_stage.room()
    now = live.now()
    over = await on_stage.poll(live, opens_at=now - 9000, closes_at=now - 4000)
    other = await on_stage.poll(live)
    said: dict[str, dict[str, Any]] = {
        "time": {"sent": 1},
        "comment": {"text": "what an end"},
        "vote": {"poll": other.id, "choices": [0]},
    }
    vote = {"id": "v", "poll": over.id, "choices": [1], "at": over.closes_at - 500}
    async with on_stage.viewer(live.room, on_stage.token()) as ada:
        answer = await ada.ask(said_by, at=live.now(), **said[said_by])
        assert answer["type"] in ("time", "ack")
        refused = await ada.ask("vote", **vote)
        assert (refused["code"], refused["id"]) == ("poll_not_open", "v")
        assert "past the end" in refused["message"]
    async with on_stage.viewer(live.room, on_stage.token("bo")) as bo:  # some 5 s behind live
        assert (await bo.ask("time", sent=1, at=over.closes_at + 1000))["type"] == "time"
        assert (await bo.ask("vote", **vote))["type"] == "ack"
        assert (await bo.ask("time", sent=1, at=now))["type"] == "time"
        assert (await bo.ask("vote", **vote))["type"] == "ack"  # the same one, again
        assert (await bo.ask("vote", **{**vote, "id": "w"}))["code"] == "poll_not_open"
    assert await on_stage.store.votes.tally(live.room, over) == ([0, 1], 1)


async def test_a_claim_that_no_picture_can_have_is_answered_and_counts_for_nothing(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    poll = await on_stage.poll(live)
    async with on_stage.viewer(live.room, on_stage.token()) as client:
        for at in (live.now() + 3_600_000, 0):
            told = await client.ask("time", sent=1, at=at, sync=12)
            assert (told["type"], told["sent"]) == ("time", 1)
        assert (await client.ask("vote", poll=poll.id, choices=[0]))["type"] == "ack"


async def test_viewers_who_tell_their_playhead_are_counted_while_they_are_here(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    playheads = on_stage.node.room(live).playheads

    def told() -> int:
        return sum(playheads.report(asyncio.get_running_loop().time()).behind.values())

    async with on_stage.viewer(live.room) as guest, on_stage.viewer(live.room) as other:
        for client in (guest, guest, other):
            await client.ask("time", sent=1, at=live.now() - 5_000)
        await other.ask("time", sent=1)
        assert told() == 2
        async with on_stage.viewer(live.room, on_stage.token("m", "moderator")) as staff:
            await staff.ask("time", sent=1, at=live.now())
            assert told() == 2
    await until(lambda: told() == 0)


async def test_a_vote_that_the_store_could_not_take_counts_though_the_picture_went_on(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await on_stage.room()
    now = live.now()
    poll = await on_stage.poll(live, opens_at=now - 9000, closes_at=now - 4000)
    vote = {"id": "v", "poll": poll.id, "choices": [1], "at": poll.closes_at - 500}
    monkeypatch.setattr("grandstand.edge.batch.PATIENCE_S", 0.05)

    async def away(*arguments: object) -> None:
        raise StoreUnavailable("gone")

    async with on_stage.viewer(live.room, on_stage.token()) as client:
        with monkeypatch.context() as patch:
            patch.setattr(on_stage.store.votes, "cast", away)
            assert (await client.ask("vote", **vote))["code"] == "unavailable"
        await client.ask("time", sent=1, at=now)
        for changed in ({"id": "w"}, {"choices": [0]}, {"at": poll.closes_at}):
            assert (await client.ask("vote", **{**vote, **changed}))["code"] == "poll_not_open"
        assert (await client.ask("vote", **vote))["type"] == "ack"


async def test_claims_by_a_clock_that_was_set_since_count_for_nothing(on_stage: Harness) -> None:
    live = await on_stage.room()
    async with on_stage.viewer(live.room, on_stage.token()) as client:
        await client.ask("time", sent=1, at=live.now())
        epoch = live.replica.epoch
        await on_stage.change(live, programme_offset=20_000)
        await live.left(epoch)
        await until(lambda: len(client.of("welcome")) == 2)
        now = live.now()
        poll = await on_stage.poll(live, opens_at=now - 9000, closes_at=now + 2000)
        assert (await client.ask("vote", poll=poll.id, choices=[0], at=now))["type"] == "ack"


@pytest.mark.parametrize("whose", ["the store's", "the room's", "the room's, by a new epoch"])
async def test_a_clock_that_jumps_back_within_a_window_loses_no_vote_and_the_poll_ends(
    on_stage: Harness, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await on_stage.room()
    now = live.now()
    poll = await on_stage.poll(live, opens_at=now - 10_000)
    async with (
        on_stage.viewer(live.room, on_stage.token()) as ada,
        on_stage.viewer(live.room, on_stage.token("bo")) as bo,
    ):
        assert (await ada.ask("vote", poll=poll.id, choices=[0], at=now))["type"] == "ack"
        epoch = live.replica.epoch
        if whose == "the store's":
            clock = on_stage.store.clock
            monkeypatch.setattr(clock, "_ahead_ms", clock._ahead_ms - 600)
        elif whose == "the room's":
            await on_stage.change(live, programme_offset=600)
        else:
            await on_stage.change(live, programme_offset=10_000)
            await live.left(epoch)
            assert live.now() < now
        at = min(now, live.now() + 2000)
        assert (await bo.ask("vote", poll=poll.id, choices=[1], at=at))["type"] == "ack"
        step = PollStepped(uuid4().hex, poll.id, "close", live.now(), grace=300)
        await on_stage.submit(live, step)
        await until(lambda: live.replica.state.polls[poll.id].final)
        final = live.replica.state.polls[poll.id]
        assert (final.status, final.tally, final.voters) == ("closed", [1, 1], 2)


async def test_other_errors_are_not_remembered(on_stage: Harness) -> None:
    live = await on_stage.room(shield=True)
    async with on_stage.viewer(live.room, on_stage.token()) as client:
        assert (await client.ask("comment", id="1", text="hi"))["code"] == "shielded"
        await on_stage.change(live, shield=False)
        assert (await client.ask("comment", id="1", text="hi"))["type"] == "ack"


async def test_a_rate_limit_counts_over_all_connections(on_stage: Harness) -> None:
    live = await on_stage.room(comment_interval=60, comment_burst=2)
    token = on_stage.token()
    async with on_stage.viewer(live.room, token) as one, on_stage.viewer(live.room, token) as two:
        assert (await one.ask("comment", id="1", text="a"))["type"] == "ack"
        assert (await two.ask("comment", text="b"))["type"] == "ack"
        error = await one.ask("comment", text="c")
        assert error["code"] == "rate_limited"
        assert 0 < error["retry_after"] <= 60
        assert (await two.ask("comment", id="1", text="a"))["type"] == "ack"


async def test_the_shield_lets_moderators_comment(on_stage: Harness) -> None:
    live = await on_stage.room(shield=True)
    async with on_stage.viewer(live.room, on_stage.token(role="moderator")) as client:
        assert (await client.ask("comment", text="calm"))["type"] == "ack"


async def test_one_viewers_messages_are_answered_in_the_order_sent(on_stage: Harness) -> None:
    live = await on_stage.room()
    polls = [await on_stage.poll(live) for _ in range(3)]
    async with on_stage.viewer(live.room, on_stage.token()) as client:
        for number in range(9):
            if number % 2:
                vote = {"poll": polls[number // 2 % 3].id, "choices": [0]}
                await client.send({"type": "vote", "id": str(number), **vote})
            else:
                await client.send({"type": "comment", "id": str(number), "text": f"n{number}"})
        await until(lambda: len(client.of("ack")) + len(client.of("error")) == 9)
        told = [m["id"] for m in client.received if m["type"] in ("ack", "error")]
        assert told == [str(number) for number in range(9)]


# --- moderators ----------------------------------------------------------------------------------


async def test_authors_and_moderators_are_told_of_what_is_held_and_decided(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await on_stage.room(moderation={"level": 4, "on_timeout": "hold"})
    monkeypatch.setattr("grandstand.edge.batch._item", held_item())
    async with (
        on_stage.viewer(live.room, on_stage.token()) as ada,
        on_stage.viewer(live.room, on_stage.token("bob")) as bob,
        on_stage.viewer(live.room, on_stage.token("mod", "moderator")) as moderator,
    ):
        ack = await ada.ask("comment", id="1", text="rude")
        assert ack["status"] == "held"
        notice = await moderator.first("notice", lambda notice: notice["code"] == "held")
        (held,) = notice["held"]
        assert (held["id"], held["user"]) == (ack["comment"], on_stage.user(live))
        assert held["categories"] == ["insult"]
        assert held["reason"] == "a word"
        assert await ada.ask("comment", id="1", text="rude") == ack
        await on_stage.submit(live, HeldDecided(uuid4().hex, ack["comment"], approved=True))
        approved = await ada.first("notice")
        assert (approved["code"], approved["comment"]) == ("approved", ack["comment"])
        frame = await bob.first("frame", lambda frame: "comments" in frame)
        assert frame["comments"][0]["id"] == ack["comment"]
        await moderator.first("notice", lambda notice: notice["code"] == "decided")
        assert bob.of("notice") == []


async def test_an_author_of_what_was_refused_can_ask_a_moderator(on_stage: Harness) -> None:
    live = await on_stage.room(moderation={"level": 2})
    async with (
        on_stage.viewer(live.room, on_stage.token()) as ada,
        on_stage.viewer(live.room, on_stage.token("mod", "moderator")) as moderator,
    ):
        refused = await ada.ask("comment", id="1", text="kill yourself")
        assert (refused["code"], refused["category"]) == ("rejected", "threat")
        assert refused["rule"] == "kill yourself"
        ack = await ada.ask("appeal", id="2", message="1", text="it is a quote")
        assert ack["status"] == "held"
        notice = await moderator.first("notice", lambda notice: notice["code"] == "held")
        assert notice["held"][0]["appeal"] == "it is a quote"
        assert (await ada.ask("appeal", id="3", message="1"))["comment"] == ack["comment"]
        no = await ada.ask("appeal", id="4", message="none")
        assert no["code"] == "bad_message"
        await on_stage.submit(live, HeldDecided(uuid4().hex, ack["comment"], approved=False))
        told = await ada.first("notice")
        assert (told["code"], told["category"]) == ("rejected", "threat")
        assert told["rule"] == "kill yourself"


async def test_an_author_of_what_was_held_and_turned_away_can_ask_on_any_node_once(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.edge.batch._item", held_item())
    live = await on_stage.room()
    async with on_stage.viewer(live.room, on_stage.token()) as ada:
        comment = (await ada.ask("comment", id="1", text="rude"))["comment"]
        assert (await ada.ask("appeal", id="2", comment=comment))["code"] == "bad_message"
        word = HeldDecided(uuid4().hex, comment, False, "It names a player.", "tiny")
        await on_stage.submit(live, word)
        told = await ada.first("notice")
        assert (told["message"], told["by"]) == ("It names a player.", "tiny")
        assert told["category"] == "insult"
        asked = await ada.ask("appeal", id="3", comment=comment, text="he is my brother")
        assert asked["status"] == "held"
        assert (await ada.ask("appeal", id="4", comment=comment))["comment"] == asked["comment"]


def held_item() -> Any:
    from grandstand.edge import batch

    original = batch._item

    def held(message: Any, judged: Any, model: str) -> Any:
        verdict = judged._replace(action="hold", category="insult", reason="a word")
        return original(message, verdict, model)

    return held


async def test_notices_reach_all_connections_of_their_viewer_alone(on_stage: Harness) -> None:
    live = await on_stage.room()
    user = on_stage.user(live)
    outlets = [on_stage.seat(live.room, token=on_stage.token()) for _ in range(2)]
    other = on_stage.seat(live.room, token=on_stage.token("bob"))
    until_ms = live.now() + 60_000
    await on_stage.submit(live, Sanctioned(uuid4().hex, user, "mute", until_ms))
    await on_stage.submit(live, Restored(uuid4().hex, user))
    await on_stage.submit(live, Retracted(uuid4().hex, "abc", user))
    for outlet in outlets:
        await until(lambda: all(len(each.of("notice")) == 3 for each in outlets))
        muted, restored, retracted = outlet.of("notice")
        assert (muted["code"], muted["until"]) == ("muted", until_ms)
        assert restored["code"] == "restored"
        assert (retracted["code"], retracted["comment"]) == ("retracted", "abc")
    assert other.of("notice") == []
    assert [frame["retract"] for frame in other.of("frame") if "retract" in frame] == [["abc"]]


async def test_a_ban_acts_at_once_and_at_the_next_hello(on_stage: Harness) -> None:
    live = await on_stage.room()
    user, token = on_stage.user(live), on_stage.token()
    async with (
        on_stage.viewer(live.room, token) as one,
        on_stage.viewer(live.room, token) as two,
        on_stage.viewer(live.room, on_stage.token("bob")) as bob,
    ):
        await on_stage.submit(live, Sanctioned(uuid4().hex, user, "ban", None))
        for client in (one, two):
            assert await client.closed() == 3503
            assert client.received[-1]["reconnect"] is False
        async with on_stage.connected(live.room) as again:
            await again.send({"type": "hello", "token": token})
            assert await again.closed() == 3503
            assert [message["type"] for message in again.received] == ["error", "bye"]
        assert (await bob.ask("time", sent=1))["type"] == "time"
    await on_stage.submit(live, Restored(uuid4().hex, user))
    async with on_stage.viewer(live.room, token) as back:
        assert (await back.ask("comment", text="sorry"))["type"] == "ack"


# --- resume, and viewers who don't read ----------------------------------------------------------


async def test_resume_brings_the_frames_after_the_place_unchanged(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    watching = on_still_harness.seat(room.room)
    for text in ("a", "b", "c"):
        await room.commit(text)
    place = {"epoch": room.live.replica.epoch, "offset": 1}
    back = on_still_harness.seat(room.room, resume=place)
    welcome = back.of("welcome")[0]
    assert (welcome["recovered"], welcome["offset"], welcome["recent"]) == (True, 3, [])
    assert back.messages[0] == welcome
    assert back.frames[1:] == watching.frames[2:4]
    await room.commit("d")
    assert back.offsets == [2, 3, 4]


@pytest.mark.parametrize(
    "place",
    [{"epoch": "another", "offset": 1}, {"offset": 99}],
)
async def test_a_place_that_is_gone_starts_from_the_welcome(
    on_still_harness: Harness, place: dict[str, Any]
) -> None:
    room = await on_still_harness.by_hand()
    await room.commit("a", "b")
    back = on_still_harness.seat(room.room, resume={"epoch": room.live.replica.epoch, **place})
    welcome = back.of("welcome")[0]
    assert (welcome["recovered"], welcome["offset"]) == (False, 2)
    assert [comment["text"] for comment in welcome["recent"]] == ["a", "b"]
    assert back.offsets == []


async def test_a_place_with_nothing_after_it_is_recovered(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    await room.commit("a")
    back = on_still_harness.seat(room.room, resume={"epoch": room.live.replica.epoch, "offset": 1})
    assert back.of("welcome")[0]["recovered"] is True
    assert back.offsets == []


async def test_frames_pass_by_a_viewer_who_does_not_read_and_come_once_it_has(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    slow, quick = on_still_harness.seat(room.room), on_still_harness.seat(room.room)
    await room.commit("a")
    slow.pause()
    await room.commit("b", "c")
    await room.commit("d")
    assert (slow.offsets, quick.offsets) == ([1], [1, 2, 3, 4])
    slow.resume()
    await room.commit("e")
    assert slow.offsets == quick.offsets == [1, 2, 3, 4, 5]
    assert slow.frames[1:] == quick.frames[1:]


async def test_a_socket_that_fills_within_a_commit_is_given_the_rest_of_it_later(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room)
    outlet.full_after = 2
    await room.commit("a", "b", "c", "d")
    assert outlet.offsets == [1, 2]
    outlet.resume()
    assert outlet.offsets == [1, 2, 3, 4]


async def test_a_socket_may_fill_again_and_again_while_it_catches_up(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room)
    outlet.pause()
    for _ in range(4):
        await room.commit("x", "y")
    outlet.resume(full_after=3)
    assert outlet.offsets == [1, 2, 3]
    await room.commit("z")
    outlet.resume(full_after=1)
    assert outlet.offsets == [1, 2, 3, 4]
    outlet.resume()
    await room.commit("end")
    assert outlet.offsets == list(range(1, 11))


async def test_a_socket_that_fills_while_a_resume_is_answered_loses_nothing(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    for _ in range(5):
        await room.commit("x")
    place = {"epoch": room.live.replica.epoch, "offset": 1}
    for full_after in (1, 2, 5):
        outlet = on_still_harness.seat(room.room, FakeOutlet(full_after=full_after), resume=place)
        assert outlet.paused
        outlet.resume()
        assert outlet.offsets == [2, 3, 4, 5]
        assert len(outlet.of("welcome")) == 1


async def test_a_socket_that_was_full_before_its_welcome_is_given_everything_once_it_reads(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    for _ in range(3):
        await room.commit("x")
    place = {"epoch": room.live.replica.epoch, "offset": 1}
    full = on_still_harness.seat(room.room, FakeOutlet(paused=True), resume=place)
    await room.commit("y")
    assert full.offsets == []
    full.resume()
    await room.commit("z")
    assert full.offsets == [2, 3, 4, 5]


async def test_who_is_behind_for_longer_than_the_ring_gets_a_new_welcome(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room)
    outlet.pause()
    await room.commit(*("x" for _ in range(301)))
    outlet.resume()
    again = outlet.of("welcome")[1]
    assert (again["recovered"], again["offset"], len(again["recent"])) == (False, 301, 50)
    await room.commit("y")
    assert outlet.offsets == [302]


@pytest.mark.parametrize("seed", range(4))
async def test_in_a_room_written_to_in_turns_every_frame_comes_once_and_in_order(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(audience, "COHORT", 2)
    draw = random.Random(seed)
    room = await on_still_harness.by_hand()
    seats: list[tuple[int, FakeOutlet]] = []
    for _ in range(160):
        what = draw.choice(("come", "fill", "read", "again", "patience", "commit", "commit"))
        if what == "come" and len(seats) < 12:
            seats.append((room.live.replica.offset, on_still_harness.seat(room.room)))
        elif what == "commit":
            commit = await room.store(room.next(texts=["x"] * draw.randint(1, 3)))
            room.live.heard(commit)  # at once: the other cohorts' turns are still to come
        elif seats:
            outlet = draw.choice(seats)[1]
            if what == "fill" and not outlet.paused:
                outlet.pause()
            elif what == "read" and outlet.paused:
                outlet.resume(draw.choice((None, 1, 2)))
            elif what == "again" and outlet.session is not None:
                outlet.session.welcome_again()
            elif what == "patience" and outlet.session is not None:
                ask = {
                    "type": "time",
                    "id": "t",
                    "sent": 0,
                    "patience": draw.choice((0, 250, 2000)),
                }
                outlet.session.received(msgspec.msgpack.encode(ask), False)
        if draw.random() < 0.4:
            await asyncio.sleep(0)
    for _, outlet in seats:
        while outlet.paused:
            outlet.resume()
    for _ in seats:
        on_still_harness.node.room(room.live).audience.hurry()
        await asyncio.sleep(0)
    for came_at, outlet in seats:
        at = came_at
        for message in outlet.messages:
            if message["type"] == "welcome":
                at = message["offset"]
            elif message["type"] == "frame":
                assert message["offset"] == at + 1
                at += 1
        assert at == room.live.replica.offset


async def test_who_does_not_read_for_long_is_cut_with_3008(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlet, patient = on_still_harness.seat(room.room), on_still_harness.seat(room.room)
    outlet.pause()
    patient.pause()
    patient.resume()
    for _ in range(module.BEHIND_S + 1):
        on_still_harness.node.keepalive.sweep()
    assert outlet.closed is not None
    assert outlet.closed[0] == 3008
    assert outlet.of("bye")[0]["reconnect"] is True
    assert patient.closed is None


async def test_draining_tells_each_viewer_when_to_come_back(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlets = [on_still_harness.seat(room.room) for _ in range(30)]
    unasked = FakeOutlet()
    on_still_harness.admit(room.room, unasked)
    afters = set()
    for outlet in [*outlets, unasked]:
        assert outlet.session is not None
        outlet.session.drain()
        assert outlet.closed is not None
        assert outlet.closed[0] == 1012
        bye = outlet.of("bye")[0]
        assert (bye["code"], bye["reconnect"]) == (1012, True)
        assert 0 <= bye["after"] <= on_still_harness.node.drain_ms
        afters.add(bye["after"])
    assert len(afters) > 10


async def test_what_waits_in_line_is_answered_to_nobody_who_left(on_stage: Harness) -> None:
    live = await on_stage.room()
    poll = await on_stage.poll(live, show_tally="voted")
    outlet = on_stage.seat(live.room, token=on_stage.token())
    session = outlet.session
    assert session is not None
    vote = {"type": "vote", "id": "1", "poll": poll.id, "choices": [0]}
    session.received(msgspec.msgpack.encode(vote), False)
    session.lost()
    written = len(outlet.frames)
    await on_stage.node.room(live).batches.flushed()
    assert await on_stage.store.votes.tally(live.room, poll) == ([1, 0], 1)
    async with on_stage.viewer(live.room, on_stage.token("bo")) as bo:
        await bo.ask("vote", poll=poll.id, choices=[0])
        await bo.first(
            "frame", lambda frame: any(each["voters"] == 2 for each in frame.get("tallies", []))
        )
    assert len(outlet.frames) == written


async def test_what_a_viewer_follows_and_speaks_is_kept_while_it_is_here(
    on_stage: Harness,
) -> None:
    live = await on_stage.room(languages=["zh"])
    room = on_stage.node.room(live)
    topics, languages = room.topics, room.languages
    async with on_stage.connected(live.room) as client:
        await client.send({"type": "hello", "lang": "zh-Hans", "follow": ["a", "b"]})
        await client.first("welcome")
        assert languages.wanted == ["zh"]
        assert [topics.count(each) for each in "abc"] == [1, 1, 0]
        await client.ask("follow", topics=["c", "c"])
        assert [topics.count(each) for each in "abc"] == [0, 0, 1]
        assert languages.wanted == ["zh"]
    await until(lambda: not languages.wanted)
    assert len(topics) == 0
    async with on_stage.viewer(live.room) as silent:
        await silent.ask("follow", topics=["c"])
        await silent.ask("follow", topics=[])
        assert len(topics) == 0


async def test_who_changes_too_often_what_it_follows_keeps_the_last_choice(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    async with on_stage.viewer(live.room) as client:
        for number in range(FOLLOWS.burst):
            assert (await client.ask("follow", topics=[str(number)]))["type"] == "ack"
        refused = await client.ask("follow", topics=["last"])
        assert (refused["type"], refused["code"]) == ("error", "rate_limited")
        assert 0 < refused["retry_after"] <= FOLLOWS.interval_ms / 1000
        topics = on_stage.node.room(live).topics
        assert [topics.count(each) for each in (str(FOLLOWS.burst - 1), "last")] == [1, 0]


async def test_of_ten_thousand_topics_a_viewer_follows_a_hundred(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await on_stage.room()
    topics, made = on_stage.node.room(live).topics, list[str]()

    def cards(name: str) -> Sequence[Overlay]:
        made.append(name)
        return ()

    monkeypatch.setattr(topics, "_cards", cards)
    names = [f"athlete:{n}" for n in range(10_000)]
    async with on_stage.connected(live.room) as greedy:
        await greedy.send({"type": "hello", "follow": names})
        assert await greedy.closed() == CloseCode.TOO_BIG
    async with on_stage.viewer(live.room) as client:
        refused = await client.ask("follow", topics=names[:101])
        assert (refused["type"], refused["code"]) == ("error", "bad_message")
        assert "topics" in refused["message"]
        assert "100" in refused["message"]
        codes = []
        for first in range(0, len(names), 100):
            answer = await client.ask("follow", topics=names[first : first + 100])
            codes.append(answer.get("code", answer["type"]))
            assert len(topics) == 100
    assert set(codes) == {"ack", "rate_limited"}
    assert len(made) == 100 * codes.count("ack")  # present cards are looked for as often
    assert codes[: FOLLOWS.burst] == ["ack"] * FOLLOWS.burst
