from __future__ import annotations

from grandstand.domain.audience_report import AudienceReport
from grandstand.store import keys
from grandstand.store.rooms import PRESENCE_MS
from grandstand.store.store import Store

NOW_MS = 1_000_000.0


async def test_reports_are_those_of_the_nodes_that_spoke_lately(store: Store) -> None:
    reports = store.audience_reports
    one, other = AudienceReport({3: 7}, {1: 2}), AudienceReport({4: 1})
    await reports.write("n1", {"r": one, "s": other}, NOW_MS - PRESENCE_MS - 1)
    await reports.write("n2", {"r": other}, NOW_MS - PRESENCE_MS)
    await reports.write("n3", {"r": one}, NOW_MS)
    assert await reports.of("r", NOW_MS) == {"n2": other, "n3": one}
    assert set(await store.rooms._reader.ask("HKEYS", keys.audience("r"))) == {b"n2", b"n3"}
    await reports.write("n3", {"r": AudienceReport()}, NOW_MS)
    assert (await reports.of("r", NOW_MS))["n3"] == AudienceReport()
    assert await reports.of("nowhere", NOW_MS) == {}


async def test_what_cannot_be_read_is_no_report(store: Store) -> None:
    key = keys.audience("r")
    await store.rooms._reader.ask("HSET", key, "old", "12:1000000", "odd", b"\xc1")
    await store.audience_reports.write("n", {"r": AudienceReport({1: 1})}, NOW_MS)
    assert await store.audience_reports.of("r", NOW_MS) == {"n": AudienceReport({1: 1})}
    assert set(await store.rooms._reader.ask("HKEYS", key)) == {b"n"}
