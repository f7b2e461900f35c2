"""What is shown is translated for those who listen: once, whoever leads, and never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain.audience_report import AudienceReport
from grandstand.domain.entities import EntityUpdate, Measured
from grandstand.domain.events import (
    CommentEvent,
    CueGiven,
    HighlightFound,
    PollOpened,
    PollStepped,
    Retracted,
    SettingsPut,
    StatsGiven,
)
from grandstand.domain.polls.record import PollWords
from grandstand.leader import event_names, supervisor, translating
from grandstand.leader.supervisor import RoomSupervisor
from grandstand.leader.translating import Translating
from grandstand.store.errors import StoreUnavailable
from grandstand.store.ingest import Ingest
from grandstand.translation.glossary import Glossary
from grandstand.translation.interpreter import Sentence
from grandstand.translation.interpreter import Translated as Answer
from grandstand.wire.messages import Cue, Overlay
from grandstand.wire.translations import Translations, joined

from tests.edge.harness import Harness
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Scripted:
    """Answers when a test lets it, and what it says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[Sentence]]] = []
        self.names: Glossary | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.say: Callable[[str, str], str | None] = lambda lang, text: f"{text} ({lang})"

    async def translate(
        self,
        room: str,
        lang: str,
        sentences: Sequence[Sentence],
        deadline_s: float,
        *,
        names: Glossary | None,
    ) -> list[Answer | None]:
        self.asked.append((lang, list(sentences)))
        self.names = names
        await self.may_answer.wait()
        said = [self.say(lang, each.text) for each in sentences]
        return [None if text is None else Answer(text, "scripted") for text in said]

    def texts(self, lang: str = "es") -> list[str]:
        return [each.text for of, asked in self.asked if of == lang for each in asked]


class Show(Sequenced):
    """A room whose ticks are made by hand, with the job of the process that leads it."""

    def __init__(self, sequenced: Sequenced) -> None:
        super().__init__(sequenced.hand)
        self.interpreter = Scripted()

    async def lead(self) -> None:
        await self.stop()
        job = Translating(self.interpreter)
        self.work = RoomSupervisor(self.live.room, self.node.store, self.metrics, [job])
        await self.work._sequencer._load()

    async def stop(self) -> None:
        if hasattr(self, "work"):
            await self.work.end()

    async def listen(self, *languages: str) -> None:
        report = {self.live.room: AudienceReport(languages=list(languages))}
        await self.node.store.audience_reports.write("n", report, self.node.store.now_ms())

    async def tick(self, *found: CommentEvent | Any) -> list[str]:
        """Commit what is said; return the comments' ids."""
        ids = await self.append(*found)
        await self.work._sequencer._tick()
        return [each for each in ids if each]

    async def until(self, holds: Callable[[], object]) -> None:
        """Tick until it holds: translations come with a later tick."""
        while not holds():
            await self.work._sequencer._tick()
            await asyncio.sleep(0)

    def told(self, lang: str = "es") -> Translations:
        return joined(lang, self.parts(lang))

    def parts(self, lang: str = "es") -> list[Translations]:
        found = [each for commit in self.listener.commits for each in commit.private.translations]
        return [each for each in found if each.lang == lang]

    def texts(self, lang: str = "es") -> dict[str, str]:
        return {each.id: each.text for each in self.told(lang).comments}


@pytest_asyncio.fixture(loop_scope="module")
async def show(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Show]:
    monkeypatch.setattr(supervisor, "PAUSE_S", 0.01)
    monkeypatch.setattr(translating, "HEARD_S", 0.0)
    monkeypatch.setattr(translating, "MOVE_S", 0.0)
    made = Show(Sequenced(await node.by_hand()))
    await made.listen("es")
    await made.lead()
    await made.tick(SettingsPut(uuid4().hex, {"languages": ["es", "zh"], "lang": "en"}, True))
    yield made
    made.interpreter.may_answer.set()
    await until(lambda: not made.work.is_behind)  # else it may lose its cancellation in the store
    await made.stop()


async def test_a_comment_is_translated_once_into_what_is_heard(show: Show) -> None:
    ids = await show.tick(*show.said("good game", "who won"))
    await show.until(lambda: len(show.texts()) == 2)
    assert show.texts() == dict(zip(ids, ["good game (es)", "who won (es)"], strict=True))
    assert show.told("zh") == Translations("zh")
    assert {each.by for each in show.told().comments} == {"scripted"}
    await show.tick(*show.said("again"))
    await show.until(lambda: len(show.texts()) == 3)
    assert sorted(show.interpreter.texts()) == ["again", "good game", "who won"]
    assert [lang for lang, _ in show.interpreter.asked] == ["es", "es"]  # one for each tick
    await show.listen("es", "zh")
    await show.until(lambda: len(show.texts("zh")) == 3)  # what is on show when zh is asked for


async def test_polls_cards_cues_and_the_title_are_translated_once_they_are_shown(
    show: Show,
) -> None:
    later = show.live.now() + 3_600_000
    hidden = show.poll(question="Later?", opens_at=later, closes_at=later + 1000)
    open_now = show.poll(question="Who?", options=["Bo", "me"], announced=True)
    card = Overlay("o", "sentence", show.live.now(), {"text": "Bo leads"})
    await show.tick(
        PollOpened(uuid4().hex, hidden),
        PollOpened(uuid4().hex, open_now),
        HighlightFound(uuid4().hex, card),
        CueGiven("c", Cue("c", "goal", show.live.now(), {"text": "Goal!"})),
        CueGiven("d", Cue("d", "lights", show.live.now(), {"level": 3})),
        SettingsPut(uuid4().hex, {"title": "The final"}, merge=True),
    )
    await show.until(lambda: show.told().polls and show.told().overlays and show.told().cues)
    (poll,) = show.told().polls
    assert (poll.id, poll.question) == (open_now.id, "Who? (es)")
    assert [each.text for each in poll.options] == ["Bo (es)", "me (es)"]
    (overlay,), (cue,) = show.told().overlays, show.told().cues
    assert (overlay.at, overlay.data, cue.data) == (
        card.at,
        {"text": "Bo leads (es)"},
        {"text": "Goal! (es)"},
    )
    assert show.told().title is not None
    assert "Later?" not in show.interpreter.texts()
    state = show.live.replica.state.translations["es"]
    assert (state.polls, state.comments) == ([poll], [])


async def test_what_a_person_wrote_of_a_poll_is_told_once_it_is_announced_and_asked_of_nobody(
    show: Show,
) -> None:
    words = {
        "es": PollWords("¿Secreto?", ["Uno", "Dos"]),
        "zh": PollWords("秘密？", ["一", "二"]),
    }
    later = show.live.now() + 3_600_000
    hidden = show.poll(opens_at=later, closes_at=later + 1000, translations=words)
    said = show.poll(question="Who?", options=["Bo", "me"], announced=True, translations=words)
    show.interpreter.may_answer.clear()  # a person's words wait for no translator
    await show.tick(
        PollOpened(uuid4().hex, hidden), PollOpened(uuid4().hex, said), *show.said("hello")
    )
    await show.until(lambda: show.told().polls)
    poll = show.told().polls[0]
    assert (poll.id, poll.by) == (said.id, "person")
    assert (poll.question, [each.text for each in poll.options]) == ("¿Secreto?", ["Uno", "Dos"])
    assert show.interpreter.texts() == ["hello"]
    frames = b"".join(frame for commit in show.listener.commits for frame in commit.frames)
    assert b"Secreto" not in frames  # nobody gets it as it is
    assert show.told("zh").polls == []  # nobody gets Chinese
    await show.listen("es", "zh")
    await show.until(lambda: show.told("zh").polls)  # also of what is on show already
    assert {(each.id, each.by) for each in show.told("zh").polls} == {(said.id, "person")}
    assert set(show.interpreter.texts("zh")) <= {"hello"}
    assert [each.id for each in show.live.replica.state.translations["es"].polls] == [said.id]
    show.interpreter.may_answer.set()
    await show.tick(PollStepped(uuid4().hex, said.id, "close", show.live.now(), 0))
    await show.until(lambda: len([1 for part in show.parts() if part.polls]) == 2)
    assert {each.by for part in show.parts() for each in part.polls} == {"person"}


async def test_what_a_producer_has_seen_of_a_poll_is_told_as_who_made_it(show: Show) -> None:
    seen = {"es": PollWords("¿Secreto?", ["One", "Dos"], "engine")}
    left = {"es": PollWords("Secret?", ["One", "Two"])}  # a person wants it as it is
    texts = {"question": "Secret?", "options": ["One", "Two"], "announced": True}
    shown = [show.poll(**texts, translations=each) for each in (left, seen)]
    await show.tick(*(PollOpened(uuid4().hex, poll) for poll in shown), *show.said("hello"))
    await show.until(lambda: show.told().comments)
    (poll,) = show.told().polls
    assert (poll.id, poll.by, poll.question) == (shown[1].id, "engine", "¿Secreto?")
    assert [each.text for each in poll.options] == ["One", "Dos"]
    assert show.interpreter.texts() == ["hello"]


async def test_names_of_the_rooms_entities_go_along_with_each_question(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_names, "MADE_S", 0.0)

    def named(entity: str, name: str) -> StatsGiven:
        values = {"Goals": Measured(show.live.now(), 1)}
        return StatsGiven(uuid4().hex, [], [EntityUpdate(entity, name, show.live.now(), values)])

    await show.tick(*show.said("hello"))
    await show.until(lambda: show.texts())
    assert show.interpreter.names is None
    await show.tick(named("athlete:1", "Declan Rice"))
    await show.tick(*show.said("Rice scored, I had rice"))
    await show.until(lambda: len(show.texts()) == 2)
    assert show.interpreter.names is not None
    assert show.interpreter.names.names_in("Rice scored, I had rice") == ("Rice",)
    await show.lead()  # who takes over reads them
    await show.tick(*show.said("again"))
    await show.until(lambda: len(show.texts()) == 3)
    assert set(show.interpreter.names.names) == {"Declan Rice", "Rice"}


async def test_nobody_listens_and_nothing_is_asked(show: Show) -> None:
    await show.listen()
    await show.lead()
    await show.tick(*show.said("hi"))
    await until(lambda: not show.work.is_behind)
    assert show.interpreter.asked == []


async def test_a_slow_answer_keeps_no_other_waiting(show: Show) -> None:
    show.interpreter.may_answer.clear()
    (slow,) = await show.tick(*show.said("slow"))
    await show.until(lambda: show.interpreter.texts() == ["slow"])
    held, show.interpreter.may_answer = show.interpreter.may_answer, asyncio.Event()
    show.interpreter.may_answer.set()
    (quick,) = await show.tick(*show.said("quick"))
    await show.until(lambda: quick in show.texts())
    assert slow not in show.texts()
    held.set()
    await show.until(lambda: slow in show.texts())


async def test_a_comment_taken_back_meanwhile_is_not_translated(show: Show) -> None:
    show.interpreter.may_answer.clear()
    (gone, stays) = await show.tick(*show.said("bad", "good"))
    await show.until(lambda: len(show.interpreter.texts()) == 2)
    await show.tick(Retracted(uuid4().hex, gone, "u"))
    await until(lambda: show.work._cursors["translations"].at is not None)
    await show.tick(*show.said("more"))
    await show.until(lambda: "more" in show.interpreter.texts())
    show.interpreter.may_answer.set()
    await show.until(lambda: stays in show.texts())
    assert gone not in show.texts()


async def test_who_takes_over_asks_for_what_is_missing_and_tells_nothing_twice(show: Show) -> None:
    (first,) = await show.tick(*show.said("one"))
    await show.until(lambda: first in show.texts())
    show.interpreter.may_answer.clear()
    (second,) = await show.tick(*show.said("two"))
    await show.until(lambda: "two" in show.interpreter.texts())
    await show.lead()  # while the question is on its way
    show.interpreter.may_answer.set()
    await show.tick(*show.said("three"))
    await show.until(lambda: len(show.texts()) == 3)
    assert show.texts()[second] == "two (es)"
    ids = [each.id for part in show.parts() for each in part.comments]
    assert (ids[0], sorted(ids)) == (first, sorted(set(ids)))


async def test_who_takes_over_asks_for_what_was_on_show_as_its_language_became_wanted(
    show: Show,
) -> None:
    (first,) = await show.tick(*show.said("one"))
    await show.until(lambda: first in show.texts() and not show.work.is_behind)
    show.interpreter.may_answer.clear()
    await show.listen("es", "zh")
    await show.until(lambda: "one" in show.interpreter.texts("zh"))
    await show.lead()  # while the question is on its way
    show.interpreter.may_answer.set()
    (second,) = await show.tick(*show.said("two"))
    await show.until(lambda: len(show.texts("zh")) == 2 and second in show.texts())
    for lang in ("es", "zh"):
        ids = [each.id for part in show.parts(lang) for each in part.comments]
        assert sorted(ids) == sorted([first, second])


async def test_what_fails_is_lost_and_the_next_is_translated(show: Show) -> None:
    def fails(lang: str, text: str) -> str | None:
        raise RuntimeError("an engine's fault")

    good, show.interpreter.say = show.interpreter.say, fails
    await show.tick(*show.said("lost"))
    await show.until(lambda: show.interpreter.asked)
    show.interpreter.say = lambda lang, text: None if text == "shown as it is" else good(lang, text)
    ids = await show.tick(*show.said("shown as it is", "fine"))
    await show.until(lambda: show.texts())
    assert show.texts() == {ids[1]: "fine (es)"}


async def test_what_changed_while_nobody_listened_is_translated_when_somebody_does(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    await show.tick(SettingsPut(uuid4().hex, {"title": "A"}, merge=True))
    (early,) = await show.tick(*show.said("early"))
    await show.until(lambda: show.told().title and early in show.texts())
    monkeypatch.setattr(translating, "KEPT_S", 0.0)
    await show.listen("zh")
    await show.until(lambda: show.told("zh").title and show.texts("zh"))
    await show.tick(SettingsPut(uuid4().hex, {"title": "B"}, merge=True))
    (late,) = await show.tick(*show.said("late"))
    await show.until(lambda: "late" in show.interpreter.texts("zh"))
    assert "late" not in show.interpreter.texts()
    await show.listen("es", "zh")
    await show.until(lambda: late in show.texts())
    title = show.told().title
    assert title is not None
    assert title.source == "B"
    for lang in ("es", "zh"):  # each once, though the room showed them when it was asked for
        ids = [each.id for part in show.parts(lang) for each in part.comments]
        assert ids == [early, late]


async def test_a_language_that_is_set_again_is_translated_again(show: Show) -> None:
    poll = show.poll(question="Who?", options=["Bo", "me"], announced=True)
    await show.tick(PollOpened(uuid4().hex, poll))
    for _ in range(2):
        await show.until(lambda: "es" in show.live.replica.state.translations)
        await show.tick(SettingsPut(uuid4().hex, {"languages": []}, merge=True))
        await until(lambda: show.live.replica.state.translations == {})
        await show.until(lambda: not show.work.is_behind)
        await show.tick(SettingsPut(uuid4().hex, {"languages": ["es"]}, merge=True))
    await show.until(lambda: "es" in show.live.replica.state.translations)


async def test_of_much_that_is_on_show_nothing_is_left(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translating, "SENTENCES", 5)
    polls = [show.poll(options=["Bo", "me"], announced=True) for _ in range(4)]
    await show.tick(
        *(PollOpened(uuid4().hex, each) for each in polls),
        SettingsPut(uuid4().hex, {"title": "The final"}, merge=True),
    )
    await show.listen("es", "zh")

    def is_whole(lang: str) -> bool:
        return len(show.told(lang).polls) == 4 and show.told(lang).title is not None

    for lang in ("es", "zh"):
        await show.until(partial(is_whole, lang))
    assert max(len(asked) for _, asked in show.interpreter.asked) <= 5
    assert len(show.interpreter.texts("zh")) == 13
    show.interpreter.asked.clear()
    monkeypatch.setattr(translating, "CHARACTERS", 20)
    ids = await show.tick(
        *show.said("a long sentence, this", "short", "too", "a longer sentence again")
    )
    await show.until(lambda: ids[-1] in show.texts())
    asked = [len(of) for lang, of in show.interpreter.asked if lang == "es"]
    assert (sum(asked), asked) == (4, [1, 2, 1])


async def test_an_answer_waits_for_a_store_that_is_away(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, append = 0, Ingest.append

    async def away_at_first(*given: Any) -> Any:
        nonlocal tries
        if given[2][0].kind == "x" and (tries := tries + 1) < 3:
            raise StoreUnavailable("a failover")
        return await append(*given)

    show.interpreter.may_answer.clear()
    (one,) = await show.tick(*show.said("one"))
    await show.until(lambda: show.interpreter.asked)
    monkeypatch.setattr(Ingest, "append", away_at_first)
    show.interpreter.may_answer.set()
    await show.until(lambda: one in show.texts())
    assert tries == 3
