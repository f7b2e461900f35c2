from __future__ import annotations

from typing import Any

import pytest
from grandstand.domain.limits import Buckets, Rate
from grandstand.domain.polls.record import PollWords
from grandstand.translation.interpreter import Interpreter

from tests.api.harness import Harness
from tests.api.test_stats import told as say
from tests.translation.test_interpreter import Known

pytestmark = pytest.mark.asyncio(loop_scope="session")

POLL = {"kind": "single", "question": "Who?", "options": ["Bo", "me"], "duration": 60}
SPANISH = {"lang": "es", "question": " ¿Quién?\u202e", "options": ["Bo", "yo"]}


async def asked(harness: Harness, room: str, **body: Any) -> tuple[int, Any]:
    answer = await harness.call("POST", f"/v1/rooms/{room}/translations", json=body)
    return answer.status_code, answer.json()


def paths(told: Any) -> list[str]:
    return [fault["path"] for fault in told["errors"]]


async def test_what_viewers_would_be_shown_is_said_in_all_languages_of_the_room(
    on_stage: Harness,
) -> None:
    room = await on_stage.room(lang="en", languages=["es", "fr"])
    status, told = await asked(on_stage, room, texts=["Well done!", "Whoever that may be"])
    assert status == 200
    spanish, french = told["translations"]
    assert (spanish["lang"], french["lang"]) == ("es", "fr")
    assert spanish["texts"][0] == {"text": "Bien hecho!", "by": "phrasebook"}
    assert french["texts"][0]["text"] == "Bien joué!"
    assert spanish["texts"][1] is None  # no phrase, and no translator is there
    _, told = await asked(on_stage, room, texts=["Well done!"], languages=["fr"])
    assert [each["lang"] for each in told["translations"]] == ["fr"]


async def test_names_of_the_rooms_entities_stay_as_they_are(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_stage.api, "interpreter", Interpreter([Known()]))
    room = await on_stage.room(lang="en", languages=["es"])
    stats = {"name": "Declan Rice", "audience": "followers", "values": {"Goals": 2}}
    await say(on_stage, room, {"entity": "athlete:1", **stats})
    _, told = await asked(on_stage, room, texts=["Will Rice score?", "Who eats rice?"])
    changed, kept = told["translations"][0]["texts"]
    assert changed is None  # the engine turns all letters round, his name's too
    assert kept == {"text": "?ecir stae ohW", "by": "known"}


async def test_only_producers_ask_only_for_the_rooms_languages_and_only_so_much(
    on_stage: Harness,
) -> None:
    room = await on_stage.room(languages=["es"])
    path = f"/v1/rooms/{room}/translations"
    for role in (None, "viewer", "moderator"):
        refused = await on_stage.call("POST", path, role=role, json={"texts": ["a"]})
        assert refused.status_code in (401, 403)
    for body, fault in (
        ({"texts": ["a"], "languages": ["de"]}, "languages"),
        ({"texts": []}, "texts"),
        ({"texts": ["a"] * 22}, "texts"),
        ({"texts": ["a" * 301]}, "texts[0]"),
        ({"texts": ["a"], "languages": ["es"] * 41}, "languages"),
        ({"texts": ["a"], "languages": ["x" * 200]}, "languages[0]"),
    ):
        status, told = await asked(on_stage, room, **body)
        assert (status, paths(told)) == (422, [fault])


async def test_a_room_asks_so_often(on_stage: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_stage.api, "suggestions", Buckets(Rate(3_600_000, 1)))
    room = await on_stage.room(languages=["es"])
    assert (await asked(on_stage, room, texts=["a"]))[0] == 200
    status, told = await asked(on_stage, room, texts=["a"])
    assert (status, told["code"]) == (429, "rate_limited")


async def test_what_a_person_wrote_stays_with_the_poll_and_is_in_no_answer(
    on_stage: Harness,
) -> None:
    room = await on_stage.room(languages=["es"])
    path = f"/v1/rooms/{room}/polls"
    opened = await on_stage.call("POST", path, json={**POLL, "translations": [SPANISH]})
    assert opened.status_code == 201
    record = (await on_stage.live(room)).replica.state.polls[opened.json()["id"]]
    assert record.translations == {"es": PollWords("¿Quién?", ["Bo", "yo"], "person")}
    for answer in (opened, await on_stage.call("GET", path)):
        assert "Quién" not in answer.text
    rating = {"kind": "rating", "question": "How?", "scale": 2, "duration": 60}
    words = [{"lang": "es", "question": "¿Cómo?", "by": "apertium"}]
    opened = await on_stage.call("POST", path, json={**rating, "translations": words})
    record = (await on_stage.live(room)).replica.state.polls[opened.json()["id"]]
    assert record.translations == {"es": PollWords("¿Cómo?", ["1", "2"], "apertium")}


async def test_a_translation_has_what_the_poll_has_once_for_each_language(
    on_stage: Harness,
) -> None:
    room = await on_stage.house()
    for translations, expected in (
        ([SPANISH, SPANISH], ["translations[1].lang"]),
        ([{**SPANISH, "options": ["Bo"]}], ["translations[0].options"]),
        ([{**SPANISH, "question": "\u202e"}], ["translations[0].question"]),
        ([{**SPANISH, "options": ["Bo", "\u202e"]}], ["translations[0].options[1]"]),
        ([{**SPANISH, "lang": "x" * 200}], ["translations[0].lang"]),
        ([{**SPANISH, "by": "a machine"}], ["translations[0].by"]),
        ([{**SPANISH, "question": "x" * 501}], ["translations[0].question"]),
        ([{**SPANISH, "lang": f"es-{n}"} for n in range(41)], ["translations"]),
    ):
        body = {**POLL, "options": ["Bo", "me"], "translations": translations}
        refused = await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=body)
        assert (refused.status_code, paths(refused.json())) == (422, expected)


async def test_an_item_of_the_run_down_has_them_too(on_stage: Harness) -> None:
    room = await on_stage.room(languages=["es"])
    path, item = f"/v1/rooms/{room}/rundown", {"id": "i", "kind": "poll", "title": "Who?"}
    for words, status in (({**SPANISH, "options": []}, 422), (SPANISH, 200)):
        items = [{**item, "body": {**POLL, "translations": [words]}}]
        put = await on_stage.call("PUT", path, json={"version": 0, "items": items})
        assert put.status_code == status
    gone = await on_stage.call("POST", f"{path}/i/go")
    (record,) = (await on_stage.live(room)).replica.state.polls.values()
    assert gone.json()["items"][0]["poll"] == record.id
    assert record.translations == {"es": PollWords("¿Quién?", ["Bo", "yo"])}


async def test_all_of_a_polls_translations_have_so_many_characters(on_stage: Harness) -> None:
    room = await on_stage.house()
    options = [f"{n:0100}" for n in range(6)]  # with the question 601 characters, 34 times
    words = [{"lang": f"es-{n}", "question": "?", "options": options} for n in range(34)]
    body = {**POLL, "options": options, "translations": words}
    refused = await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=body)
    assert (refused.status_code, paths(refused.json())) == (422, ["translations"])
    body["translations"] = words[:-1]
    assert (await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=body)).status_code == 201
