"""Who asked for a language gets frames with translations, and nobody else pays for it."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from grandstand.domain.envelope import Commit
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import RECENT_COMMENTS, PrivateChanges
from grandstand.edge.message_limits import LANGUAGES
from grandstand.replica.replica import RING_FRAMES
from grandstand.wire.codec import encode
from grandstand.wire.messages import MAX_SERVER_MESSAGE_BYTES, Comment, Frame, Overlay
from grandstand.wire.settings import Settings
from grandstand.wire.translations import (
    TranslatedComment,
    TranslatedOption,
    TranslatedOverlay,
    TranslatedPoll,
    Translations,
)

from tests.edge.harness import ByHand, FakeOutlet, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Room:
    """A room whose commits a test makes, translated into Spanish and Chinese."""

    def __init__(self, hand: ByHand) -> None:
        self.hand = hand
        self.node = hand.harness
        self.live = hand.live

    @classmethod
    async def new(cls, node: Harness, **settings: Any) -> Room:
        room = cls(await node.by_hand())
        await room.set(**settings)
        return room

    async def set(self, **settings: Any) -> None:
        languages = settings.pop("languages", ["es", "zh"])
        await self.commit(settings=Settings(languages=languages, tick=50, **settings))

    def made(self, *found: Translations, **fields: Any) -> Commit:
        """A commit with a frame of these fields, if there are some, and what was translated."""
        now, replica = self.live.now(), self.live.replica
        private = fields.pop("private", None) or PrivateChanges(translations=list(found))
        frames = [encode(Frame(now, replica.offset + 1, **fields), "msgpack")] if fields else []
        offset = replica.offset + len(frames)
        return Commit(replica.epoch, replica.seq + 1, offset, now, frames, private)

    async def commit(self, *found: Translations, **fields: Any) -> None:
        seq = self.live.replica.seq
        await self.hand.store(self.made(*found, **fields))
        await until(lambda: self.live.replica.seq > seq)

    async def say(self, *names: str, translated: Translations | None = None) -> None:
        comments = [Comment(each, 1, "u", "N", f"hi {each}", 5.0) for each in names]
        found = [] if translated is None else [translated]
        await self.commit(*found, comments=comments)

    def seat(self, lang: str = "", **more: Any) -> FakeOutlet:
        return self.node.seat(self.live.room, lang=lang, **more)


def spanish(*names: str, lang: str = "es", size: int = 1) -> Translations:
    return Translations(
        lang, [TranslatedComment(each, f"hola {each}" * size, "x") for each in names]
    )


def told(outlet: FakeOutlet, of: str = "frame") -> list[str]:
    """The ids of the comments whose translations came, in order."""
    found = [each.get("translations", {}) for each in outlet.of(of)]
    return [each["id"] for some in found for each in some.get("comments", [])]


@pytest.fixture
def node(on_still_harness: Harness) -> Harness:
    return on_still_harness


async def test_a_translation_rides_on_the_next_numbered_frame_and_others_get_the_same_bytes(
    node: Harness,
) -> None:
    room, plain = await Room.new(node), await Room.new(node)
    fan, other, alone = room.seat("es-MX"), room.seat(), plain.seat()
    for each in (room, plain):
        await each.say("a")
        await each.say("b", translated=spanish("a") if each is room else None)
    numbered = [each for each in fan.of("frame") if "offset" in each]
    assert [each.get("translations") for each in numbered] == [
        None,
        {"lang": "es", "comments": [{"id": "a", "text": "hola a", "by": "x"}]},
    ]
    assert fan.offsets == other.offsets
    assert [{**each, "now": 0} for each in other.messages[1:]] == [
        {**each, "now": 0} for each in alone.messages[1:]
    ]
    assert fan.frames[1] == other.frames[1]  # what has none is the very same
    assert told(other) == []


async def test_one_that_no_frame_follows_comes_by_itself_after_a_tick(node: Harness) -> None:
    room = await Room.new(node)
    fan, chinese = room.seat("es"), room.seat("zh-Hans-CN")
    await room.say("a")
    await room.commit(spanish("a"))
    await until(lambda: told(fan) == ["a"])
    assert "offset" not in fan.of("frame")[-1]
    assert told(chinese) == []
    await room.say("b")
    assert fan.offsets == chinese.offsets


async def test_translations_that_have_no_place_come_by_themselves_and_in_pieces(
    node: Harness,
) -> None:
    room = await Room.new(node)
    fan = room.seat("es")
    names = [f"c{number}" for number in range(300)]
    await room.say(*names)
    await room.say("last", translated=spanish(*names, size=100))
    await until(lambda: told(fan) == names)
    assert fan.offsets[-1] == room.live.replica.offset
    assert max(map(len, fan.frames)) <= MAX_SERVER_MESSAGE_BYTES
    assert all("offset" not in each for each in fan.of("frame") if "translations" in each)


async def test_a_welcome_has_those_of_its_content_and_of_the_frames_after_it(node: Harness) -> None:
    room = await Room.new(node)
    poll = PollRecord(
        id="p",
        kind="single",
        question="Who?",
        options=["A", "B"],
        opens_at=0,
        closes_at=room.live.now(),
        grace=0,
        announced=True,
    )
    found = TranslatedPoll("p", "¿Quién?", [TranslatedOption("A"), TranslatedOption("B")], "x")
    await room.commit(private=PrivateChanges(polls=[poll]))
    await room.commit(Translations("es", polls=[found]))
    before = room.live.replica.offset
    await room.say("a")
    await room.say("b", translated=spanish("a"))
    for outlet in (
        room.seat("es"),
        room.seat("es", resume={"epoch": room.live.replica.epoch, "offset": before}),
    ):
        (welcome,) = outlet.of("welcome")
        assert told(outlet, "welcome") == ["a"]
        assert [each["question"] for each in welcome["translations"]["polls"]] == ["¿Quién?"]
    assert "translations" not in room.seat().of("welcome")[0]
    assert "translations" not in room.seat("fr").of("welcome")[0]
    assert "translations" not in room.seat("zh").of("welcome")[0]


async def test_a_welcome_without_place_is_followed_by_them(node: Harness) -> None:
    room = await Room.new(node)
    before = room.live.replica.offset
    names = [f"c{number}" for number in range(300)]
    await room.say(*names)
    await room.commit(spanish(*names, size=100))
    resume = {"epoch": room.live.replica.epoch, "offset": before}
    outlet = room.seat("es", resume=resume)
    assert told(outlet) == names
    assert "translations" not in outlet.messages[1]  # first the frame that they are of
    assert outlet.offsets == [room.live.replica.offset]
    assert max(map(len, outlet.frames)) <= MAX_SERVER_MESSAGE_BYTES


async def test_who_did_not_read_gets_what_was_translated_meanwhile(node: Harness) -> None:
    room = await Room.new(node)
    fan = room.seat("es")
    await room.say("a")
    fan.pause()
    await room.say("b", translated=spanish("a"))
    await room.commit(spanish("b"))
    assert told(fan) == []
    fan.resume()
    assert (told(fan), fan.offsets[-1]) == (["a", "b"], room.live.replica.offset)
    await room.say("c")
    assert fan.offsets[-1] == room.live.replica.offset


async def test_patience_holds_in_every_language(node: Harness) -> None:
    room = await Room.new(node, patience=2000)
    fan, eager = room.seat("es", patience=2000), room.seat("es")
    await room.say("a")
    await room.say("b", translated=spanish("a"))
    assert (len(eager.offsets), fan.offsets, told(fan)) == (2, [], [])
    await room.set(patience=0)
    assert fan.offsets == eager.offsets
    assert told(fan) == ["a"]


async def test_a_language_is_changed_by_a_message_that_a_welcome_follows(node: Harness) -> None:
    room = await Room.new(node)
    async with node.viewer(room.live.room, node.token()) as client:
        await room.say("a")
        await room.commit(spanish("a"))
        assert (await client.ask("lang", lang="es"))["type"] == "ack"
        await client.first("welcome", lambda each: "translations" in each)
        await room.say("b", translated=spanish("a"))
        await client.first("frame", lambda each: "translations" in each)
        assert (await client.ask("lang", lang=""))["type"] == "ack"
        await until(lambda: len(client.of("welcome")) == 3)
        assert "translations" not in client.of("welcome")[-1]
        assert node.node.room(room.live).languages.wanted == []
        refused = [await client.ask("lang", lang="es") for _ in range(LANGUAGES.burst)][-1]
        assert (refused["code"], refused["retry_after"] > 0) == ("rate_limited", True)
        too_long = await client.ask("lang", lang="e" * 36)
        assert too_long["code"] == "bad_message"


async def test_who_changes_the_language_while_behind_is_welcomed_later(node: Harness) -> None:
    room = await Room.new(node)
    fan = room.seat("es")
    fan.pause()
    assert fan.session is not None
    message = {"type": "lang", "id": "1", "lang": "zh"}
    fan.session.received(msgspec.msgpack.encode(message), False)
    await room.say("a")
    await room.commit(spanish("a", lang="zh"))
    assert len(fan.of("welcome")) == 1
    fan.resume()
    assert told(fan, "welcome") == ["a"]


async def test_when_the_room_changes_its_languages_their_viewers_are_welcomed_anew(
    node: Harness,
) -> None:
    room = await Room.new(node, languages=["zh"])
    fan, other = room.seat("es"), room.seat()
    await room.set(languages=["es"])
    await until(lambda: len(fan.of("welcome")) == 2)
    await room.say("a")
    await room.say("b", translated=spanish("a"))
    assert told(fan) == ["a"]
    await room.set(languages=[])
    await until(lambda: len(fan.of("welcome")) == 3)
    await room.say("c", translated=spanish("b"))
    assert (told(fan), fan.offsets[-1]) == (["a"], room.live.replica.offset)
    assert len(other.of("welcome")) == 1
    assert node.node.room(room.live).languages.wanted == []


async def test_a_comment_that_was_taken_back_has_no_translation_any_more(node: Harness) -> None:
    room = await Room.new(node)
    fan = room.seat("es")
    before = room.live.replica.offset
    await room.say("a", "b")
    await room.commit(spanish("a"))
    await until(lambda: told(fan) == ["a"])
    await room.commit(retract=["a", "b"])
    await room.say("c", translated=spanish("b"))
    assert told(fan) == ["a"]
    resume = {"epoch": room.live.replica.epoch, "offset": before}
    for outlet in (room.seat("es"), room.seat("es", resume=resume)):
        assert (told(outlet, "welcome"), told(outlet)) == ([], [])


async def test_a_comment_taken_back_while_its_translation_waits_has_none(node: Harness) -> None:
    room = await Room.new(node)
    fan = room.seat("es")
    await room.say("a", "b")
    await room.commit(spanish("a", "b"))  # they wait a tick for a numbered frame
    await room.commit(retract=["a"])
    assert (told(fan), fan.of("frame")[-1]["retract"]) == (["b"], ["a"])
    await room.commit(spanish("b"))
    await room.commit(private=PrivateChanges(erased=True))
    await room.say("c")
    assert told(fan) == ["b"]


async def test_what_is_taken_back_while_the_room_has_no_languages_stays_away(node: Harness) -> None:
    room = await Room.new(node)
    before = room.live.replica.offset
    await room.say("a", "b")
    await room.commit(spanish("a", "b"))
    await room.set(languages=[])
    await room.commit(retract=["a"])
    await room.set()
    resume = {"epoch": room.live.replica.epoch, "offset": before}
    assert told(room.seat("es", resume=resume), "welcome") == ["b"]


async def test_a_comment_is_welcomed_with_its_translation_as_long_as_it_is_welcomed(
    node: Harness,
) -> None:
    room = await Room.new(node)
    await room.say("a", "b", translated=spanish("a", "b"))
    for _ in range(RING_FRAMES + 1):  # a feed of cards in a quiet chat
        room.live.replica.apply(room.made(drop=["o"]))
    assert told(room.seat("es"), "welcome") == ["a", "b"]
    room.live.replica.apply(room.made(retract=["a"]))
    assert told(room.seat("es"), "welcome") == ["b"]
    names = [f"c{number}" for number in range(RECENT_COMMENTS)]
    comments = [Comment(each, 1, "u", "N", each, 5.0) for each in names]
    room.live.replica.apply(room.made(comments=comments))
    assert told(room.seat("es"), "welcome") == []
    assert room.live.replica.translations.comments("es") == Translations("es")


async def test_after_an_erasure_nothing_of_before_is_told(node: Harness) -> None:
    room = await Room.new(node)
    await room.say("a")
    await room.commit(spanish("a"))
    await room.commit(private=PrivateChanges(erased=True))
    assert room.live.replica.translations.after("es", 0) == Translations("es")


async def test_an_overlay_that_says_something_else_by_now_has_no_translation(node: Harness) -> None:
    room = await Room.new(node)
    card = Overlay("o", "sentence", 5, {"text": "Bo leads"})
    await room.commit(overlays=[card])
    found = TranslatedOverlay("o", 5, {"text": "Bo va primera"}, "x")
    await room.commit(Translations("es", overlays=[found]))
    welcome = room.seat("es").of("welcome")[0]
    assert welcome["translations"]["overlays"][0]["data"] == {"text": "Bo va primera"}
    await room.commit(overlays=[Overlay("o", "sentence", 5, {"text": "Bo is second"})])
    assert "translations" not in room.seat("es").of("welcome")[0]


async def test_an_overlay_that_says_something_else_takes_no_translation_along(
    node: Harness,
) -> None:
    room = await Room.new(node)
    fan, before = room.seat("es"), room.live.replica.offset
    lead, last = ({"text": text} for text in ("Bo leads", "Bo is last"))
    found = Translations("es", overlays=[TranslatedOverlay("o", 5, {"text": "Bo va primera"}, "x")])
    await room.commit(overlays=[Overlay("o", "sentence", 5, lead)])
    await room.commit(found)  # it waits a tick
    await room.commit(overlays=[Overlay("o", "sentence", 5, last)])
    await room.commit(overlays=[Overlay("o", "sentence", 5, lead)])
    # Found of the text before, and committed with the next one.
    private = PrivateChanges(translations=[found])
    await room.commit(overlays=[Overlay("o", "sentence", 5, last)], private=private)
    resume = {"epoch": room.live.replica.epoch, "offset": before}
    for outlet in (fan, room.seat("es"), room.seat("es", resume=resume)):
        said = [*outlet.of("welcome"), *outlet.of("frame")]
        assert [each["translations"] for each in said if "translations" in each] == []


async def test_what_waits_does_not_outlast_the_room_s_reload(node: Harness) -> None:
    room = await Room.new(node)
    fan = room.seat("es")
    await room.say("a")
    await room.commit(spanish("a"))
    room.live.replica.seq -= 1
    await room.live._reload()
    await until(lambda: len(fan.of("welcome")) == 2)
    assert told(fan, "welcome") == ["a"]
    await room.say("b")
    assert told(fan) == []


async def test_a_node_that_loads_the_room_knows_what_was_translated_lately(node: Harness) -> None:
    room = await Room.new(node)
    await room.say("a")
    await room.commit(spanish("a"))
    fan = room.seat()
    room.live.replica.seq -= 1  # so that what the store has is new
    await room.live._reload()
    await until(lambda: len(fan.of("welcome")) == 2)
    assert told(room.seat("es"), "welcome") == ["a"]


class Eyes:
    """What a viewer of Spanish is told, held against what it was told before."""

    def __init__(self) -> None:
        self.shown = dict[str, str]()
        self.gone = set[str]()
        self.cards = dict[tuple[str, int], str]()
        self.translated = set[str]()

    def see(self, message: dict[str, Any]) -> None:
        comments = [*message.get("comments", []), *message.get("recent", [])]
        self.shown |= {each["id"]: each["text"] for each in comments}
        self.gone |= set(message.get("retract", []))
        cards = message.get("overlays", [])
        self.cards |= {(each["id"], each["at"]): each["data"]["text"] for each in cards}
        told = message.get("translations", {})
        for each in told.get("comments", []):
            assert each["id"] not in self.gone
            assert each["text"] == f"es {self.shown[each['id']]}"
            self.translated.add(each["id"])
        for each in told.get("overlays", []):
            assert each["data"]["text"] == f"es {self.cards[each['id'], each['at']]}"


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_no_translation_is_of_something_else_or_of_what_is_gone(
    node: Harness, seed: int
) -> None:
    draw, room = random.Random(seed), await Room.new(node)
    fan, plain = room.seat("es"), room.seat()
    said, cards = dict[str, str](), dict[str, Overlay]()
    steps = [
        "say",
        "say",
        "translate",
        "translate",
        "take back",
        "tell",
        "pause",
        "erase",
        "reload",
    ]
    is_paused = False
    for number in range(120):
        match draw.choice(steps):
            case "say":
                names = [f"c{number}-{each}" for each in range(draw.randint(1, 3))]
                said |= {each: f"hi {each}" for each in names}
                some = [each for each in names if draw.random() < 0.2]
                await room.say(*names)
                if some:
                    await room.commit(retract=some)
            case "translate":
                known = draw.sample(sorted(said), min(len(said), 4))
                comments = [TranslatedComment(each, f"es {said[each]}", "x") for each in known]
                told = [
                    TranslatedOverlay(each.id, each.at, {"text": f"es {each.data['text']}"}, "x")
                    for each in cards.values()
                ]
                await room.commit(Translations("es", comments, overlays=told))
            case "take back" if said:
                await room.commit(retract=draw.sample(sorted(said), 1))
            case "tell":
                card = Overlay(draw.choice("op"), "sentence", 5, {"text": f"card {number}"})
                cards[card.id] = card
                await room.commit(overlays=[card])
            case "pause":
                is_paused = not is_paused
                fan.pause() if is_paused else fan.resume()
            case "erase":
                await room.commit(private=PrivateChanges(erased=True))
            case "reload":
                room.live.replica.seq -= 1
                await room.live._reload()
    if is_paused:
        fan.resume()
    await room.say("last")
    await until(lambda: not room.live.filling and fan.offsets[-1] == room.live.replica.offset)
    eyes = Eyes()
    for message in fan.messages:
        eyes.see(message)
    assert eyes.translated
    assert fan.offsets[-1] == plain.offsets[-1]
