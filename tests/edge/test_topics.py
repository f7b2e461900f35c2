"""Who follows a topic gets its cards, and nobody else pays for it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from grandstand.domain.entities import EntityUpdate, Measured, row_of, updated
from grandstand.domain.state import PrivateChanges
from grandstand.edge import cohort
from grandstand.edge import topics as module
from grandstand.edge.cohort import Outlet
from grandstand.edge.topics import Topics
from grandstand.replica.publication import Form, Publication
from grandstand.telemetry import Metrics
from grandstand.wire.messages import MAX_SERVER_MESSAGE_BYTES, Overlay
from grandstand.wire.translations import TranslatedOverlay
from prometheus_client import CollectorRegistry

from tests.edge.harness import FakeOutlet, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


def entity(name: str, at: int, **values: float) -> dict[str, bytes]:
    """The row of an entity, as a commit has it."""
    measured = {label: Measured(at, value) for label, value in values.items()}
    update = EntityUpdate(name, name.title(), at, measured)
    return {name: row_of(updated(None, update)[0])}


def cards(outlet: FakeOutlet) -> list[tuple[str, float]]:
    """The cards for followers that came, in order: entity and speed."""
    frames = [frame for frame in outlet.of("frame") if "overlays" in frame]
    assert all("offset" not in frame and "head" not in frame for frame in frames)
    shown = [overlay for frame in frames for overlay in frame["overlays"]]
    assert all(overlay["topic"] == overlay["data"]["entity"] for overlay in shown)
    return [(each["topic"], each["data"]["values"]["speed"]["value"]) for each in shown]


async def test_a_card_goes_to_those_who_follow_its_entity_and_comes_again_with_each_welcome(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    now = room.live.now()
    early = on_still_harness.seat(room.room, follow=["a:1", "a:2", "nobody"])
    other = on_still_harness.seat(room.room)
    rows = entity("a:1", now, speed=1) | entity("a:2", now, speed=2) | entity("a:3", now, speed=3)
    await room.commit("x", private=PrivateChanges(entities=rows))
    await until(lambda: cards(early) == [("a:1", 1), ("a:2", 2)])
    assert cards(other) == []
    late = on_still_harness.seat(room.room, follow=["a:2"])
    assert cards(late) == [("a:2", 2)]
    assert [each["type"] for each in late.messages] == ["welcome", "frame"]
    assert late.session is not None
    follow = {"type": "follow", "id": "f", "topics": ["a:3"]}
    late.session.received(msgspec.msgpack.encode(follow), is_text=False)
    assert [each["type"] for each in late.messages[2:]] == ["ack", "frame"]
    await room.commit("y", private=PrivateChanges(entities=entity("a:2", now + 1, speed=4)))
    await until(lambda: cards(early)[2:] == [("a:2", 4)])
    assert cards(late) == [("a:2", 2), ("a:3", 3)]
    late.session.welcome_again()
    assert cards(late)[2:] == [("a:3", 3)]


async def test_a_card_that_passed_a_viewer_by_comes_once_it_has_read(
    on_still_harness: Harness,
) -> None:
    room = await on_still_harness.by_hand()
    now = room.live.now()
    slow = on_still_harness.seat(room.room, follow=["a:1", "a:2"])
    slow.pause()
    await room.commit("x", private=PrivateChanges(entities=entity("a:1", now, speed=1)))
    await room.commit("y", private=PrivateChanges(entities=entity("a:1", now + 1, speed=2)))
    assert cards(slow) == []
    slow.resume()
    assert cards(slow) == [("a:1", 2)]
    slow.pause()
    await room.commit("z")
    slow.resume()
    assert cards(slow) == [("a:1", 2), ("a:1", 2)]


async def test_cards_go_with_the_frames_of_their_tick_where_those_wait_for_their_turn(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.edge.audience.COHORT", 2)
    room = await on_still_harness.by_hand()
    now = room.live.now()
    viewers = [on_still_harness.seat(room.room, follow=["a:1"]) for _ in range(4)]
    other = on_still_harness.seat(room.room)
    seated = [*viewers, other]
    before = [len(each.frames) for each in seated]
    rows = entity("a:1", now, speed=1)
    await room.commit("x", private=PrivateChanges(entities=rows))
    await until(lambda: all(each.of("frame") for each in seated))
    writes = [len(each.frames) - had for each, had in zip(seated, before, strict=True)]
    assert writes == [2, 2, 1, 1, 1]  # the first cohort was written to before
    assert [cards(each) for each in seated] == [[("a:1", 1)]] * 4 + [[]]


async def test_a_card_that_waited_beside_frames_for_a_viewer_who_stops_reading_comes_again(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.edge.audience.COHORT", 1)
    room = await on_still_harness.by_hand()
    now = room.live.now()
    _, second, slow = (on_still_harness.seat(room.room, follow=["a:1"]) for _ in range(3))
    write = second.write

    def written(frame: bytes) -> None:
        write(frame)
        slow.pause()  # its own frame and card wait for their turn

    monkeypatch.setattr(second, "write", written)
    await room.commit("x", private=PrivateChanges(entities=entity("a:1", now, speed=1)))
    await until(lambda: slow.paused)
    assert (cards(second), cards(slow)) == ([("a:1", 1)], [])
    slow.resume()
    assert (slow.offsets, cards(slow)) == ([1], [("a:1", 1)])


class Cards:
    """The present cards of topics, and how often each was asked for."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.asked: list[str] = []
        self.words = ""
        self.languages: dict[Outlet, str] = {}

    def __call__(self, topic: str) -> list[Overlay]:
        self.asked.append(topic)
        if topic not in self.values:
            return []
        values = {"speed": {"value": self.values[topic], "words": self.words}}
        return [Overlay(topic, "stats", 1, {"entity": topic, "values": values}, topic)]

    def translated(self, topic: str, lang: str) -> list[TranslatedOverlay]:
        return [TranslatedOverlay(topic, 1, {"text": f"{topic} ({lang})"}, "template")]


@pytest.fixture
def present() -> Cards:
    return Cards()


@pytest.fixture
def topics(present: Cards) -> Topics:
    return Topics(
        Metrics(CollectorRegistry()),
        present,
        lambda name: len(name) == 1,
        lambda: 7,
        lambda outlet, data: False,
        present.translated,
        lambda outlet: present.languages.get(outlet),
    )


async def test_topics_that_change_together_go_in_one_write(topics: Topics, present: Cards) -> None:
    both, one = FakeOutlet(), FakeOutlet()
    topics.follow(both, ["a", "b"])
    topics.follow(one, ["b"])
    present.values = {"a": 1, "b": 2, "c": 3}
    topics.changed(["a", "b", "c"])
    assert (cards(both), cards(one)) == ([("a", 1), ("b", 2)], [("b", 2)])
    assert (len(both.frames), len(one.frames)) == (1, 1)
    assert len(both.of("frame")) == 2  # each topic's stays a message of its own
    assert present.asked == ["a", "b"]


async def test_who_gets_a_language_gets_what_cards_say_in_it_behind_them(
    topics: Topics, present: Cards
) -> None:
    plain, spanish = FakeOutlet(), FakeOutlet()
    present.languages[spanish], present.values = "es", {"a": 1, "b": 2}
    for outlet in (plain, spanish):
        topics.follow(outlet, ["a", "b"])
    topics.changed(["a", "b"])
    said = [each["translations"]["overlays"] for each in spanish.messages[1::2]]
    assert [each["data"]["text"] for (each,) in said] == ["a (es)", "b (es)"]
    assert cards(plain) == [("a", 1), ("b", 2)]
    assert [each for each in spanish.messages if "translations" not in each] == plain.messages
    assert (len(plain.frames), len(spanish.frames)) == (1, 1)
    topics.tell(spanish)
    *_, told, words = spanish.messages
    assert [each["id"] for each in told["overlays"]] == ["a", "b"]
    assert (words["translations"]["lang"], len(words["translations"]["overlays"])) == ("es", 2)


async def test_what_nobody_follows_costs_nothing(topics: Topics, present: Cards) -> None:
    outlet = FakeOutlet()
    topics.follow(outlet, ["a"])
    topics.follow(outlet, ["b", "b"])
    present.values = {"a": 1, "b": 2}
    topics.changed(["a"])
    assert present.asked == []
    topics.leave(outlet)
    topics.changed(["b"])
    assert (present.asked, outlet.frames, len(topics)) == ([], [], 0)


async def test_a_topic_with_many_followers_leaves_the_loop_its_turns(
    topics: Topics, present: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GATHERED_AT_ONCE", 3)
    monkeypatch.setattr(module, "WRITTEN_AT_ONCE", 2)
    outlets = [FakeOutlet() for _ in range(7)]
    for outlet in outlets:
        topics.follow(outlet, ["a", "b"])
    present.values = {"a": 1, "b": 2}
    topics.changed(["a", "b"])
    assert not any(outlet.frames for outlet in outlets)
    topics.leave(outlets[6])
    present.values["a"] = 3
    topics.changed(["a"])
    turns = 0
    while not cards(outlets[5])[2:]:
        await asyncio.sleep(0)
        turns += 1
        assert turns < 100
    assert turns > 5
    for outlet in outlets[:6]:
        assert cards(outlet)[1:] == [("b", 2), ("a", 3)]
        assert len(outlet.frames) == 2
    assert outlets[6].frames == []


async def test_a_card_that_fails_keeps_nothing_from_the_others(
    topics: Topics, present: Cards
) -> None:
    class Broken(FakeOutlet):
        def write(self, frame: bytes) -> None:
            raise RuntimeError("its transport is broken")

    broken, other = Broken(), FakeOutlet()
    for outlet in (broken, other):
        topics.follow(outlet, ["a", "b"])
    present.values = {"a": object(), "b": 2}  # type: ignore[dict-item]
    topics.changed(["a", "b"])
    assert cards(other) == [("b", 2)]


async def test_present_cards_that_are_too_large_for_one_message_come_in_several(
    topics: Topics, present: Cards
) -> None:
    outlet, present.words = FakeOutlet(), "x" * 4000
    present.values = {f"t{number}": number for number in range(100)}
    topics.follow(outlet, present.values)
    topics.tell(outlet)
    assert cards(outlet) == list(present.values.items())
    assert len(outlet.frames) == 1
    sizes = [len(msgspec.json.encode(message)) for message in outlet.messages]
    assert max(sizes) < MAX_SERVER_MESSAGE_BYTES


async def test_counts_of_followers_are_told_as_they_change(topics: Topics) -> None:
    one, other = FakeOutlet(), FakeOutlet()
    topics.follow(one, ["a", "b"])
    topics.follow(other, ["a"])
    told = topics.recounted(10)
    assert {name: topics.count(name) for name in told} == {"a": 2, "b": 1}
    assert topics.recounted(10) == []
    topics.leave(one)
    assert [len(topics.recounted(1)) for _ in range(3)] == [1, 1, 0]
    assert [topics.count(name) for name in ("a", "b")] == [1, 0]
    topics.recount_all()
    assert topics.recounted(10) == ["a"]


async def test_names_that_the_room_does_not_know_are_not_counted(topics: Topics) -> None:
    outlet = FakeOutlet()
    for number in range(10):
        topics.follow(outlet, ["a", f"made up {number}"])
    assert topics.recounted(99) == ["a"]
    topics.recount_all()
    topics.leave(outlet)
    assert topics.recounted(99) == ["a"]
    topics.follow(outlet, ["new here"])
    assert not topics.has_recounted
    topics.changed(["new here"])
    assert topics.recounted(99) == ["new here"]


async def test_many_topics_with_few_followers_leave_the_loop_its_turns(
    topics: Topics, present: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CARDS_AT_ONCE", 3)
    outlet = FakeOutlet()
    present.values = {f"t{number}": number for number in range(10)}
    topics.follow(outlet, present.values)
    topics.changed(present.values)
    assert len(present.asked) == 3
    await until(lambda: len(cards(outlet)) == 10)


async def test_cards_that_are_written_are_counted_not_viewers(
    topics: Topics, present: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITTEN_AT_ONCE", 4)
    outlets = [FakeOutlet() for _ in range(3)]
    present.values = {"a": 1, "b": 2}
    for outlet in outlets:
        topics.follow(outlet, ["a", "b"])
    topics.changed(["a", "b"])
    assert [len(outlet.frames) for outlet in outlets] == [1, 1, 0]
    await until(lambda: len(outlets[2].frames) == 1)


async def test_a_form_that_cannot_be_made_stops_nobody_elses_cards(
    topics: Topics, present: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = Publication.ready

    def some(publication: Publication, form: Form) -> bytes:
        if b"bad" in publication.payload:
            raise RuntimeError("this card can't be written so")
        return ready(publication, form)

    monkeypatch.setattr(Publication, "ready", some)
    outlet = FakeOutlet()
    topics.follow(outlet, ["bad", "b"])
    present.values = {"bad": 1, "b": 2}
    topics.changed(["bad", "b"])
    topics.tell(outlet)
    assert cards(outlet) == [("b", 2), ("b", 2)]


async def test_a_fan_out_that_fails_starts_again_with_what_has_changed_meanwhile(
    topics: Topics, present: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet, give = FakeOutlet(), cohort.give

    def failing(outlet: FakeOutlet, data: bytes) -> bool:
        monkeypatch.setattr(module, "give", give)
        topics.changed(["b"])
        raise RuntimeError("our fault")

    monkeypatch.setattr(module, "give", failing)
    topics.follow(outlet, ["a", "b"])
    present.values = {"a": 1, "b": 2}
    topics.changed(["a"])
    await until(lambda: cards(outlet) == [("b", 2)])
    topics.changed(["a"])
    assert cards(outlet)[1:] == [("a", 1)]


async def test_the_present_cards_come_without_the_one_that_fails(
    topics: Topics, present: Cards
) -> None:
    outlet = FakeOutlet()
    topics.follow(outlet, ["a", "b"])
    present.values = {"a": object(), "b": 2}  # type: ignore[dict-item]
    topics.tell(outlet)
    assert cards(outlet) == [("b", 2)]


async def test_no_card_comes_of_a_topic_that_was_dropped_meanwhile(
    topics: Topics, present: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CARDS_AT_ONCE", 2)
    outlet, other = FakeOutlet(), FakeOutlet()
    present.values = {"a": 1, "b": 2}
    for each in (outlet, other):
        topics.follow(each, ["a", "b"])
    topics.changed(["a", "b"])
    topics.follow(outlet, ["b"])
    await until(lambda: cards(other) == [("a", 1), ("b", 2)])
    assert cards(outlet) == [("b", 2)]
