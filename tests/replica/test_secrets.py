from __future__ import annotations

from pathlib import Path

import pytest
from grandstand.domain.identity import TokenTerms
from grandstand.replica.secrets import SecretWatch
from grandstand.store import keys
from grandstand.store.fingerprints import HEARD_MS
from grandstand.store.store import open_store
from grandstand.tokens import Tokens

from tests.valkey import valkey

SECRET = "a secret of at least thirty-two bytes"


def test_a_fingerprint_is_of_all_that_decides_which_tokens_are_taken() -> None:
    mine = Tokens(SECRET)
    assert mine.fingerprint == Tokens(SECRET, terms=TokenTerms(max_life_s=9)).fingerprint
    others = [
        Tokens(SECRET[::-1]),
        Tokens(SECRET, "https://issuer.test/keys"),
        Tokens(SECRET, terms=TokenTerms(audience="show")),
        Tokens(SECRET, terms=TokenTerms(issuer="show")),
    ]
    assert len({mine.fingerprint, *(each.fingerprint for each in others)}) == 5
    assert Tokens(None, "https://issuer.test/keys").fingerprint
    assert SECRET[:4] not in mine.fingerprint


@pytest.mark.asyncio
async def test_servers_that_differ_are_told_of_each_other(tmp_path: Path) -> None:
    async with valkey(tmp_path) as url:
        stores = [await open_store(url) for _ in range(3)]
        told: list[list[float]] = [[], [], []]
        watches = [
            SecretWatch(store, fingerprint, each.append)
            for store, fingerprint, each in zip(stores, "aab", told, strict=True)
        ]
        try:
            for watch in watches:
                await watch.compare()
            assert told == [[0], [0], [2]]
            await watches[0].compare()
            assert told[0] == [0, 1]
            gone_ms = stores[2].now_ms() - HEARD_MS - 1000
            await stores[2].fingerprints.say(stores[2].node, "b", gone_ms)
            await watches[0].compare()
            assert told[0] == [0, 1, 0]
            ask = stores[0].rooms._reader.ask
            await ask("HSET", keys.FINGERPRINTS, "odd", "a:of tomorrow")
            await watches[0].compare()
            assert told[0] == [0, 1, 0, 0]
            assert await ask("HLEN", keys.FINGERPRINTS) == 2
        finally:
            for store in stores:
                await store.close()
