from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.archive.archive import Archive
from grandstand.archive.storage import Folder
from grandstand.leader import leader as module
from grandstand.leader.job import Job
from grandstand.leader.leader import RoomLeader
from grandstand.store import keys, leases
from grandstand.store.errors import ConflictError, RoomEndedError, StoreUnavailable
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store, open_store
from grandstand.tasks import cancel_all
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry

from tests.valkey import valkey
from tests.waiting import until


class Fake:
    """In a sequencer's place: runs until it is cancelled, or told how to end."""

    made: list[Fake]

    def __init__(self, room: str, store: Store, metrics: Metrics, jobs: Sequence[Job] = ()) -> None:
        self.room = room
        self.due: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self.is_running = False
        Fake.made.append(self)

    async def run(self) -> int | None:
        self.is_running = True
        try:
            return await self.due
        finally:
            self.is_running = False

    async def end(self) -> None:
        """Nothing runs beside it."""

    def behind_s(self, job: str) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def sequencers(monkeypatch: pytest.MonkeyPatch) -> None:
    Fake.made = []
    monkeypatch.setattr(module, "RoomSupervisor", Fake)
    monkeypatch.setattr(module, "ROUND_S", 0.02)


@pytest_asyncio.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with valkey(tmp_path) as served:
        yield served


async def append(store: Store, room: str) -> None:
    item = Item("u", uuid4().hex, "c", b"x")
    await store.ingest.append(room, [item], CommentRate(0, 1), store.now_ms())


async def forget_nudges(store: Store) -> None:
    """As after five seconds without one."""
    store.awake_rooms._nudged.clear()


async def rounds(store: Store) -> list[int]:
    """How many leases the last of some rounds asked for."""
    asked: list[int] = []
    hold = store.leases.hold

    async def counting(rooms: Sequence[str], working: Collection[str]) -> set[str]:
        asked.append(len(rooms))
        return await hold(rooms, working)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.leases, "hold", counting)
        await until(lambda: len(asked) >= 8)
    return asked[-4:]


@asynccontextmanager
async def on_duty(
    url: str, visited: Callable[[], Iterable[str]] = list, archive: Archive | None = None
) -> AsyncIterator[tuple[Store, asyncio.Task[None]]]:
    store = await open_store(url)
    leader = RoomLeader(store, Metrics(CollectorRegistry()), visited, archive=archive)
    task = asyncio.create_task(leader.run())
    try:
        yield store, task
    finally:
        await cancel_all([task])
        await store.close()


def running() -> list[str]:
    return sorted(each.room for each in Fake.made if each.is_running)


async def test_every_room_is_sequenced_once_also_those_made_later(url: str) -> None:
    async with on_duty(url) as (store, _):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        await store.rooms.create("b", uuid4().hex)
        await until(lambda: running() == ["a", "b"])
        await rounds(store)
        assert len(Fake.made) == 2


async def test_of_two_processes_one_has_the_room_and_the_other_when_it_is_given_back(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_MS", 3_600_000)  # it doesn't run out by itself
    async with on_duty(url) as (one, first):
        await one.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        async with on_duty(url) as (other, _):
            await rounds(other)
            assert len(Fake.made) == 1
            await cancel_all([first])
            await until(lambda: len(Fake.made) == 2 and running() == ["a"])


async def test_who_loses_the_lease_stops(url: str) -> None:
    async with on_duty(url) as (store, _):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        await store.rooms._reader.ask("SET", keys.lease("a"), "another", "PX", 300)
        await until(lambda: running() == [])
        await until(lambda: running() == ["a"])
        assert len(Fake.made) == 2


@pytest.mark.parametrize(
    "error", [ConflictError("moved"), StoreUnavailable("away"), ZeroDivisionError()]
)
async def test_a_sequencer_that_ended_is_started_anew(url: str, error: Exception) -> None:
    async with on_duty(url) as (store, task):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        Fake.made[0].due.set_exception(error)
        await until(lambda: len(Fake.made) == 2 and running() == ["a"])
        assert not task.done()


async def test_a_room_whose_end_only_a_lost_server_knew_keeps_its_archive_and_goes_on(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def delete(room: str) -> None:
        raise AssertionError(room)

    metrics = Metrics(CollectorRegistry())
    archive = Archive(Folder(tmp_path / "archive"), metrics)
    monkeypatch.setattr(archive, "delete", delete)
    async with on_duty(url, archive=archive) as (store, _):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        Fake.made[0].due.set_exception(RoomEndedError("a"))
        await until(lambda: len(Fake.made) == 2 and running() == ["a"])


async def test_a_room_that_rests_has_no_lease_until_something_is_appended(url: str) -> None:
    async with on_duty(url) as (store, _):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        await forget_nudges(store)
        Fake.made[0].due.set_result(None)
        await until(lambda: running() == [])
        asked = await rounds(store)
        assert asked == [0, 0, 0, 0]
        assert await store.rooms._reader.ask("EXISTS", keys.lease("a")) == 0
        assert await store.awake_rooms.due(store.now_ms() + 1e9) == set()
        await append(store, "a")
        await until(lambda: running() == ["a"])
        assert await store.awake_rooms.due(store.now_ms()) == {"a"}


async def test_a_room_that_rests_until_a_moment_is_sequenced_from_then_on(url: str) -> None:
    async with on_duty(url) as (store, _):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        await forget_nudges(store)
        Fake.made[0].due.set_result(int(store.now_ms()) + 300)
        await until(lambda: running() == [])
        await until(lambda: running() == ["a"])
        assert len(Fake.made) == 2


async def test_what_a_process_appended_before_it_died_is_found_by_another(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.leader.leader.ROOMS_S", 0.1)
    other = await open_store(url)  # without a duty
    try:
        async with on_duty(url) as (store, _):
            await store.rooms.create("a", uuid4().hex)
            await until(lambda: running() == ["a"])
            await forget_nudges(store)
            Fake.made[0].due.set_result(None)
            await until(lambda: running() == [])
            await append(other, "a")
            await until(lambda: running() == ["a"])
    finally:
        await other.close()


async def test_a_room_with_viewers_here_is_awake(url: str) -> None:
    store = await open_store(url)
    await store.rooms.create("a", uuid4().hex)
    async with on_duty(url, lambda: ["a"]):
        await until(lambda: running() == ["a"])
        Fake.made[0].due.set_result(None)
        await until(lambda: len(Fake.made) == 2 and running() == ["a"])
    await store.close()


async def test_quiet_rooms_cost_no_lease_and_no_read_each(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = "grandstand.leader.leader.ROOMS_S"
    monkeypatch.setattr(listing, inf)
    async with on_duty(url) as (store, _):
        rooms = [f"r{number}" for number in range(150)]
        for room in rooms:
            await store.rooms.create(room, uuid4().hex)
        await until(lambda: len(Fake.made) == len(rooms))
        await forget_nudges(store)
        for made in Fake.made:
            made.due.set_result(None)
        await until(lambda: running() == [])
        monkeypatch.setattr(listing, 0.05)  # the first list had none of them
        assert await rounds(store) == [0, 0, 0, 0]


async def test_a_store_that_is_away_stops_no_sequencer(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_duty(url) as (store, task):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        rounds = 0

        async def away(*arguments: object) -> None:
            nonlocal rounds
            rounds += 1
            raise StoreUnavailable("away")

        with monkeypatch.context() as patch:
            patch.setattr(store.leases, "hold", away)
            await until(lambda: rounds >= 3)
            assert running() == ["a"]
        assert len(Fake.made) == 1
        assert not task.done()


async def test_at_the_end_all_stop_and_every_lease_is_given_back(url: str) -> None:
    async with on_duty(url) as (store, task):
        for room in ("a", "b"):
            await store.rooms.create(room, uuid4().hex)
        await until(lambda: running() == ["a", "b"])
        await cancel_all([task])
        assert running() == []
        kept = [("EXISTS", keys.lease(room)) for room in ("a", "b")]
        assert await store.rooms._reader.ask_all(kept) == [0, 0]


async def test_at_the_end_a_room_whose_jobs_are_stuck_holds_up_no_other(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = asyncio.Event()

    async def end(self: Fake) -> None:
        if self.room == "stuck":
            await may_end.wait()

    monkeypatch.setattr(Fake, "end", end)
    monkeypatch.setattr(module, "PROMPTLY_S", 0.02)
    async with on_duty(url) as (store, task):
        for room in ("a", "b", "stuck"):
            await store.rooms.create(room, uuid4().hex)
        await until(lambda: running() == ["a", "b", "stuck"])
        task.cancel()

        async def others_are_free() -> bool:
            kept = [("EXISTS", keys.lease(room)) for room in ("a", "b")]
            return await store.rooms._reader.ask_all(kept) == [0, 0]

        await until(others_are_free)
        assert not task.done()
        may_end.set()
        await asyncio.wait([task])
        assert await store.rooms._reader.ask("EXISTS", keys.lease("stuck")) == 0


async def test_an_end_without_a_store_is_an_end(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_duty(url) as (store, task):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])

        async def away(*arguments: object) -> None:
            raise StoreUnavailable("away")

        monkeypatch.setattr(store.leases, "give_back", away)
        await cancel_all([task])
        assert running() == []


async def test_all_sequencers_are_told_to_end_before_any_has(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, may_leave = list[str](), asyncio.Event()

    async def run(self: Fake) -> None:
        self.is_running = True
        try:
            await self.due
        finally:
            leaving.append(self.room)
            try:
                await may_leave.wait()
            finally:
                self.is_running = False

    monkeypatch.setattr(Fake, "run", run)
    async with on_duty(url) as (store, task):
        for room in ("a", "b", "c"):
            await store.rooms.create(room, uuid4().hex)
        await until(lambda: running() == ["a", "b", "c"])
        task.cancel()
        await until(lambda: sorted(leaving) == ["a", "b", "c"])
        may_leave.set()
        await asyncio.wait([task])
        assert running() == []


async def test_jobs_that_take_long_to_end_keep_no_lease_from_being_renewed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending, may_end = list[str](), asyncio.Event()

    async def end(self: Fake) -> None:
        ending.append(self.room)
        await may_end.wait()

    monkeypatch.setattr(Fake, "end", end)
    async with on_duty(url) as (store, _):
        for room in ("a", "b", "c"):
            await store.rooms.create(room, uuid4().hex)
        await until(lambda: running() == ["a", "b", "c"])
        Fake.made[0].due.set_result(None)
        Fake.made[1].due.set_exception(ConflictError("moved"))
        await until(lambda: len(ending) == 2)
        assert (await rounds(store))[-1] >= 1
        may_end.set()


async def test_a_room_that_goes_to_rest_in_the_middle_of_a_round_stops_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_duty(url) as (store, leader):
        await store.rooms.create("a", uuid4().hex)
        await until(lambda: running() == ["a"])
        await forget_nudges(store)

        async def meanwhile(*rooms: object) -> set[str]:  # the lease is lost, too
            if not Fake.made[0].due.done():
                Fake.made[0].due.set_result(None)
            await until(lambda: running() == [])
            return set()

        with monkeypatch.context() as patch:
            patch.setattr(store.leases, "hold", meanwhile)
            await until(lambda: running() == [])
        assert await rounds(store) == [0, 0, 0, 0]
        assert not leader.done()
        await append(store, "a")
        await until(lambda: running() == ["a"])
