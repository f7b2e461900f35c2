from __future__ import annotations

from pathlib import Path

import pytest
from grandstand.domain.identity import Identity
from grandstand.replica.revocations import RevocationList
from grandstand.store import keys
from grandstand.store.store import open_store
from grandstand.wire.codes import RefusedError

from tests.valkey import valkey

pytestmark = pytest.mark.asyncio

ADA = Identity("ada", "Ada", "viewer", frozenset("*"))


async def test_a_process_takes_over_what_others_revoked_and_believes_no_loss(
    tmp_path: Path,
) -> None:
    async with valkey(tmp_path) as url:
        store = await open_store(url)
        try:
            later, now = int(store.now_ms()) + 60_000, store.now_ms()
            await store.revocations.put("sub", "ada", later)
            started = RevocationList(store)  # as after a restart
            await started.compare()
            assert started.changed.is_set()
            with pytest.raises(RefusedError):
                started.known.check(ADA, now)

            started.changed.clear()
            await started.compare()
            assert not started.changed.is_set()

            await store.rooms._reader.ask("DEL", keys.REVOKED)
            await started.compare()
            with pytest.raises(RefusedError):
                started.known.check(ADA, now)

            # What another revokes afterwards doesn't take its place; who starts now knows it too.
            await store.revocations.put("jti", "t1", later)
            after = RevocationList(store)
            for each in (started, after):
                await each.compare()
                with pytest.raises(RefusedError):
                    each.known.check(ADA, now)

            await store.revocations.put("sub", "ada", 0)
            await started.compare()
            started.known.check(ADA, now)
        finally:
            await store.close()
