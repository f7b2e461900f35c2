"""A process' board: what it heard last, made when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from grandstand.recommendations import bulletin
from grandstand.recommendations.alikeness import Alikeness
from grandstand.recommendations.bulletin import Bulletin, Listed
from grandstand.replica import recommender as module
from grandstand.replica.recommender import NOBODY, Recommender
from grandstand.store import keys
from grandstand.store.store import Store
from grandstand.tasks import cancel_all

from tests.edge.harness import Harness, harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("board"), sequenced=False) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def recommender(node: Harness) -> AsyncIterator[Recommender]:
    made = Recommender(node.store)
    task = asyncio.create_task(made.run())
    await until(lambda: made._bus._listeners and made._bus.hears)
    try:
        yield made
    finally:
        await cancel_all([task])


def listed(room: str, viewers: int = 5, things: Sequence[str] = (), is_open: bool = True) -> Listed:
    return Listed(room, room.title(), is_open, viewers, 0.5, 1000, list(things))


async def tell(store: Store, *rooms: Listed, alikeness: str = "") -> None:
    names = {thing: thing.title() for room in rooms for thing in room.things}
    payload = bulletin.packed(Bulletin(alikeness, list(rooms), names))
    await store.recommendations.publish(keys.RECOMMENDATIONS, payload)


async def test_it_waits_for_the_first_bulletin_and_for_the_latest(
    node: Harness, recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asyncio.create_task(recommender.present())
    await asyncio.sleep(0)
    await tell(node.store, listed("a", things=["x"]), listed("b", things=["y"], is_open=False))
    present = await first
    assert present.rooms.keys() == {"a", "b"}
    assert present.closed == {"b"}
    assert present.names == {"x": "X", "y": "Y", "room:a": "A", "room:b": "B"}
    assert present.open_names == {"x": "X", "room:a": "A"}
    assert await recommender.present() is present
    monkeypatch.setattr(module, "FRESH_S", -1.0)
    await tell(node.store, listed("a"))
    await until(lambda: recommender._made_of is not recommender._payload)
    assert (await recommender.present()).rooms.keys() == {"a"}


async def test_a_fresh_board_answers_while_the_next_one_is_made(
    node: Harness, recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(node.store, listed("a"))
    before = await recommender.present()
    monkeypatch.setattr(module, "FRESH_S", 60.0)
    await tell(node.store, listed("b"))
    await until(lambda: recommender._made_of is not recommender._payload)
    assert await recommender.present() is before

    async def is_next() -> bool:
        return (await recommender.present()).rooms.keys() == {"b"}

    await until(is_next)


async def test_nothing_is_live_once_nobody_tells_of_it(
    node: Harness, recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.01)
    assert await recommender.present() is NOBODY
    await tell(node.store, listed("a"))
    await until(lambda: recommender._payload)
    assert (await recommender.present()).rooms
    monkeypatch.setattr(module, "STALE_S", -1.0)
    assert await recommender.present() is NOBODY


async def test_what_cant_be_read_leaves_the_board_as_it_was(
    node: Harness, recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH_S", -1.0)
    await tell(node.store, listed("a"))
    await until(lambda: recommender._payload)
    before = await recommender.present()
    await node.store.recommendations.publish(keys.RECOMMENDATIONS, b"another version's")
    await until(lambda: recommender._payload == b"another version's")
    assert await recommender.present() is before


async def test_an_alikeness_is_read_when_a_bulletin_names_it(
    node: Harness, recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH_S", -1.0)
    alikeness = Alikeness.of([["x", "y"]] * 3 + [["z", "w"]] * 3)
    rooms = [listed("a", things=["y"]), listed("b", 50, things=["w"])]
    await node.store.recommendations.keep_alikeness("one", bulletin.packed_alikeness(alikeness))
    for name in ("one", "lost"):  # of one that is gone by now the one before is used
        await tell(node.store, *rooms, alikeness=name)
        await until(lambda: recommender._made_of is not recommender._payload)
        (best, *_) = (await recommender.present()).board.picks(["x"], 2)
        assert (best.room.room, best.code, best.thing) == ("a", "alike", "x")


async def test_answers_are_kept_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ANSWERS", 2)
    present = module.present(Bulletin("", [], {}), Alikeness())
    for number in range(5):
        present.keep(number, b"x")
    assert present.answers == {0: b"x", 1: b"x"}
