"""Besides the model test, which holds the script against the books."""

from __future__ import annotations

import pytest
from grandstand.store import keys
from grandstand.store.store import Store

pytestmark = pytest.mark.asyncio


async def test_every_change_has_a_version_of_its_own(store: Store) -> None:
    before = await store.revocations.version()
    later = int(store.now_ms()) + 60_000
    assert await store.revocations.put("jti", "a:b", later)
    assert await store.revocations.put("sub", "ada", later)
    assert await store.revocations.put("sub", "ada", 0)
    version, found = await store.revocations.all()
    assert version == await store.revocations.version() == before + 3
    assert list(found) == [("jti", "a:b")]
    revocation = found["jti", "a:b"]
    assert revocation.until == later
    assert abs(revocation.at - store.now_ms()) < 60_000


async def test_one_that_cannot_be_read_hides_no_other(store: Store) -> None:
    assert await store.revocations.put("sub", "ada", int(store.now_ms()) + 60_000)
    await store.rooms._reader.ask("HSET", keys.REVOKED, "sub:bo", "1:2:of tomorrow", b"\xff", "x")
    assert list((await store.revocations.all())[1]) == [("sub", "ada")]
