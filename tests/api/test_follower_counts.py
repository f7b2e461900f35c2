from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from grandstand.api import follower_counts as module
from grandstand.api.follower_counts import FollowerCounts
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store


class Followers:
    """Counts what is read."""

    def __init__(self) -> None:
        self.read = 0
        self.is_away = False

    async def of(self, _room: str, entities: Sequence[str]) -> list[int]:
        self.read += 1
        if self.is_away:
            raise StoreUnavailable("away")
        return [self.read for _ in entities]


class Counted:
    """A store of which nothing but the followers is asked."""

    def __init__(self) -> None:
        self.followers = Followers()


async def test_however_many_ask_a_page_is_read_once_while_fresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Counted()
    counts = FollowerCounts(cast("Store", store))
    monkeypatch.setattr(module, "FRESH_S", 3600.0)
    answers = await asyncio.gather(*(counts.of("r", ("a", "b")) for _ in range(50)))
    assert answers == [[1, 1]] * 50
    assert await counts.of("r", ()) == []
    assert await counts.of("other", ("a", "b")) == [2, 2]
    assert await counts.of("r", ("a",)) == [3]
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    assert await counts.of("r", ("a", "b")) == [4, 4]


async def test_the_oldest_of_too_many_pages_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = FollowerCounts(cast("Store", Counted()))
    monkeypatch.setattr(module, "FRESH_S", 3600.0)
    monkeypatch.setattr(module, "MOST", 2)
    assert [await counts.of("r", (each,)) for each in "abca"] == [[1], [2], [3], [4]]


async def test_a_store_that_was_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Counted()
    counts = FollowerCounts(cast("Store", store))
    monkeypatch.setattr(module, "FRESH_S", 3600.0)
    store.followers.is_away = True
    with pytest.raises(StoreUnavailable):
        await counts.of("r", ("a",))
    store.followers.is_away = False
    assert await counts.of("r", ("a",)) == [2]
