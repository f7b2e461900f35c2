"""What a room's audience stirred at is kept once, by who has counted furthest."""

from __future__ import annotations

import pytest
from grandstand.store import highlights as module
from grandstand.store import keys
from grandstand.store.errors import RoomEndedError, RoomGoneError
from grandstand.store.highlights import MINUTE_MS
from grandstand.store.store import Store
from grandstand.wire.highlights import Highlight

AT = 29_000_000 * MINUTE_MS


def highlight(at: int, *comments: str, strength: float = 4.0) -> Highlight:
    return Highlight(strength, ["goal"], list(comments), at - 9000, at, at, id=f"highlight-{at}")


async def test_what_is_kept_takes_the_place_of_what_was_known(store: Store) -> None:
    await store.rooms.create("r", "made")
    kept = store.highlights
    first, second = highlight(AT, "c1"), highlight(AT + 120_000, "c2")
    heat = {AT + 5000: 1.25, AT + 6000: 700.0, AT + MINUTE_MS: 2.0}
    for _ in range(2):
        assert await kept.keep("r", 0, b"one", heat, [first, second], 0)
    assert await kept.memory("r") == b"one"
    assert await kept.between("r", AT, AT + 120_000) == [first]
    assert await kept.between("r", AT, AT + 120_001) == [first, second]
    most = 0xFFFE / 100
    assert await kept.heat("r", AT, AT + MINUTE_MS) == {AT + 5000: 1.25, AT + 6000: most}
    longer = {AT + 5000: 1.25, AT + 7000: 3.0}
    assert await kept.keep("r", 0, b"", longer, [first.without(["c1"])], 0)
    assert await kept.memory("r") == b"one"
    assert (await kept.between("r", AT, AT + 1))[0].comments == []
    assert await kept.heat("r", 0, 2**53) == {**longer, AT + MINUTE_MS: 2.0}
    for _ in range(2):
        assert await kept.keep("r", 0, b"", {}, [], 0, removed=[first.gone(AT + 9)])
    assert await kept.between("r", 0, 2**53) == [second]


async def test_what_is_older_or_too_much_goes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.rooms.create("r", "made")
    kept = store.highlights
    found = [highlight(AT + n * 120_000) for n in range(4)]
    heat = {AT + n * 120_000: 1.0 for n in range(4)}
    await kept.keep("r", 0, b"m", heat, found, AT + 120_000)
    assert await kept.between("r", 0, 2**53) == found[1:]
    assert list(await kept.heat("r", 0, 2**53)) == list(heat)[1:]
    monkeypatch.setattr(module, "MOST", 2)
    await kept.keep("r", 0, b"m", {}, [], 0)
    assert await kept.between("r", 0, 2**53) == found[2:]


async def test_what_is_older_goes_without_anybody_who_counts(store: Store) -> None:
    await store.rooms.create("r", "made")
    kept = store.highlights
    assert not await kept.has_any("r")
    found = [highlight(AT + n * MINUTE_MS) for n in range(3)]
    await kept.keep("r", 0, b"m", {each.noticed: 1.0 for each in found}, found, 0)
    await kept.trim("r", AT + MINUTE_MS + 1)
    assert await kept.between("r", 0, 2**53) == found[2:]
    assert list(await kept.heat("r", 0, 2**53)) == [each.noticed for each in found[1:]]
    await kept.trim("r", AT + 3 * MINUTE_MS - 1)
    assert await kept.has_any("r")
    await kept.trim("r", AT + 3 * MINUTE_MS)
    assert not await kept.has_any("r")


async def test_who_has_counted_less_changes_nothing(store: Store) -> None:
    await store.rooms.create("r", "made")
    kept, redis = store.highlights, store.topology.client(keys.head("r"))
    await redis.hset(keys.head("r"), "seq", "7")
    assert await kept.keep("r", 7, b"seven", {}, [], 0)
    assert not await kept.keep("r", 6, b"six", {AT: 1.0}, [highlight(AT)], 0)
    assert await kept.memory("r") == b"seven"
    assert await kept.between("r", 0, 2**53) == []
    await redis.hset(keys.head("r"), "seq", "5")  # history was lost: it counts no more
    assert await kept.keep("r", 5, b"five", {}, [], 0)


async def test_a_room_that_is_gone_or_deleted_keeps_nothing(store: Store) -> None:
    with pytest.raises(RoomGoneError):
        await store.highlights.keep("r", 0, b"m", {}, [], 0)
    await store.rooms.create("r", "made")
    await store.deletions.end("r")
    with pytest.raises(RoomEndedError):
        await store.highlights.keep("r", 0, b"m", {}, [], 0)


async def test_what_another_version_wrote_is_passed_over(store: Store) -> None:
    await store.rooms.create("r", "made")
    redis = store.topology.client(keys.head("r"))
    await redis.zadd(keys.highlights("r"), {b"\xc1": AT})
    await redis.zadd(keys.heat("r"), {b"odd": AT // MINUTE_MS})
    assert await store.highlights.between("r", 0, 2**53) == []
    assert await store.highlights.heat("r", 0, 2**53) == {}
