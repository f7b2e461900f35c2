"""What all nodes are told of the rooms that are live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain.entities import EntityUpdate, Measured, row_of, updated
from grandstand.domain.envelope import Commit
from grandstand.domain.state import PrivateChanges
from grandstand.leader import recommending as module
from grandstand.leader.recommending import Recommending
from grandstand.overlays import stats_cards
from grandstand.recommendations import bulletin, tastes
from grandstand.recommendations.bulletin import Bulletin, Listed
from grandstand.store import keys
from grandstand.tasks import PATIENTLY_S, cancel_all
from grandstand.wire.codec import encode
from grandstand.wire.highlights import Highlight
from grandstand.wire.messages import Frame
from grandstand.wire.settings import Settings

from tests.edge.harness import ByHand, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module", autouse=True)
def short() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROUND_S", 0.02)
        patch.setattr(module, "FIT_S", 0.02)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def heard(node: Harness) -> AsyncIterator[list[Bulletin]]:
    """What the job has told so far; it runs for all tests of the module."""
    told: list[Bulletin] = []
    bus = node.store.bus(lambda _, payload: told.append(bulletin.unpacked(payload)), lambda: None)
    await bus.subscribe(keys.RECOMMENDATIONS)
    tasks = [asyncio.create_task(bus.run()), asyncio.create_task(Recommending(node.store).run())]
    yield told
    await cancel_all(tasks, PATIENTLY_S)


def entity(name: str, at: int, title: str = "") -> dict[str, bytes]:
    """The row of an entity, as a commit has it."""
    update = EntityUpdate(name, title or name.title(), at, {"speed": Measured(at, 1.0)})
    return {name: row_of(updated(None, update)[0])}


def of(heard: list[Bulletin], room: str) -> Listed | None:
    """What the newest bulletin says of a room."""
    return next((each for each in heard[-1].rooms if each.room == room), None) if heard else None


async def awake(node: Harness, **settings: object) -> ByHand:
    """A room by hand that is on the store's list of awake ones."""
    room = f"live-{uuid4().hex[:6]}"
    await node.store.rooms.create(room, uuid4().hex, Settings(**settings))  # type: ignore[arg-type]
    await node.store.awake_rooms.wake([room], node.store.now_ms())
    live = await node.rooms.get(room)
    return ByHand(node, live, (await node.store.timeline.load(room)).head)


async def test_a_room_that_is_awake_is_told_with_what_is_known_of_it(
    node: Harness, heard: list[Bulletin]
) -> None:
    room = await awake(node, title="The race", guests="none")
    rows = entity("horse:1", 1, "Cloud") | entity("horse:2", 2, "Rain")
    await room.commit(private=PrivateChanges(entities=rows))
    await node.store.rooms.present("n", {room.room: 40}, node.store.now_ms())
    await node.store.recommendations.keep_gauges(room.room, 2, 0.75)
    await until(lambda: (told := of(heard, room.room)) is not None and told.things)
    await until(lambda: (told := of(heard, room.room)) is not None and told.viewers == 42)
    told = of(heard, room.room)
    assert told is not None
    assert (told.title, told.is_open, told.excitement) == ("The race", False, 0.75)
    assert told.things == ["horse:2", "horse:1"]
    assert {"horse:1": "Cloud", "horse:2": "Rain"}.items() <= heard[-1].names.items()
    assert abs(told.at - room.live.now()) < 60_000
    assert (told.rise, told.highlight_age_s) == (1.0, None)


async def test_a_room_is_also_about_the_entities_that_it_shows_everybody(
    node: Harness, heard: list[Bulletin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHOWN_S", 0.0)
    room = await awake(node)
    for name in ("team:1", "team:2"):
        now, offset = room.live.now(), room.head.offset + 1
        card = stats_cards.version(name, name.title(), now, {"goals": 1}, 60_000)
        frame = Frame(now=now, offset=offset, overlays=[card])
        payload = encode(frame, "msgpack")
        private = PrivateChanges(entities=entity("player:9", 1))
        commit = Commit(room.head.epoch, room.head.seq + 1, offset, now, [payload], private)
        await room.store(commit)
        await until(
            lambda name=name: (
                (told := of(heard, room.room)) is not None  # type: ignore[misc]
                and name in told.things
                and "player:9" in told.things
            )
        )
    told = of(heard, room.room)
    assert told is not None
    assert told.things == ["team:1", "team:2", "player:9"]
    assert heard[-1].names["team:2"] == "Team:2"


async def test_where_to_come_in_is_where_a_new_highlight_began(
    node: Harness, heard: list[Bulletin]
) -> None:
    room = await awake(node)
    now = room.live.now()
    for age_ms, is_new in ((10_000, True), (400_000, False)):
        at = now - age_ms
        found = Highlight(3.0, [], [], at - 9, at, at, id="h")
        await node.store.highlights.keep(room.room, age_ms, b"", {}, [found], 0)
        await until(
            lambda is_new=is_new: (
                (told := of(heard, room.room)) is not None  # type: ignore[misc]
                and (told.highlight_age_s is not None) == is_new
            )
        )
        told = of(heard, room.room)
        assert told is not None
        assert (told.at == at - 9) == is_new
        await node.store.highlights.keep(room.room, age_ms, b"", {}, [], 0, removed=[found])


async def test_a_room_goes_when_it_ends_and_stays_a_while_when_it_rests(
    node: Harness, heard: list[Bulletin], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, resting = await awake(node), await awake(node)
    await resting.commit()
    await until(lambda: of(heard, ended.room) and of(heard, resting.room))
    await node.store.awake_rooms.rest({resting.room: None})
    await node.store.deletions.end(ended.room)
    await until(lambda: of(heard, ended.room) is None)
    assert of(heard, resting.room) is not None
    monkeypatch.setattr(module, "LIVE_MS", 0)
    await until(lambda: of(heard, resting.room) is None)
    await node.store.awake_rooms.wake([resting.room], node.store.now_ms())  # to be trimmed
    seen = len(heard)
    await until(lambda: len(heard) > seen + 1)
    assert of(heard, resting.room) is None
    await node.store.rooms.present("n", {resting.room: 1}, node.store.now_ms())
    await until(lambda: of(heard, resting.room))


async def test_who_takes_over_finds_the_rooms_that_rest(
    node: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 1)
    resting = [await awake(node) for _ in range(3)]
    for room in resting:
        await room.commit()
        await node.store.awake_rooms.rest({room.room: None})
    work = module._Work(node.store)
    await work.look_back()
    for _ in range(len(work._of_before)):
        await work.tell()
    assert {room.room for room in resting} <= work._live


async def test_what_most_follow_comes_first_and_things_have_a_bound(
    node: Harness, heard: list[Bulletin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ROOM_THINGS", 3)
    store = node.store
    people = [["athlete:7", "athlete:5"], ["athlete:7"]]
    room = await awake(node)
    rows: dict[str, bytes] = {}
    for number in range(9):
        rows |= entity(f"athlete:{number}", number)

    async def told_first() -> bool:
        await store.recommendations.publish(keys.FOLLOWS, tastes.packed("n1", people))
        await room.commit(private=PrivateChanges(entities=rows | entity(uuid4().hex, 0)))
        await asyncio.sleep(0)
        told = of(heard, room.room)
        return told is not None and told.things == ["athlete:7", "athlete:5", "athlete:8"]

    await until(told_first)


async def test_people_make_an_alikeness_that_the_bulletin_names(
    node: Harness, heard: list[Bulletin]
) -> None:
    people = [["room:a", "x", "y"]] * 4 + [["z"]] * 4

    async def fitted() -> bool:
        await node.store.recommendations.publish(keys.FOLLOWS, tastes.packed("n2", people))
        return bool(heard and heard[-1].alikeness)

    await until(fitted)
    before: list[bytes] = []

    async def known() -> bool:
        payload = await node.store.recommendations.alikeness(heard[-1].alikeness)
        if payload is None:
            return False
        before.append(payload)
        return {"room:a", "x", "y", "z"} <= set(bulletin.unpacked_alikeness(payload).things)

    await until(known)
    await node.store.recommendations.publish(keys.FOLLOWS, b"\xc1")  # a newer version's
    await node.store.recommendations.publish(keys.FOLLOWS, tastes.packed("n2", []))

    async def forgotten() -> bool:
        payload = await node.store.recommendations.alikeness(heard[-1].alikeness)
        return payload is not None and "z" not in bulletin.unpacked_alikeness(payload).things

    await until(forgotten)
