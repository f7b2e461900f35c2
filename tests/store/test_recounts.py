from __future__ import annotations

from itertools import chain
from typing import Any

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import SALT_BYTES, Recount
from grandstand.domain.polls.votes import Ballot
from grandstand.store import keys
from grandstand.store.recounts import SLICE
from grandstand.store.store import Store
from grandstand.store.votes import KEPT_MARGIN_S
from msgspec.structs import replace

POLL = PollRecord(
    id="p",
    kind="multiple",
    question="?",
    options=["a", "b", "c"],
    opens_at=0,
    closes_at=1,
    grace=0,
    change=True,
    max_choices=3,
    shards=2,
    audit="tally",
)


async def test_votes_come_in_slices_each_as_it_was_cast_last(store: Store) -> None:
    await store.votes.open("r", POLL)
    ballots = [Ballot(f"v{n}", "1", (n % 3,), True) for n in range(2 * SLICE)]
    ballots += [Ballot(f"v{n}", "2", (2, 0), True) for n in range(5)]
    await store.votes.cast("r", POLL, ballots)
    slices = [
        each
        for shard in range(POLL.shards)
        async for each in store.recounts.votes("r", POLL, shard)
    ]
    assert max(map(len, slices)) < 2 * SLICE
    found = dict(chain.from_iterable(slices))
    expected = {ballot.voter.encode(): (ballot.choices, 1) for ballot in ballots}
    assert found == expected


async def test_the_salt_is_made_once_and_ends_with_the_votes(store: Store) -> None:
    await store.votes.open("r", POLL)
    salt = await store.recounts.salt("r", "p")
    assert salt is not None
    assert len(salt) == SALT_BYTES
    await store.votes.open("r", POLL)
    assert await store.recounts.salt("r", "p") == salt
    redis: Any = store.topology.client(keys.salt("r", "p"))
    assert await redis.ttl(keys.salt("r", "p")) == -1
    await store.votes.close("r", POLL, 60)
    assert 60 < await redis.ttl(keys.salt("r", "p")) <= 60 + KEPT_MARGIN_S


async def test_a_poll_without_an_audit_has_no_salt(store: Store) -> None:
    plain = replace(POLL, id="q", audit="none")
    await store.votes.open("r", plain)
    assert await store.recounts.salt("r", "q") is None


async def test_blocks_lie_beside_the_shards_in_turn_and_end_with_the_votes(store: Store) -> None:
    await store.votes.open("r", POLL)
    await store.votes.close("r", POLL, 60)
    blocks = [b"block %d" % n for n in range(5)]
    await store.recounts.keep("r", POLL, 0, blocks[:2])
    await store.recounts.keep("r", POLL, 2, blocks[2:])
    await store.recounts.keep("r", POLL, 2, blocks[2:])  # again is the same
    assert await store.recounts.index("r", "p") is None
    index = Recount(3).finish()
    await store.recounts.finish("r", POLL, index)
    assert await store.recounts.index("r", "p") == index
    assert await store.recounts.blocks("r", POLL, 0, 6) == [*blocks, None]
    assert [await store.recounts.block("r", POLL, n) for n in (3, 6)] == [blocks[3], None]
    for shard in range(2):
        key = keys.leaves("r", "p", shard)
        redis: Any = store.topology.client(key)
        assert await redis.hlen(key) == (4, 2)[shard]
        assert 60 < await redis.ttl(key) <= 60 + KEPT_MARGIN_S
