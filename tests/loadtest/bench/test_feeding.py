"""A feeder of a room that nobody sequences: what it offers is stored, thinned by the share."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from grandstand.domain import events
from grandstand.replica.room import LiveRoom
from grandstand.store_context import connected

from loadtest.bench.feeding import BATCH, feeding
from tests.valkey import valkey


async def test_what_it_offers_is_stored_but_for_the_lightest_beyond_the_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with valkey(tmp_path) as url, connected(url) as store:
        await store.rooms.create("r", uuid4().hex)
        async with feeding(url, "r", ["o", "what a wonderful moment for everybody"]) as feeder:
            whole = await feeder.feed(1e6, 0.01)
            assert whole.accepted == whole.offered > 0
            monkeypatch.setattr(LiveRoom, "share", 0.5)
            half = await feeder.feed(1e6, 0.01)
            assert half.accepted == half.refused == half.offered / 2 >= BATCH / 2
        entries = await store.ingest.read("r", "0-0", 10**6)
        assert len(entries) == whole.accepted + half.accepted
        kept = [events.decode(entry.payload, entry.comment) for entry in entries[whole.accepted :]]
        assert len({event.weight for event in kept}) == 1  # type: ignore[union-attr]
