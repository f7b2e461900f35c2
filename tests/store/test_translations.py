from __future__ import annotations

from typing import Any

import pytest
from grandstand.store import keys
from grandstand.store import translations as module
from grandstand.store.store import Store
from grandstand.store.translations import PERIOD_MS

NOW_MS = 5.0 * PERIOD_MS


async def test_the_first_translation_of_a_text_stands_for_all(store: Store) -> None:
    there = store.translations
    assert await there.find("r", "de", ["one", "two"], NOW_MS) == ([None, None], 0)
    assert await there.keep("r", "de", {"one": b"eins"}, 3, NOW_MS) == [b"eins"]
    said = {"one": b"EINS", "two": b"zwei"}
    assert await there.keep("r", "de", said, 6, NOW_MS) == [b"eins", b"zwei"]
    assert await there.find("r", "de", ["two", "one", "x"], NOW_MS) == ([b"zwei", b"eins", None], 9)
    assert await there.find("r", "fr", ["one"], NOW_MS) == ([None], 0)
    assert await there.find("other", "de", ["one"], NOW_MS) == ([None], 0)


async def test_it_is_kept_into_the_next_five_minutes_and_forgotten_within_ten(store: Store) -> None:
    there = store.translations
    await there.keep("r", "de", {"one": b"eins"}, 3, NOW_MS)
    assert (await there.find("r", "de", ["one"], NOW_MS + 1.9 * PERIOD_MS))[0] == [b"eins"]
    assert (await there.find("r", "de", ["one"], NOW_MS + 2 * PERIOD_MS))[0] == [None]
    redis: Any = store.topology.client(keys.translations("r", 5))
    assert 0 < await redis.pttl(keys.translations("r", 5)) <= 600_000
    await there.keep("r", "de", {"two": b"zwei"}, 3, NOW_MS + 0.9 * PERIOD_MS)
    assert 0 < await redis.pttl(keys.translations("r", 5)) <= 1.1 * PERIOD_MS
    assert 0 < await redis.ttl(keys.translated("r")) <= 21_600


async def test_a_room_has_a_bound_and_still_counts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = store.translations
    monkeypatch.setattr(module, "KEPT_MAX", 1)
    await there.keep("r", "de", {"one": b"eins"}, 3, NOW_MS)
    assert await there.keep("r", "de", {"two": b"zwei"}, 4, NOW_MS) == [None]
    assert await there.keep("r", "fr", {}, 5, NOW_MS) == []
    assert await there.sent("r") == {"de": 7, "fr": 5}
