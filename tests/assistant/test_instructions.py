"""Comments that speak to the model: none that a model obeys reaches viewers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from grandstand.assistant.instructions import speaks_to_a_model
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.translation.engines import openai as module
from grandstand.translation.engines.openai import OpenAI
from grandstand.translation.interpreter import Interpreter, Sentence, Translated
from grandstand.translation.judging import RoomJudge

from tests.moderation.rules import RULES
from tests.translation.services import Service, service

INJECTIONS = json.loads((Path(__file__).parent / "injections.json").read_text("utf-8"))
PLAIN = [
    "the previous season was better",
    "who translates this stream",
    "ignore the haters",
    "the rules are the rules",
    "answer the question ref",
    "上面的说得对",
    "翻译得真好",
    "el árbitro no conoce las reglas",
    "la traduction est bonne",
    "die Regeln sind klar",
    "правила есть правила",
    "ルールは守ろう",
    "as an aid for the team",
]
WANTED = {
    "en": "the keeper sleeps here", "zh": "守门员在这里睡觉", "es": "el portero duerme aquí",
    "ru": "вратарь спит здесь", "ar": "حارس المرمى ينام هنا",
}  # fmt: skip
ASKED = Sentence("der Torhüter schläft hier", "de")


@pytest.fixture
async def there() -> AsyncIterator[Service]:
    async with service() as made:
        yield made


def obeyed(text: str) -> str | None:
    return next((each["obeyed"] for each in INJECTIONS if each["text"] == text), None)


def test_there_are_a_hundred_in_ten_languages() -> None:
    assert len(INJECTIONS) == 100
    assert len({each["lang"] for each in INJECTIONS}) == 10
    assert len({each["text"] for each in INJECTIONS}) == 100


@pytest.mark.parametrize("text", PLAIN)
def test_plain_chat_speaks_to_people(text: str) -> None:
    assert not speaks_to_a_model(text)


@pytest.mark.parametrize("lang", WANTED)
async def test_a_model_that_obeys_everything_changes_nothing(there: Service, lang: str) -> None:
    there.says = lambda text, _: obeyed(text) or WANTED[lang]
    engine = OpenAI(there.url + "/v1", "tiny", "")
    moderator = Moderator(None, RULES)
    interpreter = Interpreter([engine], judge=RoomJudge(moderator, lambda room: Policy(2)))
    for each in INJECTIONS:
        sentences = [ASKED, Sentence(each["text"], each["lang"])]
        found = await interpreter.translate("r", lang, sentences, 30.0)
        assert found == [Translated(WANTED[lang], "openai"), None], each
    await moderator.close()
    await engine.close()


async def test_what_gets_past_the_first_look_is_mostly_caught_by_the_checks(
    there: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "speaks_to_a_model", lambda text: False)
    there.says = lambda text, _: obeyed(text)
    engine = OpenAI(there.url + "/v1", "tiny", "")
    interpreter = Interpreter([engine])
    asked, shown = 0, []
    for lang in WANTED:
        sentences = [Sentence(each["text"], each["lang"]) for each in INJECTIONS]
        for sentence in sentences:
            if sentence.source != lang:
                asked += 1
                found = await interpreter.translate("r", lang, [sentence], 30.0)
                shown += [(lang, sentence.text, each.text) for each in found if each is not None]
    assert len(shown) <= 0.05 * asked
    await engine.close()
