from __future__ import annotations

from typing import Any

import msgspec
import pytest
from grandstand.domain.polls.record import PollRecord
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.rooms import PRESENCE_MS, ROOM_ID
from grandstand.store.store import Store

from tests.proxy import CuttingProxy


async def test_a_room_is_created_once(store: Store) -> None:
    assert await store.rooms.create("r", "mine")
    head = (await store.timeline.load("r")).head
    assert not await store.rooms.create("r", "theirs")
    assert await store.rooms.create("r", "mine")
    assert (await store.timeline.load("r")).head == head
    assert (head.seq, head.offset, head.cursor, len(head.salt)) == (0, 0, "0-0", 16)
    assert head.run == await store.rooms.history("r")


@pytest.mark.parametrize("nth", [1, 2])
async def test_a_creation_that_was_cut_off_may_be_asked_for_again(
    store: Store, proxy: CuttingProxy, nth: int
) -> None:
    await store.rooms.create("other", "made")
    proxy.cut_after("EVALSHA", nth)
    with pytest.raises(StoreUnavailable):
        await store.rooms.create("r", "mine")
    assert await store.rooms.create("r", "mine")
    assert await store.rooms.ids() == ["other", "r"]


async def test_rooms_have_secrets_and_epochs_of_their_own(store: Store) -> None:
    await store.rooms.create("a", "1")
    await store.rooms.create("b", "2")
    one, other = [(await store.timeline.load(room)).head for room in ("a", "b")]
    assert one.salt != other.salt
    assert one.epoch != other.epoch


async def test_viewers_are_counted_over_the_nodes_that_spoke_lately(store: Store) -> None:
    rooms, now_ms = store.rooms, 1_000_000.0
    await rooms.present("n1", {"r": 3, "s": 1}, now_ms - PRESENCE_MS - 1)
    await rooms.present("n2", {"r": 5}, now_ms - PRESENCE_MS)
    await rooms.present("n3", {"r": 7}, now_ms)
    assert await rooms.viewers("r", now_ms) == 12
    await rooms.present("n3", {"r": 0}, now_ms)
    assert await rooms.viewers("r", now_ms) == 5
    assert await rooms.viewers("nowhere", now_ms) == 0
    assert await rooms.viewers("r", now_ms - PRESENCE_MS) == 5  # the silent one is forgotten


async def test_what_an_odd_node_says_counts_for_nothing(store: Store) -> None:
    await store.rooms.present("a", {"r": 2}, 1_000)
    await store.rooms._reader.ask("HSET", keys.edges("r"), "b", "3:900:of tomorrow", "c", "x")
    assert await store.rooms.viewers("r", 1_000) == 2
    assert set(await store.rooms._reader.ask("HKEYS", keys.edges("r"))) == {b"a"}


async def test_a_node_that_speaks_again_counts_again(store: Store) -> None:
    await store.rooms.present("n1", {"r": 3}, 0)
    assert await store.rooms.viewers("r", 1_000_000) == 0
    await store.rooms.present("n1", {"r": 3}, 1_000_000)
    assert await store.rooms.viewers("r", 1_000_000) == 3


async def test_a_new_room_has_no_polls_and_nothing_held(store: Store) -> None:
    await store.rooms.create("r", "mine")
    assert await store.rooms.polls("r") == []
    assert await store.rooms.held_ids("r") == []


async def test_a_page_of_polls_reads_that_page_alone_and_names_the_one_before(
    store: Store, proxy: CuttingProxy
) -> None:
    """Also of a room whose polls were never put in order: that is done once."""
    redis: Any = store.topology.client(keys.head("r"))
    await store.rooms.create("r", "mine")
    for number, opens_at in enumerate((30, 10, 20, 20, 40)):
        poll = PollRecord(
            id=f"p{number}",
            kind="single",
            question="?",
            options=["a", "b"],
            opens_at=opens_at,
            closes_at=50,
            grace=0,
        )
        await redis.hset(keys.polls("r"), poll.id, msgspec.msgpack.encode(poll))
    await redis.hset(keys.polls("r"), "odd", b"\xc1")
    assert await page(store, "", 2) == (["p0", "p4"], "p0")
    assert await redis.zcard(keys.poll_order("r")) == 6
    del proxy.commands[:]
    assert await page(store, "p0", 2) == (["p2", "p3"], "p2")
    assert await page(store, "p2", 2) == (["p1"], "")
    assert await page(store, "p1", 2) == ([], "")
    assert {command[0] for command in proxy.commands} <= PAGE_COMMANDS
    assert await store.rooms.poll_page("r", "p9", 2) is None


PAGE_COMMANDS = {b"MULTI", b"HLEN", b"ZCARD", b"ZREVRANK", b"EXEC", b"ZREVRANGE", b"HMGET"}


async def page(store: Store, before: str, limit: int) -> tuple[list[str], str]:
    found = await store.rooms.poll_page("r", before, limit)
    assert found is not None
    polls, further = found
    return [poll.id for poll in polls], further


async def test_the_stores_clock_goes_on(store: Store) -> None:
    first_ms = await store.rooms.clock_ms()
    assert await store.rooms.clock_ms() >= first_ms > 1_700_000_000_000


@pytest.mark.parametrize("room", ["a", "gala-2025", "0_1", "x" * 64])
def test_room_ids_are_plain(room: str) -> None:
    assert ROOM_ID.fullmatch(room)


@pytest.mark.parametrize(
    "room", ["", "-a", "_a", "A", "a b", "a}", "{a", "a:1", "é", "x" * 65, "a\n"]
)
def test_other_room_ids_could_forge_a_key(room: str) -> None:
    assert not ROOM_ID.fullmatch(room)
