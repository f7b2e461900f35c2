"""What is kept here, and what a leader that takes over finds of the one before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from grandstand.assistant.budget import Limits
from grandstand.store.store import Store, open_store
from grandstand.translation import cache as module
from grandstand.translation.cache import Cache
from grandstand.translation.interpreter import Interpreter, Sentence, Translated

from tests.translation.test_interpreter import ONE, TWO, Known
from tests.waiting import until

ENOUGH_S = 30.0


@pytest.fixture
async def store(valkey_url: str) -> AsyncIterator[Store]:
    made = await open_store(valkey_url)
    yield made
    await made.close()


def leader(store: Store, engine: Known, limits: Limits | None = None) -> Interpreter:
    cache = Cache(store.translations, store.now_ms)
    return Interpreter([engine], limits=limits, cache=cache)


async def test_a_leader_that_takes_over_asks_nothing_again_and_says_the_same(store: Store) -> None:
    before, after = Known("before"), Known("after")
    before.answers = {TWO: None}
    sentences = [Sentence(ONE, "en"), Sentence(TWO, "en")]
    first = await leader(store, before).translate("r", "de", sentences, ENOUGH_S)
    assert first == [Translated(ONE[::-1], "before"), None]
    assert await leader(store, after).translate("r", "de", sentences, ENOUGH_S) == first
    assert after.asked == []


async def test_two_who_ask_at_the_same_time_say_the_same(store: Store) -> None:
    one, other = Known("one"), Known("other")
    one.gate.clear()
    sentences = [Sentence(ONE, "en")]
    first, second = leader(store, one), leader(store, other)
    asking = asyncio.create_task(first.translate("r", "de", sentences, ENOUGH_S))
    await until(lambda: one.asked)
    said = await second.translate("r", "de", sentences, ENOUGH_S)
    one.gate.set()
    assert await asking == said == [Translated(ONE[::-1], "other")]


async def test_what_a_show_has_spent_is_known_after_a_takeover(store: Store) -> None:
    limits = Limits(show=len(ONE) + 1)
    await leader(store, Known(), limits).translate("r", "de", [Sentence(ONE, "en")], ENOUGH_S)
    engine = Known()
    taken = leader(store, engine, limits)
    assert await taken.translate("r", "de", [Sentence(TWO, "en")], ENOUGH_S) == [None]
    assert engine.asked == []
    assert await store.translations.sent("r") == {"de": len(ONE)}


async def test_what_nobody_waited_for_is_counted_too(store: Store) -> None:
    slow = Known()
    slow.gate.clear()
    interpreter = leader(store, slow)
    assert await interpreter.translate("r", "de", [Sentence(ONE, "en")], 0.1) == [None]
    slow.gate.set()
    await interpreter.translate("r", "de", [Sentence(TWO, "en")], ENOUGH_S)
    assert await store.translations.sent("r") == {"de": len(ONE) + len(TWO)}


async def test_what_nobody_asks_for_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    cache = Cache()
    await cache.keep("r", "de", {"a": ("A", "x"), "b": ("B", "x")}, 2)
    now_s += 300
    assert cache.get(("r", "de", "a")) == ("A", "x")
    now_s += 299
    cache.forget_old()
    assert [("r", "de", text) in cache for text in "ab"] == [True, False]


async def test_a_store_that_is_away_costs_only_what_is_shared(store: Store) -> None:
    interpreter = leader(store, Known())
    await store.close()
    (said,) = await interpreter.translate("r", "de", [Sentence(ONE, "en")], ENOUGH_S)
    assert said == Translated(ONE[::-1], "known")


async def test_a_process_keeps_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    cache = Cache()
    await cache.keep("r", "de", {"a": ("A", "x"), "b": None}, 2)
    assert cache.get(("r", "de", "a")) == ("A", "x")
    await cache.keep("r", "de", {"c": ("C", "x")}, 1)
    assert [("r", "de", text) in cache for text in "abc"] == [True, False, True]
