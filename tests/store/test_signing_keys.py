from __future__ import annotations

import asyncio
from typing import Any

from grandstand.domain.signatures import SigningKey
from grandstand.store import keys
from grandstand.store.store import Store, open_store

from tests.store.servers import all_keys

GIVEN = bytes(range(32))


async def test_nodes_that_need_a_key_at_once_have_the_same(store: Store, valkey_url: str) -> None:
    nodes = [await open_store(valkey_url) for _ in range(4)]
    found = await asyncio.gather(*(node.signing_keys.current() for node in [store, *nodes]))
    assert len({key.public.kid for key in found}) == 1
    assert len({key.sign(b"m") for key in found}) == 1
    assert await store.signing_keys.listed() == [found[0].public]
    later = await open_store(valkey_url)  # another start
    assert (await later.signing_keys.current()).public == found[0].public
    for node in [*nodes, later]:
        await node.close()


async def test_a_setting_goes_before_and_keys_of_before_stay_listed(store: Store) -> None:
    made = (await store.signing_keys.current()).public
    store.signing_keys.use(GIVEN)
    given = (await store.signing_keys.current()).public
    assert given == SigningKey(GIVEN).public
    store.signing_keys.use(bytes(32))
    rotated = (await store.signing_keys.current()).public
    listed = await store.signing_keys.listed()
    assert {each.kid for each in listed} == {made.kid, given.kid, rotated.kid}


async def test_a_given_key_is_not_in_the_store(store: Store) -> None:
    store.signing_keys.use(GIVEN)
    await store.signing_keys.current()
    assert {name for name in await all_keys(store) if "signing" in name} == {keys.SIGNING_KEYS}
    redis: Any = store.topology.client(keys.SIGNING_KEYS)
    assert GIVEN not in [*(await redis.hgetall(keys.SIGNING_KEYS)).values()]
