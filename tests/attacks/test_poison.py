"""A batch that kills, hangs or fails its sequencer: the room goes on, and nothing else is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain import events
from grandstand.domain.events import CommentEvent
from grandstand.domain.record import Row
from grandstand.leader.leader import RoomLeader
from grandstand.sequencer.caution import SMALL
from grandstand.sequencer.folding import RoomFold
from grandstand.store import keys
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store, open_store
from grandstand.tasks import cancel_all
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tests.attacks.sequencing import POISON, ROOM, poisoned
from tests.waiting import until

COMMENTS = 300
PLACE = 137
"""Of the poison: behind some pieces, and before others."""


@pytest_asyncio.fixture
async def store(valkey_url: str) -> AsyncIterator[Store]:
    store = await open_store(valkey_url)
    yield store
    await store.close()


@contextmanager
def sequencing(url: str, folder: Path, place: str, happens: str, count: int) -> Iterator[None]:
    words = [sys.executable, "-m", "tests.attacks.sequencing", url, str(folder), place, happens]
    process = subprocess.Popen([*words, str(count)], start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def say(store: Store, room: str, texts: list[str]) -> list[str]:
    """Comments of a room that is made for them, by their ids."""
    await store.rooms.create(room, uuid4().hex)
    items, now = [], int(store.now_ms())
    for number, text in enumerate(texts):
        weight = 9.0 if text == POISON else 5.0  # it is looked at
        event = CommentEvent(f"u{number}", "N", now, text, weight, 0.0, 0.0, number)
        items.append(Item(f"u{number}", "1", "c", events.encode(event)))
    stored = await store.ingest.append(room, items, CommentRate(0, 1), store.now_ms())
    assert all(each.result == "accepted" for each in stored)
    return [each.comment for each in stored]


async def committed(store: Store, room: str) -> list[Row]:
    """All that the room's record has once nothing is waiting any more, by their ids."""

    async def is_read() -> bool:
        return not await store.ingest.read(room, "0", 1)

    await until(is_read)
    rows = [row async for row in store.record.rows(room, 0, 2**53, shown_only=False)]
    return sorted(rows, key=lambda row: row.id)


def texts() -> list[str]:
    return [f"line {n}" if n != PLACE else POISON for n in range(COMMENTS)]


async def whole(store: Store, room: str) -> None:
    """Waits until the holder has noted that it survived."""

    async def has_noted() -> bool:
        return bool(await store.rooms._reader.ask("HGET", keys.holder(room), "lost") == b"0")

    await until(has_noted)


@pytest.mark.parametrize("happens", ["die", "hang"])
async def test_what_is_dear_to_compare_stops_one_process_and_no_second(
    store: Store, valkey_url: str, tmp_path: Path, happens: str
) -> None:
    (lost := tmp_path / "lost").mkdir()
    ids = await say(store, ROOM, texts())
    with sequencing(valkey_url, lost, "compare", happens, count=2):
        rows = await committed(store, ROOM)
        await whole(store, ROOM)
        assert len(list(lost.iterdir())) == 1
    assert [row.id for row in rows] == sorted(ids)
    assert any(row.shown for row in rows)


@pytest.mark.parametrize(("place", "deaths"), [("fold", 4), ("read", 5)])
async def test_an_entry_that_kills_by_itself_is_put_aside_and_no_other(
    store: Store, valkey_url: str, tmp_path: Path, place: str, deaths: int
) -> None:
    (lost := tmp_path / "lost").mkdir()
    ids = await say(store, ROOM, texts())
    innocent = await say(store, "b", ["one", "two", "three"])
    with sequencing(valkey_url, lost, place, "die", count=deaths + 2):
        rows, others = await committed(store, ROOM), await committed(store, "b")
        await whole(store, ROOM)
        assert len(list(lost.iterdir())) == deaths
        (later,) = await say_more(store, ROOM)
        assert later in [row.id for row in await committed(store, ROOM)]
    known = [row.id for row in rows]
    assert known == sorted(ids if place == "fold" else set(ids) - {ids[PLACE]})
    assert not any(row.shown for row in rows if row.text == POISON)
    assert [row.id for row in others] == sorted(innocent)
    assert all(row.shown for row in others)


async def say_more(store: Store, room: str) -> list[str]:
    event = CommentEvent("v", "N", int(store.now_ms()), "later", 5.0, 0.0, 0.0, 7)
    item = Item("v", "1", "c", events.encode(event))
    stored = await store.ingest.append(room, [item], CommentRate(0, 1), store.now_ms())
    return [each.comment for each in stored]


async def test_an_entry_that_raises_is_put_aside_and_not_tried_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 0

    def fail() -> None:
        nonlocal failures
        failures += 1
        raise ZeroDivisionError(POISON)

    told = poisoned(RoomFold._comment, lambda _, draft, comment, event, now: event.text, fail)
    monkeypatch.setattr(RoomFold, "_comment", told)
    ids = await say(store, "a", texts())
    metrics = Metrics(CollectorRegistry())
    with capture_logs() as log:
        leader = asyncio.create_task(RoomLeader(store, metrics).run())
        try:
            rows = await committed(store, "a")
        finally:
            await cancel_all([leader])
    assert [row.id for row in rows] == sorted(ids)
    assert [row.shown for row in rows if row.text == POISON] == [False]
    assert failures == 3  # with all others, with some, by itself
    assert metrics.registry.get_sample_value("grandstand_events_put_aside_total") == 1
    told_of = [entry["event"] for entry in log]
    assert told_of.count("fold_failed") == 3
    assert told_of.count("event_poisoned") == 1
    assert "sequencer_failed" not in told_of
    assert POISON not in str([entry for entry in log if entry["event"] == "fold_failed"])


async def test_a_poison_among_few_leaves_the_room_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a batch of several poisons costs: each is put aside, all in one life."""

    def fail() -> None:
        raise ZeroDivisionError

    told = poisoned(RoomFold._comment, lambda _, draft, comment, event, now: event.text, fail)
    monkeypatch.setattr(RoomFold, "_comment", told)
    said = [POISON if n % 40 == 0 else f"line {n}" for n in range(2 * SMALL + 30)]
    ids = await say(store, "a", said)
    metrics = Metrics(CollectorRegistry())
    leader = asyncio.create_task(RoomLeader(store, metrics).run())
    try:
        rows = await committed(store, "a")
    finally:
        await cancel_all([leader])
    assert [row.id for row in rows] == sorted(ids)
    put_aside = metrics.registry.get_sample_value("grandstand_events_put_aside_total")
    assert put_aside == said.count(POISON)
