from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from grandstand.domain.events import SettingsPut
from grandstand.domain.state import PrivateChanges, Sanction
from grandstand.edge.subscriber import BEHIND_S, Subscriber
from grandstand.replica.publication import Form
from grandstand.replica.replica import RING_FRAMES
from grandstand.wire import program
from grandstand.wire.messages import Notice

from tests.edge.harness import ByHand, Harness
from tests.feed import Event, comments, read
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(eq=False)
class FakeStream:
    """In a stream's place: keeps what is written, and is full when a test says so."""

    session: Subscriber
    form: Form = Form.EVENTS
    patience: int = 0
    paused: bool = False
    kernel: None = None
    peer: str = "192.0.2.1"
    written: list[bytes] = field(default_factory=list)
    is_closed: bool = False

    def write(self, frame: bytes) -> None:
        if not self.is_closed:
            self.written.append(frame)

    def doubt(self) -> None:
        raise AssertionError("it has no window")

    def close(self) -> None:
        self.is_closed = True
        self.session.ending()

    def pause(self) -> None:
        self.paused = True
        self.session.behind()

    def resume(self) -> None:
        self.paused = False
        self.session.caught_up()

    @property
    def text(self) -> str:
        return b"".join(self.written).decode()

    @property
    def events(self) -> list[Event]:
        return read(self.text)

    @property
    def cues(self) -> list[str]:
        return [event.data["name"] for event in self.events if event.name == "cue"]

    @property
    def resets(self) -> list[Any]:
        return [event.data for event in self.events if event.name == "reset"]


def subscribed(
    harness: Harness, room: ByHand, since: str = "", token: str | None = None
) -> FakeStream:
    """A subscriber who is let in; ``since`` is its ``Last-Event-ID``."""
    identity = None if token is None else harness.tokens.identify(token)
    user = "" if identity is None else harness.user(room.live, identity.sub)
    assert harness.node.arrived("192.0.2.1")
    edge = harness.node.room(room.live)
    stream = FakeStream(Subscriber(harness.node, edge, identity, user, program.resume(since)))
    stream.session.opened(stream)  # type: ignore[arg-type]
    return stream


async def test_a_newcomer_begins_with_the_state_and_gets_what_follows(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    await room.cue("before")
    stream = subscribed(on_still_harness, room)
    await room.cue("after")
    await room.commit("a comment")
    (state,) = stream.resets
    assert [cue["name"] for cue in state["cues"]] == ["before"]
    assert (state["room"], state["offset"]) == (room.room, 1)
    assert stream.events[0].id == f"{room.head.epoch}:1"
    assert stream.events[-1].id == f"{room.head.epoch}:2"
    assert stream.cues == ["after"]


async def test_who_comes_back_gets_what_was_missed_and_no_state(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    for name in ("one", "two", "three"):
        await room.cue(name)
    stream = subscribed(on_still_harness, room, f"{room.head.epoch}:1")
    await room.cue("four")
    assert stream.cues == ["two", "three", "four"]
    assert [event.id for event in stream.events] == [f"{room.head.epoch}:{n}" for n in (2, 3, 4)]


@pytest.mark.parametrize("since", ["{epoch}:999", "another:1", "rubbish"])
async def test_a_position_of_another_history_brings_the_state(
    on_still_harness: Harness, since: str
) -> None:
    room = await on_still_harness.by_hand()
    await room.cue("one")
    stream = subscribed(on_still_harness, room, since.format(epoch=room.head.epoch))
    assert [event.name for event in stream.events] == ["reset"]


async def test_a_position_that_is_too_old_brings_the_state_unless_comments_alone_came_since(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    await room.cue("one")
    await room.cue("two")
    await room.commit(*("hi",) * RING_FRAMES)
    since = f"{room.head.epoch}:"
    assert [e.name for e in subscribed(on_still_harness, room, since + "1").events] == ["reset"]
    nothing_missed = subscribed(on_still_harness, room, since + "2")
    assert nothing_missed.events == []
    await room.cue("three")
    assert nothing_missed.cues == ["three"]


async def test_all_subscribers_get_the_same_bytes(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    streams = [subscribed(on_still_harness, room) for _ in range(3)]
    await room.cue("one")
    assert streams[0].text == streams[1].text == streams[2].text


async def test_who_is_full_is_left_out_and_gets_all_of_it_later(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    stream, other = subscribed(on_still_harness, room), subscribed(on_still_harness, room)
    stream.pause()
    await room.cue("one")
    await room.cue("two")
    assert (stream.cues, other.cues) == ([], ["one", "two"])
    stream.resume()
    await room.cue("three")
    assert stream.cues == other.cues == ["one", "two", "three"]
    assert len(stream.resets) == 1


async def test_who_was_full_for_too_long_to_be_told_gets_the_state(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    stream = subscribed(on_still_harness, room)
    stream.pause()
    await room.cue("one")
    await room.commit(*("hi",) * RING_FRAMES)
    stream.resume()
    assert [cue["name"] for cue in stream.resets[-1]["cues"]] == ["one"]
    await room.cue("two")
    assert stream.cues == ["two"]


async def test_who_stays_full_is_cut(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    stream = subscribed(on_still_harness, room)
    stream.pause()
    for _ in range(BEHIND_S):
        on_still_harness.node.keepalive.sweep()
    assert not stream.is_closed
    on_still_harness.node.keepalive.sweep()
    assert stream.is_closed


async def test_a_beat_comes_at_least_every_ten_seconds_whatever_else_does(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    edge = on_still_harness.node.room(room.live)
    stream, viewer = subscribed(on_still_harness, room), on_still_harness.seat(room.room)
    frames = len(viewer.frames)
    beats = []
    for now_s in range(100, 161):
        before = comments(stream.text)
        edge._sent_at_s = now_s  # frames come all the time
        edge.heartbeat(float(now_s))
        await asyncio.sleep(0)  # each form is written to in a turn of its own
        if comments(stream.text) > before:
            beats.append(now_s)
    assert beats[0] == 100
    assert max(later - sooner for sooner, later in pairwise(beats)) <= 10
    assert beats[-1] > 150
    assert len(viewer.frames) == frames


async def test_a_subscriber_is_no_viewer_and_gets_nothing_of_one(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    token = on_still_harness.token("pia", "producer")
    stream = subscribed(on_still_harness, room, token=token)
    edge = on_still_harness.node.room(room.live)
    assert (len(edge), edge.viewers) == (1, 0)
    assert on_still_harness.node.visited().count(room.room) == 1
    before = stream.text
    user = on_still_harness.user(room.live, "pia")
    notices = [(user, Notice("muted", "you are muted"))]
    await room.commit("hi", private=PrivateChanges(notices=notices))
    assert stream.text == before
    stream.session.lost()
    assert len(edge) == 0


async def test_a_ban_and_a_revocation_end_it(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    token = on_still_harness.token("ada")
    stream = subscribed(on_still_harness, room, token=token)
    user = on_still_harness.user(room.live, "ada")
    await room.commit("hi", private=PrivateChanges(sanctions={user: Sanction("ban")}))
    assert stream.is_closed


async def test_a_room_that_lets_no_guests_in_any_more_ends_those_without_a_token(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    room = ByHand(on_stage, live, (await on_stage.store.timeline.load(live.room)).head)
    anonymous = subscribed(on_stage, room)
    guest = subscribed(on_stage, room, token=on_stage.token("bo", guest=True))
    viewer = subscribed(on_stage, room, token=on_stage.token("ada"))
    await on_stage.submit(live, SettingsPut(uuid4().hex, {"guests": "watch"}, merge=True))
    await on_stage.submit(live, SettingsPut(uuid4().hex, {"title": "still"}, merge=True))
    assert [each.is_closed for each in (anonymous, guest, viewer)] == [False] * 3
    await on_stage.submit(live, SettingsPut(uuid4().hex, {"guests": "none"}, merge=True))
    await until(lambda: anonymous.is_closed and guest.is_closed)
    assert not viewer.is_closed
    assert [event.name for event in viewer.events[-1:]] == ["settings"]
    assert msgspec.json.encode(viewer.events[-1].data["guests"]) == b'"none"'
