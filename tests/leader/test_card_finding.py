"""Cards are made of what a feed says: once, whoever leads the room, and only where wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.assistant import wording
from grandstand.assistant.assistant import Assistant
from grandstand.assistant.terms import Terms
from grandstand.assistant.wording import CardWording
from grandstand.domain.entities import EntityUpdate, Measured, Plain
from grandstand.domain.events import SchemaPut, SettingsPut, StatsGiven
from grandstand.domain.schemas import KindSchema, ValueSchema
from grandstand.leader import card_finding, commits, supervisor
from grandstand.leader.card_finding import CardFinding
from grandstand.leader.supervisor import RoomSupervisor
from grandstand.overlays.card_rules import finder as finders
from grandstand.store.ingest import CommentRate, Item
from grandstand.wire.codec import decode_frame
from grandstand.wire.messages import Overlay

from tests.edge.harness import FakeOutlet, Harness
from tests.sequencer.harness import Sequenced
from tests.translation.services import Service, service
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

THROW = ValueSchema(
    "Throw", unit="m", names={"de": "Wurf"}, better="higher", decimals=2, improves=True
)
SPEED = ValueSchema("Speed", unit="km/h", better="higher", close=0.1, stale=60)
ATHLETE = KindSchema([THROW, SPEED], records="record", marks={"PB": "best"})
FIELD = {"ada": 20.0, "bo": 21.0, "cy": 19.0}


class Show(Sequenced):
    """A room with a clock that the test moves, and the sequencer's ticks by hand."""

    def __init__(self, sequenced: Sequenced) -> None:
        super().__init__(sequenced.hand)
        self.now_ms = 1_000_000_000_000.0
        self.job = CardFinding(self.metrics)

    @property
    def now(self) -> int:
        return int(self.now_ms)

    async def lead(self) -> None:
        """Lead the room anew, from the next tick on."""
        await self.stop()
        self.work = RoomSupervisor(self.live.room, self.node.store, self.metrics, [self.job])
        await self.work._sequencer._load()
        await until(lambda: all(each.at for each in self.work._cursors.values()))

    async def stop(self) -> None:
        if hasattr(self, "work"):
            await self.work.end()

    async def tick(self, s: float = 1) -> None:
        """Let time pass, then commit what came; the job has done with it afterwards."""
        self.now_ms += s * 1000
        await self.cue_now()
        await self.work._sequencer._tick()
        await until(lambda: not self.work.is_behind)

    async def cue_now(self) -> None:
        await self.append(SettingsPut(uuid4().hex, {"title": str(self.now)}, merge=True))

    async def settle(self) -> None:
        """Let what was said be told, and what was found be shown."""
        for _ in range(5):
            await self.tick()

    async def say(self, who: str, value: Plain, ago_s: float = 0, **more: Any) -> None:
        """An update of one entity's throw, in the final unless another label is given."""
        await self.give({who: value}, ago_s, **more)

    async def give(self, values: Mapping[str, Plain], ago_s: float = 0, **more: Any) -> None:
        label, at = more.pop("label", "Throw, final"), self.now - round(ago_s * 1000)
        updates = [
            EntityUpdate(
                who if ":" in who else f"athlete:{who}",
                more.pop("name", who.title()),
                at,
                {label: Measured(at, value, **more)},
            )
            for who, value in values.items()
        ]
        await self.append(StatsGiven(uuid4().hex, [], updates))

    async def put(self, schema: KindSchema | None = ATHLETE, **settings: Any) -> None:
        await self.append(SchemaPut(uuid4().hex, "athlete", schema))
        await self.append(SettingsPut(uuid4().hex, settings, merge=True))
        await self.tick()

    def told(self) -> list[Overlay]:
        """The cards that everyone was told, in order, each version."""
        frames = (decode_frame(each) for commit in self.listener.commits for each in commit.frames)
        return [overlay for frame in frames for overlay in frame.overlays or ()]

    def texts(self) -> list[str]:
        return [each.data["text"] for each in self.told()]

    def follower(self, *topics: str) -> FakeOutlet:
        return self.node.seat(self.live.room, follow=[f"athlete:{each}" for each in topics])


def sentences(outlet: FakeOutlet) -> list[str]:
    """What a viewer was told by cards of rules, each text once, in order."""
    frames = [
        frame for frame in outlet.of("frame") if "overlays" in frame and "offset" not in frame
    ]
    found = [
        each["data"]["text"]
        for frame in frames
        for each in frame["overlays"]
        if each["kind"] == "sentence"
    ]
    return list(dict.fromkeys(found))


LANGUAGES = ("de", "ja", "zh-Hant", "")


def translated(outlet: FakeOutlet) -> list[dict[str, Any]]:
    """What cards say in a viewer's language, as unnumbered frames told it."""
    frames = [frame for frame in outlet.of("frame") if "offset" not in frame]
    told = [frame["translations"] for frame in frames if "translations" in frame]
    return [each for part in told for each in part["overlays"]]


@pytest_asyncio.fixture(loop_scope="module")
async def show(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Show]:
    monkeypatch.setattr(supervisor, "PAUSE_S", 0.01)
    monkeypatch.setattr(card_finding, "MOVE_MS", 0)
    monkeypatch.setattr(card_finding, "READ_S", 0.0)
    monkeypatch.setattr(card_finding, "SHARE", 10**9)
    monkeypatch.setattr(commits, "REST_S", 10**6)
    made = Show(Sequenced(await node.by_hand()))
    append, real_ms = node.store.ingest.append, node.store.now_ms

    async def append_now(room: str, items: list[Item], rate: CommentRate, _: float) -> object:
        return await append(room, items, rate, real_ms())  # the store's own clock doesn't move

    with monkeypatch.context() as patch:
        patch.setattr(node.store.ingest, "append", append_now)
        patch.setattr(node.store, "now_ms", lambda: made.now_ms)
        await made.lead()
        yield made
        await made.stop()


async def test_a_lead_is_told_to_all_and_a_gap_to_those_who_follow(show: Show) -> None:
    await show.put()
    fan, other = show.follower("cy"), show.follower("bo")
    await show.give(FIELD)
    await show.settle()
    assert show.texts() == ["Bo leads Throw, final with 21.00 m, 1.00 m ahead of Ada"]
    (card,) = show.told()
    assert (card.kind, card.topic, card.data["by"]) == ("sentence", "athlete:bo", "template")
    assert card.data["rule"] == "lead"
    assert sentences(fan) == ["Cy is 2.00 m behind Bo in Throw, final: 19.00 m, place 3"]
    assert sentences(other) == []


async def test_a_follower_reads_it_in_their_own_language_if_it_has_templates(show: Show) -> None:
    await show.put(lang="en", languages=["de", "ja", "zh-Hant"])
    fans = [show.node.seat(show.live.room, follow=["athlete:cy"], lang=lang) for lang in LANGUAGES]
    await show.give(FIELD)
    await show.settle()
    english = "Cy is 2.00 m behind Bo in Throw, final: 19.00 m, place 3"
    assert [sentences(fan) for fan in fans] == [[english]] * len(fans)
    german, *others = [translated(fan) for fan in fans]
    assert others == [[]] * len(others)
    assert {(each["data"]["text"], each["by"]) for each in german} == {
        ("Cy in Wurf, final: 19,00 m, Platz 3, Rückstand auf Bo 2,00 m", "template")
    }
    shown = [each for frame in fans[0].of("frame") for each in frame.get("overlays", ())]
    assert {(each["id"], each["at"]) for each in german} <= {
        (each["id"], each["at"]) for each in shown
    }
    late = show.node.seat(show.live.room, follow=["athlete:cy"], lang="de-AT")
    assert translated(late) == german[-1:]


async def test_who_takes_over_knows_the_standings_and_tells_nothing_twice(show: Show) -> None:
    await show.put()
    fan = show.follower("ada")
    await show.give(FIELD)
    await show.settle()
    assert len(show.told()) == 1
    await show.say("ada", 20.5)  # committed, and not yet settled
    await show.tick()
    await show.lead()
    await show.settle()
    assert len(show.told()) == 1
    await show.say("ada", 21.5)
    await show.settle()
    await show.lead()
    await show.tick(10)
    assert show.texts()[1:] == ["Ada leads Throw, final with 21.50 m, 0.50 m ahead of Bo"]
    assert sentences(fan) == [
        "Ada is 1.00 m behind Bo in Throw, final: 20.00 m, place 2",
        "Ada is 0.50 m behind Bo in Throw, final: 20.50 m, place 2",
    ]


async def test_what_comes_late_after_a_takeover_is_in_the_standings_without_a_word(
    show: Show,
) -> None:
    await show.put()
    await show.give(FIELD)
    await show.tick(100)
    await show.lead()
    await show.tick()
    told = len(show.told())
    await show.say("dan", 30.0, ago_s=50)
    await show.settle()
    assert len(show.told()) == told
    await show.say("ada", 31.0)
    await show.settle()
    assert show.texts()[told:] == ["Ada leads Throw, final with 31.00 m, 1.00 m ahead of Dan"]


async def test_what_is_corrected_is_taken_back_and_told_anew(show: Show) -> None:
    await show.put()
    await show.give(FIELD)
    await show.tick(12)
    await show.say("cy", 22.0)
    await show.settle()
    false = show.told()[-1]
    assert false.data["text"] == "Cy leads Throw, final with 22.00 m, 1.00 m ahead of Bo"
    await show.say("cy", None)
    await show.settle()
    last = show.told()[-1]
    assert (last.id, last.at, last.expires_at) == (false.id, false.at, false.at)


async def test_late_values_count_at_their_moment(show: Show) -> None:
    await show.put()
    await show.say("ada", 20.0)
    await show.say("cy", 19.0)
    await show.tick(15)
    await show.say("bo", 21.0, ago_s=14)
    await show.settle()
    assert [each.data["text"] for each in show.told()] == [
        "Bo leads Throw, final with 21.00 m, 1.00 m ahead of Ada"
    ]


async def test_an_entity_is_called_as_it_is_called_now(show: Show) -> None:
    await show.put()
    await show.give(FIELD)
    await show.tick(12)
    await show.say("cy", 22.0, name="Cy Ltd")
    await show.settle()
    assert show.texts()[-1].startswith("Cy Ltd leads")


async def test_a_card_says_how_old_the_data_of_a_stopped_feed_is(show: Show) -> None:
    await show.put()
    for who, value in {"ada": 30.0, "bo": 31.0, "cy": 29.0}.items():
        await show.say(who, value, label="Speed")
    await show.tick(180)
    await show.say("ada", 32.0, label="Speed")
    await show.settle()
    assert show.texts()[-1].endswith("(data 3 minutes old)")


@pytest.mark.parametrize(
    ("values", "label", "unit"),
    [
        ({"ada": float("nan"), "bo": 20.0, "cy": 19.0}, "Throw", "m"),
        ({"ada": "far", "bo": "20", "cy": 19.0}, "Throw", "m"),
        ({"ada": 2000.0, "bo": 20.0, "cy": 19.0}, "Throw", "cm"),
        (FIELD, "Weight", "kg"),
    ],
)
async def test_values_that_are_none_make_no_card(
    show: Show, values: dict[str, Plain], label: str, unit: str
) -> None:
    await show.put()
    for who, value in values.items():
        await show.say(
            who, value, label=label, unit=unit if who == "ada" or label != "Throw" else ""
        )
    await show.settle()
    assert show.told() == []


async def test_a_favourite_is_told_a_minute_before_its_start(show: Show) -> None:
    await show.put(lang="de")
    starts = show.now + 100_000
    await show.say("bo", None, best=20.0, starts=starts)
    await show.say("ada", None, best=20.5, starts=starts)
    await show.lead()
    await show.tick(36)
    assert show.told() == []
    await show.settle()
    await show.settle()
    card = show.told()[0]
    assert card.data["text"] == "Wurf, final beginnt in der nächsten Minute: Ada, bisher 20,50 m"
    assert card.data["lang"] == "de"
    assert starts - 60_000 <= card.at < starts - 50_000


async def test_a_room_that_wants_no_cards_has_none(show: Show) -> None:
    fan = show.follower("cy")
    await show.put(cards="none")
    await show.give(FIELD)
    await show.settle()
    assert show.told() == [] == sentences(fan)
    await show.put(cards="followers")
    await show.say("cy", 22.0)
    await show.settle()
    assert show.told() == []
    assert sentences(fan)[-1] == "Cy leads Throw, final with 22.00 m, 1.00 m ahead of Bo"
    await show.put(KindSchema([ValueSchema("Throw")]), cards="everyone")
    await show.say("bo", 23.0)
    await show.settle()
    assert show.told() == []


async def test_of_a_flood_the_rest_goes_on_and_it_is_counted(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finders, "MAX_LOG", 3)
    await show.put()
    await show.give({"ada": 20.0, "bo": 21.0, "cy": 19.0, "dee": 18.0, "eve": 17.0})
    await show.settle()
    assert show.texts() == ["Bo leads Throw, final with 21.00 m, 1.00 m ahead of Ada"]
    assert show.metrics.card_updates_refused._value.get() == 2


async def test_a_removed_entity_keeps_its_marks_in_the_standings(show: Show) -> None:
    await show.put()
    await show.give(FIELD)
    await show.settle()
    gone = EntityUpdate("athlete:bo", "Bo", show.now, {})
    await show.append(StatsGiven(uuid4().hex, [], [gone]))
    await show.settle()
    await show.say("ada", 20.5)
    await show.settle()
    assert len(show.told()) == 1


@pytest_asyncio.fixture(loop_scope="module")
async def model(show: Show) -> AsyncIterator[Service]:
    """A model that may word the cards."""
    async with service() as there:
        assistant = Assistant(Terms(f"{there.url}/v1", "tiny"), show.node.store.suggestions)
        show.job._wording = CardWording(assistant)
        await show.lead()
        yield there
        await show.stop()
        await assistant._endpoint.close()  # type: ignore[union-attr]


async def worded(show: Show, **settings: Any) -> Overlay:
    """The card of a throw that leads."""
    await show.put(lang="en", assistant={"sentences": True}, **settings)
    await show.give(FIELD)
    await show.settle()
    return show.told()[-1]


async def test_a_model_words_a_card_and_is_named(show: Show, model: Service) -> None:
    model.thinks = lambda data: {"text": data["text"].replace("Bo", "Look, Bo")}
    card = await worded(show)
    assert card.data["by"] == "tiny"
    assert card.data["text"].startswith("Look, Bo leads")
    assert "21.00" in card.data["text"]
    await show.lead()  # who takes over finds it again, and it keeps its words
    asked = len(model.asked)
    await show.settle()
    assert len(model.asked) == asked
    assert {each.data["text"] for each in show.told()} == {card.data["text"]}


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: text.replace("21.00", "23.00"),
        lambda text: text.replace("21.00", ""),
        lambda text: text.replace("Bo", "He"),
        lambda text: f"{text} It is the 3rd lead!",
        lambda text: f"{text} " * 3,
        lambda text: f"{text} See www.bet.example",
    ],
)
async def test_a_wrong_word_is_not_told(
    show: Show, model: Service, mangle: Callable[[str], str]
) -> None:
    model.thinks = lambda data: {"text": mangle(data["text"])}
    card = await worded(show)
    assert model.asked
    assert card.data["by"] == "template"
    assert "21.00" in card.data["text"]


async def test_a_model_that_is_late_or_not_wanted_changes_nothing(
    show: Show, model: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wording, "WORD_S", 0.05)
    model.answering.clear()
    card = await worded(show)
    assert card.data["by"] == "template"
    model.answering.set()
    asked = len(model.asked)
    await show.append(SettingsPut(uuid4().hex, {"assistant": {"sentences": False}}, merge=True))
    for _ in range(10):  # until the screen is free
        await show.tick()
    await show.say("ada", 23.5)
    await show.settle()
    assert len(show.told()) == 2
    assert show.told()[-1].data["by"] == "template"
    assert len(model.asked) == asked
