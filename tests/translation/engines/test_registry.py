"""One suite for every engine that asks a service: what it sends, and what strangers may answer."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from grandstand.assistant import service as module
from grandstand.assistant.service import AnswerError, KeyRefusedError, ServiceError
from grandstand.translation.engines.engine import Engine, Item
from grandstand.translation.engines.registry import engines
from grandstand.translation.spec import Spec
from grandstand.translation.terms import Terms

from tests.certificates import signed_by_itself
from tests.effects.receiver import answer
from tests.translation.services import KEY, Service, completion, reply, service
from tests.waiting import patience, until

Case = Callable[[str], Spec]
"""How an engine is named whose service is at a URL."""

CASES: dict[str, Case] = {
    "openai": lambda url: Spec("openai", url + "/v1", "tiny"),
    "deepl": lambda url: Spec("deepl", url),
    "libretranslate": lambda url: Spec("libretranslate", url),
}
ITEMS = [Item("one", "en"), Item("two", "en"), Item("three", "en")]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
async def there() -> AsyncIterator[Service]:
    async with service() as made:
        yield made


@pytest.fixture
async def engine(case: Case, there: Service) -> AsyncIterator[Engine]:
    there.key = KEY
    made = made_of(case, there.url, KEY)
    yield made
    await made.close()


def made_of(case: Case, url: str, key: str) -> Engine:
    spec = case(url)
    (made,) = engines(Terms((spec,), {spec.kind: key}))
    return made


async def test_a_batch_is_one_request_and_its_answers_come_in_order(
    engine: Engine, there: Service
) -> None:
    assert engine.takes("en", "de")
    said = await engine.translate(ITEMS, "de")
    assert said == ["de(one)", "de(two)", "de(three)"]
    assert len(there.asked) == 1


async def test_answers_in_another_order_find_their_items(there: Service) -> None:
    made = made_of(CASES["openai"], there.url, "")
    there.mangles = lambda items: items[::-1]
    assert await made.translate(ITEMS, "de") == ["de(one)", "de(two)", "de(three)"]
    await made.close()


async def test_texts_of_which_nobody_knows_the_language_are_translated_too(engine: Engine) -> None:
    assert engine.takes("", "fr")
    assert await engine.translate([Item("one"), Item("deux", "fr-CA")], "fr") == [
        "fr(one)",
        "fr(deux)",
    ]


async def test_a_name_is_kept(engine: Engine, there: Service) -> None:
    there.says = lambda text, lang: text.replace("Rose", "Rosa").replace("go", "vamos")
    (said,) = await engine.translate([Item("go Rose (1) [1]", "en", ("Rose",))], "es")
    if engine.name == "openai":
        assert json.loads(json.loads(there.asked[0].body)["messages"][1]["content"])["names"] == [
            "Rose"
        ]
    else:
        assert said == "vamos Rose (1) [1]"


async def test_the_engine_tells_how_it_is(engine: Engine, there: Service) -> None:
    assert f"127.0.0.1:{there.port}" in await engine.check()
    assert KEY not in engine.where


async def test_a_wrong_key_is_told_and_no_message_has_it(
    case: Case, there: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    there.key = "another"
    made = made_of(case, there.url, KEY)
    for asked in (made.check(), made.translate(ITEMS, "de")):
        with pytest.raises(KeyRefusedError) as caught:
            await asked
        assert KEY not in f"{caught.value!r} {caught.value}"
    assert KEY not in caplog.text
    await made.close()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (answer(500), "500"),
        (answer(302, "Location: http://127.0.0.1:1/"), "redirects"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>hi</html>", "HTML"),
        (reply(["what", "is", "this"]), "form"),
        (reply(None), "form"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xfe\x00\x01", "form"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"[" * 90_000, "form"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "compressed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", "10,000,000 bytes"),
        (b"SSH-2.0-hello\r\n\r\n", "HTTP"),
        (b"", "HTTP"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_named(
    engine: Engine, there: Service, raw: bytes, words: str
) -> None:
    await engine.check()
    there.answers = [raw]
    with pytest.raises(ServiceError, match=words):
        await engine.translate(ITEMS, "de")
    assert await engine.translate(ITEMS, "de")  # and it goes on


async def test_an_answer_that_never_ends_is_left(
    engine: Engine, there: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.check()
    monkeypatch.setattr(module, "ANSWER_MAX_BYTES", 4096)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    there.answers = [head + b"400\r\n" + b" " * 1024 + b"\r\n" + b"4000\r\n" + b" " * 9000]
    with pytest.raises(AnswerError, match="over 4,096 bytes"):
        await engine.translate(ITEMS, "de")


async def test_what_never_answers_is_given_up(
    engine: Engine, there: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.check()
    monkeypatch.setattr(module, "LONGEST_S", 0.05)
    there.answers = [None]
    with pytest.raises(ServiceError, match="no answer within"):
        await engine.translate(ITEMS, "de")


async def test_who_waits_no_more_leaves_nothing_behind(engine: Engine, there: Service) -> None:
    await engine.check()
    there.answering.clear()
    asking = asyncio.create_task(engine.translate(ITEMS, "de"))
    await until(lambda: there.asked)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    there.answering.set()
    async with patience():
        assert await engine.translate(ITEMS, "de")


@pytest.mark.parametrize(("retry_after", "wanted_s"), [("7", 7), ("99999", 600), ("soon", 0)])
async def test_a_service_that_has_enough_says_when_to_come_back(
    engine: Engine, there: Service, retry_after: str, wanted_s: float
) -> None:
    await engine.check()
    there.answers = [answer(429, f"Retry-After: {retry_after}")]
    with pytest.raises(ServiceError) as caught:
        await engine.translate(ITEMS, "de")
    assert caught.value.retry_after_s == pytest.approx(wanted_s, abs=0.1)


async def test_items_that_are_null_are_missing(case: Case, engine: Engine, there: Service) -> None:
    await engine.check()
    if engine.name == "openai":
        there.mangles = lambda items: [items[0], None, {"id": items[2]["id"], "text": None}]
    else:
        there.mangles = lambda items: [items[0], None, None]
    assert await engine.translate(ITEMS, "de") == ["de(one)", None, None]


async def test_half_a_batch_never_stands_for_another_half(engine: Engine, there: Service) -> None:
    there.mangles = lambda items: items[1:]
    if engine.name == "openai":
        assert await engine.translate(ITEMS, "de") == [None, "de(two)", "de(three)"]
    else:
        with pytest.raises(AnswerError, match="2 texts where 3"):
            await engine.translate(ITEMS, "de")


async def test_someone_elses_items_and_items_that_come_twice_are_left(there: Service) -> None:
    made = made_of(CASES["openai"], there.url, "")
    there.mangles = lambda items: [
        *items[:2],
        {"id": "0", "text": "someone else's"},
        {"id": items[1]["id"], "text": "another"},
        {"id": 3, "text": 4, "more": {}},
        "text",
    ]
    assert await made.translate(ITEMS, "de") == ["de(one)", None, None]
    await made.close()


async def test_a_certificate_that_nobody_signed_is_named(case: Case, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed_by_itself(tmp_path, x509.IPAddress(ip_address("127.0.0.1"))))
    async with service(context) as there:
        made = made_of(case, there.url, "")
        with pytest.raises(ServiceError, match="its certificate isn't trusted"):
            await made.check()
        assert there.got == []
        await made.close()


async def test_a_port_where_nobody_listens_is_named(case: Case) -> None:
    made = made_of(case, "http://127.0.0.1:1", "")
    with pytest.raises(ServiceError, match="can't be reached"):
        await made.check()
    await made.close()


async def test_an_endpoint_without_schemas_is_asked_for_plain_json_from_then_on(
    there: Service,
) -> None:
    made = made_of(CASES["openai"], there.url, "")
    fenced = 'Here: ```json\n{"items": []}\n```'
    there.answers = [reply({"error": "response_format"}, 400), reply(completion(fenced))]
    for _ in range(2):
        said = await made.translate(ITEMS, "de")
    assert said == ["de(one)", "de(two)", "de(three)"]
    forms = [json.loads(got.body)["response_format"]["type"] for got in there.asked]
    assert forms == ["json_schema", "json_object", "json_object"]
    await made.close()


async def test_what_an_endpoint_refuses_in_any_form_says_nothing_of_schemas(
    there: Service,
) -> None:
    made = made_of(CASES["openai"], there.url, "")
    there.answers = [reply({"error": "inspection"}, 400), reply({"error": "inspection"}, 400)]
    with pytest.raises(ServiceError, match="400"):
        await made.translate(ITEMS, "de")
    await made.translate(ITEMS, "de")
    forms = [json.loads(got.body)["response_format"]["type"] for got in there.asked]
    assert forms == ["json_schema", "json_object", "json_schema"]
    await made.close()


@pytest.mark.parametrize("content", [None, "", "I can't do that.", '{"items": {}}', '{"items"'])
async def test_a_model_that_answers_something_else(there: Service, content: str | None) -> None:
    made = made_of(CASES["openai"], there.url, "")
    there.answers = [reply(completion(content))]
    with pytest.raises(AnswerError):
        await made.translate(ITEMS, "de")
    await made.close()


async def test_comments_are_data_beside_the_prompt_under_ids_that_nobody_can_guess(
    there: Service,
) -> None:
    made = made_of(CASES["openai"], there.url, KEY)
    await made.translate([Item('Ignore the "haters"')], "de")
    await made.translate([Item('Ignore the "haters"')], "de")
    bodies = [json.loads(got.body) for got in there.asked]
    assert [body["temperature"] for body in bodies] == [0, 0]
    system, user = bodies[0]["messages"]
    assert "Ignore" not in system["content"]
    (item,) = json.loads(user["content"])["items"]
    assert item["text"] == 'Ignore the "haters"'
    (other,) = json.loads(bodies[1]["messages"][1]["content"])["items"]
    assert len(item["id"]) == 8 != other["id"]
    assert item["id"] != other["id"]
    assert there.asked[0].headers["authorization"] == f"Bearer {KEY}"
    await made.close()


@pytest.mark.parametrize("kind", ["deepl", "libretranslate"])
async def test_pairs_that_a_service_lacks_are_for_the_next_engine(
    kind: str, there: Service
) -> None:
    made = made_of(CASES[kind], there.url, "")
    await made.check()
    assert made.takes("en", "de-AT")
    assert made.takes("zh", "en")
    assert not made.takes("en", "ja")
    assert not made.takes("ja", "en")
    await made.close()


async def test_deepl_takes_fifty_texts_a_request_and_finds_out_languages_itself(
    there: Service,
) -> None:
    made = made_of(CASES["deepl"], there.url, KEY)
    items = [Item(f"text {number}", "en" if number < 50 else "de") for number in range(60)]
    assert (await made.translate(items, "fr"))[59] == "fr(text 59)"
    await made.translate([*items[:1], *items[-1:]], "fr")
    bodies = [json.loads(got.body) for got in there.asked]
    assert [len(body["text"]) for body in bodies] == [50, 10, 2]
    assert [body.get("source_lang") for body in bodies] == ["EN", "DE", None]
    assert there.asked[0].headers["authorization"] == f"DeepL-Auth-Key {KEY}"
    await made.close()


@pytest.mark.parametrize(("key", "host"), [("k:fx", "api-free.deepl.com"), ("k", "api.deepl.com")])
def test_deepls_key_says_which_of_its_addresses(key: str, host: str) -> None:
    made = made_of(lambda url: Spec("deepl"), "", key)
    assert made.where == f"https://{host}"
