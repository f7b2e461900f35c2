from __future__ import annotations

from typing import Any

import msgspec
import pytest
from grandstand.domain.effects import Effect, Firing, HttpCall, Occurrence, On
from grandstand.store import effects as module
from grandstand.store.store import Store

CALL = HttpCall("GET", "https://studio.example")


def effect(name: str, **said: Any) -> Effect:
    return Effect(name, On("cue"), [CALL], **said)


def firing(number: int, **said: Any) -> Firing:
    happened = Occurrence("cue", f"c{number}", number, {}, {})
    return Firing(f"f{number}", "e", 0, happened, number, **said)


async def test_an_effect_is_kept_its_secrets_apart(store: Store) -> None:
    assert await store.effects.put("r", effect("b"), [{"secret": "s"}])
    assert await store.effects.put("r", effect("a"), [{}])
    assert await store.effects.put("r", effect("b", title="anew"), [{"secret": "t"}]) is False
    assert await store.effects.all("r") == {"a": effect("a"), "b": effect("b", title="anew")}
    assert await store.effects.with_secrets("r") == {
        "a": (effect("a"), [{}]),
        "b": (effect("b", title="anew"), [{"secret": "t"}]),
    }
    assert await store.effects.one("r", "b") == (effect("b", title="anew"), [{"secret": "t"}])
    assert await store.effects.one("r", "c") is None
    assert await store.effects.remove("r", "b")
    assert not await store.effects.remove("r", "b")
    assert await store.effects.with_secrets("r") == {"a": (effect("a"), [{}])}
    assert await store.effects.all("other") == {}


async def test_there_are_only_so_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EFFECTS_MAX", 1)
    assert await store.effects.put("r", effect("a"), [{}])
    assert await store.effects.put("r", effect("b"), [{}]) is None
    assert await store.effects.put("r", effect("a", title="anew"), [{}]) is False


async def test_the_log_is_newest_first_and_keeps_the_last_and_what_is_not_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRINGS_KEPT", 3)
    for number in (3, 0, 4, 1, 2):
        await store.effects.log("r", [firing(number, status="done")])
    await store.effects.log("r", [firing(-1), firing(-2, status="retrying")])
    found = [each.id for each in await store.effects.firings("r")]
    assert found == ["f4", "f3", "f2", "f-1", "f-2"]
    await store.effects.log("r", [firing(-1, status="failed")])
    assert [each.id for each in await store.effects.firings("r")] == ["f4", "f3", "f2", "f-2"]


async def test_what_is_over_stays_over(store: Store) -> None:
    done = firing(1, status="done", attempts=1)
    await store.effects.log("r", [firing(1), firing(2)])
    await store.effects.log("r", [done])
    await store.effects.log("r", [firing(1, status="retrying", attempts=7)])
    found = {each.id: each for each in await store.effects.firings("r")}
    assert found["f1"] == done
    assert msgspec.structs.replace(found["f2"]) == firing(2)
