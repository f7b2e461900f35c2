"""The interpreter: who answers, in which order, once, in time, and what is left as it is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest
from grandstand.assistant.budget import Limits
from grandstand.assistant.service import ServiceError
from grandstand.tasks import cancel_all
from grandstand.translation import guarded as module_of_engine
from grandstand.translation import interpreter as module
from grandstand.translation.engines.engine import Item
from grandstand.translation.engines.openai import OpenAI
from grandstand.translation.glossary import Glossary
from grandstand.translation.interpreter import Interpreter, Sentence, Translated
from grandstand.translation.metrics import TranslationMetrics
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tests.effects.receiver import Got, answer
from tests.translation.services import Service, reply, service
from tests.waiting import until

ENOUGH_S = 30.0


class Known:
    """An engine that knows sentences by heart, or waits, or fails."""

    where = "here"

    def __init__(self, name: str = "known", into: Sequence[str] = ("de", "fr", "es")) -> None:
        self.name = name
        self.into = into
        self.asked: list[list[str]] = []
        self.answers: dict[str, str | None] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Exception | None = None
        self.closed = False

    def takes(self, source: str, lang: str) -> bool:
        return lang in self.into

    async def translate(self, items: Sequence[Item], lang: str) -> list[str | None]:
        self.asked.append([item.text for item in items])
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return [self.answers.get(item.text, item.text[::-1]) for item in items]

    async def check(self) -> str:
        return self.where

    async def close(self) -> None:
        self.closed = True


def said(*texts: str, source: str = "en") -> list[Sentence]:
    return [Sentence(text, source) for text in texts]


ONE, TWO = "the keeper sleeps tonight", "somebody moved my seat"


async def test_the_phrase_book_answers_before_any_engine() -> None:
    engine = Known()
    found = await Interpreter([engine]).translate("r", "de", said("Goal!!!", "加油"), ENOUGH_S)
    assert found[0] == Translated("Tor!!!", "phrasebook")
    assert engine.asked == [["加油"]]  # it isn't English, as it says


async def test_without_an_engine_the_phrase_book_is_all_there_is() -> None:
    interpreter = Interpreter()
    found = await interpreter.translate("r", "fr", said("thank you", ONE), ENOUGH_S)
    assert found == [Translated("merci", "phrasebook"), None]


async def test_what_needs_no_translation_is_asked_of_nobody() -> None:
    engine = Known()
    sentences = [
        Sentence("was für ein langer Abend", "de"),
        Sentence("was für ein langer Abend", "de-AT"),
        *said("hahahaha", "😀🎉", "12:0", "KEKW", ":heart:", "@viewer42", "http://x.example", ""),
        Sentence("Rosa Blitz!!", "und"),
        Sentence("x " * 300, ""),
    ]
    found = await Interpreter([engine]).translate(
        "r", "de", sentences, ENOUGH_S, names=Glossary(["Rosa Blitz"])
    )
    assert (found, engine.asked) == ([None] * len(sentences), [])


async def test_a_batch_is_one_request_and_a_sentence_is_asked_once() -> None:
    engine = Known()
    interpreter = Interpreter([engine])
    found = await interpreter.translate("r", "de", said(ONE, TWO, ONE), ENOUGH_S)
    assert found == [Translated(text[::-1], "known") for text in (ONE, TWO, ONE)]
    assert await interpreter.translate("r", "de", said(TWO), ENOUGH_S) == found[1:2]
    assert engine.asked == [[ONE, TWO]]
    await interpreter.translate("other", "de", said(ONE), ENOUGH_S)
    await interpreter.translate("r", "fr", said(ONE), ENOUGH_S)
    assert len(engine.asked) == 3  # another room's names and moderation are others


async def test_what_differs_in_capitals_is_asked_once_and_answered_in_its_own() -> None:
    engine = Known()
    engine.answers[ONE] = "der Torwart schläft"
    interpreter = Interpreter([engine])
    shouted, begun = ONE.upper(), ONE.capitalize()
    found = await interpreter.translate("r", "de", said(shouted, begun, ONE), ENOUGH_S)
    answers = [each.text for each in found if each is not None]
    assert answers == ["DER TORWART SCHLÄFT", "Der Torwart schläft", "der Torwart schläft"]
    assert engine.asked == [[ONE]]


async def test_an_emote_inside_a_sentence_is_covered_and_must_come_back() -> None:
    engine = Known()
    one, two = "somebody KEKW moved my seat!!", "the keeper KEKW sleeps tonight"
    engine.answers["somebody [1] moved my seat"] = "jemand hat [1] meinen Platz"
    engine.answers["the keeper [1] sleeps tonight"] = "der Torwart schläft heute"
    found = await Interpreter([engine]).translate("r", "de", said(one, two), ENOUGH_S)
    assert found == [Translated("jemand hat KEKW meinen Platz!!", "known"), None]


async def test_what_the_book_knows_beside_a_sentence_is_not_asked_for() -> None:
    engine = Known()
    sentences = said(f"KEKW good luck, {ONE} lol", "thank you! good luck", "good luck Rosa Blitz")
    names = Glossary(["Rosa Blitz"])
    found = await Interpreter([engine]).translate("r", "de", sentences, ENOUGH_S, names=names)
    assert found == [
        Translated(f"KEKW viel Glück, {ONE[::-1]} lol", "known"),
        Translated("danke! viel Glück", "phrasebook"),
        Translated("viel Glück Rosa Blitz", "phrasebook"),
    ]
    assert engine.asked == [[ONE]]
    found = await Interpreter([engine]).translate("r", "de", said(f"{ONE}, good luck!"), ENOUGH_S)
    assert found == [Translated(f"{ONE[::-1]}, viel Glück!", "known")]


async def test_what_is_asked_already_is_not_asked_again() -> None:
    engine = Known()
    engine.gate.clear()
    interpreter = Interpreter([engine])
    first = asyncio.create_task(interpreter.translate("r", "de", said(ONE), ENOUGH_S))
    await until(lambda: engine.asked)
    second = asyncio.create_task(interpreter.translate("r", "de", said(TWO, ONE), ENOUGH_S))
    await until(lambda: len(engine.asked) == 2)
    engine.gate.set()
    assert await first == [Translated(ONE[::-1], "known")]
    assert (await second)[1] == Translated(ONE[::-1], "known")
    assert engine.asked == [[ONE], [TWO]]


async def test_engines_are_asked_in_their_order_by_pair() -> None:
    first, second = Known("first", ["es"]), Known("second")
    interpreter = Interpreter([first, second])
    (to_es,) = await interpreter.translate("r", "es", said(ONE), ENOUGH_S)
    (to_fr,) = await interpreter.translate("r", "fr", said(ONE), ENOUGH_S)
    assert (to_es, to_fr) == (Translated(ONE[::-1], "first"), Translated(ONE[::-1], "second"))
    assert await interpreter.translate("r", "ja", said(ONE), ENOUGH_S) == [None]


async def test_where_an_engine_fails_the_next_one_is_asked() -> None:
    first, second = Known("first"), Known("second")
    first.fault = ServiceError("is away")
    interpreter = Interpreter([first, second])
    assert (await interpreter.translate("r", "de", said(ONE), ENOUGH_S))[0] == Translated(
        ONE[::-1], "second"
    )


async def test_a_fault_of_our_own_in_an_engine_stops_nobody() -> None:
    engine = Known()
    engine.fault = KeyError("a fault")
    with capture_logs() as logged:
        assert await Interpreter([engine]).translate("r", "de", said(ONE), ENOUGH_S) == [None]
    assert [entry["event"] for entry in logged] == ["translator_broke"]


async def test_an_engine_that_fails_is_left_alone_until_its_pause_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    engine = Known()
    engine.fault = ServiceError("is away")
    interpreter = Interpreter([engine])
    for text in (f"{ONE} {number}" for number in "abcdef"):
        assert await interpreter.translate("r", "de", said(text), ENOUGH_S) == [None]
    assert len(engine.asked) == 3
    engine.fault = None
    now_s += 1.1
    assert await interpreter.translate("r", "de", said(TWO), ENOUGH_S) != [None]
    assert await interpreter.translate("r", "de", said(f"{ONE} a"), ENOUGH_S) != [None]


async def test_what_is_not_there_in_time_is_left_and_the_rest_is_there() -> None:
    engine = Known()
    engine.gate.clear()
    interpreter = Interpreter([engine])
    found = await interpreter.translate("r", "de", said("thanks", ONE), 0.01)
    assert found == [Translated("danke", "phrasebook"), None]
    engine.gate.set()
    assert await interpreter.translate("r", "de", said(ONE), ENOUGH_S) != [None]


async def test_who_stops_waiting_is_no_failure_of_the_engine_and_who_waits_in_vain_is() -> None:
    registry, engine = CollectorRegistry(), Known()
    engine.gate.clear()
    interpreter = Interpreter([engine], metrics=TranslationMetrics(registry))
    for number in "abc":  # a room's end ends all of its questions
        count = len(engine.asked)
        asking = interpreter.translate("r", "de", said(ONE + number), ENOUGH_S)
        task = asyncio.create_task(asking)
        await until(partial(lambda count: len(engine.asked) > count, count))
        await cancel_all([task])
    for number in "abc":
        assert await interpreter.translate("r", "de", said(TWO + number), 0.01) == [None]
    is_up = registry.get_sample_value("grandstand_translation_engine_up", {"engine": "known"})
    assert (len(engine.asked), is_up) == (6, 0)
    assert await interpreter.translate("r", "de", said(TWO), ENOUGH_S) == [None]
    assert len(engine.asked) == 6  # it is left alone


async def test_much_is_looked_at_without_holding_others_up() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    interpreter, beside = Interpreter(), asyncio.create_task(others())
    texts = said(*(f"{ONE} {number}" for number in range(module.SENTENCES_MAX)))
    calls = (interpreter.translate("r", lang, texts, ENOUGH_S) for lang in ("de", "fr", "es"))
    await asyncio.gather(*calls)
    await cancel_all([beside])
    assert turns >= 3 * module.SENTENCES_MAX // module.LOOKED_AT_ONCE


async def test_a_budget_bounds_what_is_sent_by_room_and_language() -> None:
    engine = Known()
    limits, registry = Limits(minute=len(ONE) + len(TWO) - 1), CollectorRegistry()
    interpreter = Interpreter([engine], limits=limits, metrics=TranslationMetrics(registry))
    found = await interpreter.translate("r", "de", said(ONE, TWO), ENOUGH_S)
    assert found[0] is not None
    assert found[1] is None
    whys = {"why": "budget"}, {"why": "no engine"}
    originals = "grandstand_translation_originals_total"
    assert [registry.get_sample_value(originals, why) for why in whys] == [1, None]
    assert await interpreter.translate("r", "de", said(TWO), ENOUGH_S) == [None]
    assert engine.asked == [[ONE]]
    assert await interpreter.translate("r", "fr", said(TWO), ENOUGH_S) != [None]


@pytest.mark.parametrize(
    "answers",
    [
        {ONE: None},
        {ONE: ""},
        {ONE: "x" * 200},
        {ONE: "der Torwart schläft: http://bad.example"},
        {ONE: "der Torwart schläft seit 3 Minuten"},
        {ONE: "вратарь сегодня спит"},
        {ONE: "der Torwart\nschläft heute"},
        {ONE: "der \u202eTorwart schläft heute"},
        {ONE: "keeper"},
        {ONE: "the keeper sleeps"},
        {ONE: ONE},
        {ONE: f"{ONE.title()}!"},
        {ONE: "dasselbe für alle", TWO: "dasselbe für alle!"},
    ],
)
async def test_an_answer_that_is_none_leaves_the_original(answers: dict[str, str | None]) -> None:
    engine = Known()
    engine.answers = answers
    interpreter = Interpreter([engine])
    found = await interpreter.translate("r", "de", said(ONE, TWO), ENOUGH_S)
    assert found == [
        None, None if TWO in answers else Translated(TWO[::-1], "known")
    ]  # fmt: skip
    await interpreter.translate("r", "de", said(ONE), ENOUGH_S)
    assert len(engine.asked) == 1  # and isn't asked again and again


async def test_moderation_has_the_last_word() -> None:
    async def judge(room: str, lang: str, texts: Sequence[str]) -> Sequence[bool]:
        assert (room, lang) == ("r", "de")
        return [text != ONE[::-1] for text in texts]

    found = await Interpreter([Known()], judge=judge).translate("r", "de", said(ONE, TWO), ENOUGH_S)
    assert found == [None, Translated(TWO[::-1], "known")]


async def test_what_was_kept_is_judged_again() -> None:
    forbidden = set[str]()

    async def judge(room: str, lang: str, texts: Sequence[str]) -> Sequence[bool]:
        return [text not in forbidden for text in texts]

    engine = Known()
    interpreter = Interpreter([engine], judge=judge)
    for words, shown in ((set(), True), ({ONE[::-1]}, False), (set(), True)):
        forbidden = words
        (found,) = await interpreter.translate("r", "de", said(ONE), ENOUGH_S)
        assert (found is not None) is shown
    assert engine.asked == [[ONE]]


async def test_what_cannot_be_judged_is_not_shown() -> None:
    async def judge(room: str, lang: str, texts: Sequence[str]) -> Sequence[bool]:
        raise RuntimeError("no judge")

    with capture_logs() as logged:
        found = await Interpreter([Known()], judge=judge).translate("r", "de", said(ONE), ENOUGH_S)
    assert found == [None]
    assert [entry["event"] for entry in logged] == ["translations_not_judged"]


async def test_a_call_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SENTENCES_MAX", 1)
    found = await Interpreter([Known()]).translate("r", "de", said(ONE, TWO), ENOUGH_S)
    assert found == [Translated(ONE[::-1], "known"), None]


async def test_a_room_with_short_comments_gets_no_long_ones() -> None:
    engine = Known()
    engine.answers = {ONE: "heute Nacht schläft der Torwart"}
    short, long = Sentence(ONE, "en", 25), Sentence(ONE, "en")
    found = await Interpreter([engine]).translate("r", "de", [short, long], ENOUGH_S)
    assert found == [None, Translated(engine.answers[ONE] or "", "known")]


async def test_it_says_how_its_engines_are_and_closes_them() -> None:
    engine, ill = Known(), Known("ill")
    ill.check = Known.check.__get__(engine)  # type: ignore[method-assign]
    running = asyncio.create_task(Interpreter([engine, ill]).run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert engine.closed
    assert ill.closed


async def test_every_sentence_is_counted_by_what_became_of_it() -> None:
    registry = CollectorRegistry()
    interpreter = Interpreter([Known()], metrics=TranslationMetrics(registry))
    await interpreter.translate("r", "de", said("thanks", ONE, TWO, "haha"), ENOUGH_S)
    await interpreter.translate("r", "de", said(ONE), ENOUGH_S)

    def counted(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"grandstand_translation{name}", labels)

    assert counted("s_total", by="phrasebook") == counted("s_total", by="cache") == 1
    assert counted("s_total", by="known") == 2
    assert counted("_originals_total", why="no language") == 1
    assert counted("_characters_total", engine="known") == len(ONE) + len(TWO)


# --- with a real service -------------------------------------------------------------------------


def items_of(asked: Got) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(json.loads(asked.body)["messages"][1]["content"])[
        "items"
    ]
    return found


@pytest.fixture
async def there() -> AsyncIterator[Service]:
    async with service() as made:
        yield made


async def test_a_real_endpoint_that_errs_in_every_way_stalls_nothing(there: Service) -> None:
    there.says = lambda text, lang: text[::-1]
    engine = OpenAI(there.url + "/v1", "tiny", "")
    interpreter = Interpreter([engine])
    there.answers = [
        reply("<html>"),
        answer(429, "Retry-After: 0"),
        reply({"choices": [{"message": {"content": '{"items": [null]}'}}]}),
    ]
    for number in "abc":
        assert await interpreter.translate("r", "de", said(ONE + number), ENOUGH_S) == [None]
    found = await interpreter.translate("r", "de", said(ONE, TWO), ENOUGH_S)
    assert found == [Translated(text[::-1], "openai") for text in (ONE, TWO)]
    (asked,) = there.asked[3:]
    assert len(items_of(asked)) == 2
    await engine.close()


async def test_a_comment_that_a_service_refuses_costs_the_others_nothing(there: Service) -> None:
    """Content filters answer 400 to the whole batch."""
    there.says = lambda text, lang: text[::-1]
    there.refuses = "unspeakable"
    engine = OpenAI(there.url + "/v1", "tiny", "")
    interpreter = Interpreter([engine])
    texts = [f"{TWO} b{letter}t" for letter in "abcdefghijkl"]
    bad = "an unspeakable word"
    found = await interpreter.translate("r", "de", said(*texts, bad), ENOUGH_S)
    assert found == [*(Translated(text[::-1], "openai") for text in texts), None]
    first = len(there.asked)
    assert first < 2 * module_of_engine.PARTS_MAX
    assert await interpreter.translate("r", "de", said(bad), ENOUGH_S) == [None]
    assert len(there.asked) == first  # that there is no translation is kept, too
    assert await interpreter.translate("r", "de", said(ONE), ENOUGH_S) != [None]
    form = json.loads(there.asked[-1].body)["response_format"]["type"]
    assert form == "json_schema"
    await engine.close()
