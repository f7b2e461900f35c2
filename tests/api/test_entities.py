from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest
from grandstand.replica.entities import EntityTable
from grandstand.replica.room import load

from tests.api.harness import Harness, beside
from tests.api.test_stats import told
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


def update(entity: str, name: str, **fields: Any) -> dict[str, Any]:
    values = fields.pop("values", {"speed": {"value": 37.5, "unit": "km/h", "rank": 2, "best": 38}})
    return {"entity": entity, "name": name, "audience": "followers", "values": values, **fields}


async def test_an_entity_has_its_present_values_and_the_last_changes(on_stage: Harness) -> None:
    room = await on_stage.room()
    live = await on_stage.live(room)
    now, path = live.now(), f"/v1/rooms/{room}/entities/athlete:1"
    assert (await on_stage.call("GET", path)).json()["code"] == "unknown_entity"
    await told(on_stage, room, update("athlete:1", "Ada", at=now))
    later = update("athlete:1", "Ada L.", at=now + 1, values={"lane": 4, "speed": 37.5})
    await told(on_stage, room, later)
    answer = await on_stage.call("GET", path, role=None)
    assert answer.json() == {
        "entity": "athlete:1",
        "name": "Ada L.",
        "kind": "athlete",
        "followers": 0,
        "at": now + 1,
        "values": {
            "speed": {"value": 37.5, "at": now + 1},
            "lane": {"value": 4, "at": now + 1},
        },
        "changes": [
            {"at": now + 1, "name": "lane", "value": 4},
            {"at": now + 1, "name": "speed", "value": 37.5},
            {"at": now, "name": "speed", "value": 37.5, "unit": "km/h"},
        ],
    }
    assert live.replica.state.overlays == {}
    await told(on_stage, room, update("athlete:1", "Ada", at=now + 2, values=None))
    assert (await on_stage.call("GET", path)).status_code == 404


async def test_an_entitys_id_may_have_slashes(on_stage: Harness) -> None:
    room = await on_stage.room()
    await told(on_stage, room, update("athlete:4/100/a b", "Ada"))
    answer = await on_stage.call("GET", f"/v1/rooms/{room}/entities/athlete:4%2F100%2Fa%20b")
    assert answer.json()["entity"] == "athlete:4/100/a b"


async def test_entities_are_found_by_name_and_in_pages(on_stage: Harness) -> None:
    room = await on_stage.room()
    many = [update(f"athlete:{n:03}", f"Läufer {n:03}") for n in range(120)]
    await told(on_stage, room, *many, update("team:1", "张三丰队"))
    path = f"/v1/rooms/{room}/entities"
    (only,) = (await on_stage.call("GET", f"{path}?q=三丰")).json()["entities"]
    assert only == {"entity": "team:1", "name": "张三丰队", "kind": "team", "followers": 0}
    found, after = [], ""
    while True:
        page = (await on_stage.call("GET", f"{path}?q=lauf&after={after}")).json()
        found += [each["name"] for each in page["entities"]]
        if "next" not in page:
            break
        after = page["next"]
    assert found == [f"Läufer {n:03}" for n in range(120)]
    first = (await on_stage.call("GET", path)).json()
    assert (len(first["entities"]), first["kinds"]) == (50, ["athlete", "team"])
    await told(on_stage, room, update("team:1", "张三丰队", values=None))
    assert (await on_stage.call("GET", path)).json()["kinds"] == ["athlete"]
    assert (await on_stage.call("GET", f"{path}?after=%C3%A4")).status_code == 422


async def test_followers_are_those_of_all_nodes(on_stage: Harness) -> None:
    room = await on_stage.room()
    await told(on_stage, room, update("athlete:1", "Ada"))
    for node, count in (("one", 2), ("two", 5)):
        await on_stage.store.rooms.present(node, {room: 9}, on_stage.store.now_ms())
        await on_stage.store.followers.report(node, {room: {"athlete:1": count}})
    (entry,) = (await on_stage.call("GET", f"/v1/rooms/{room}/entities")).json()["entities"]
    assert entry["followers"] == 7


async def test_a_room_that_is_followed_anew_reads_its_entities(on_stage: Harness) -> None:
    room = await on_stage.room()
    await told(on_stage, room, *(update(f"athlete:{n}", f"A {n}") for n in range(2000)))
    async with beside(on_stage) as other:
        answer = await other.call("GET", f"/v1/rooms/{room}/entities/athlete:1999")
        assert answer.json()["name"] == "A 1999"
        assert len((await other.live(room)).entities) == 2000


async def test_a_call_that_waits_goes_on_with_the_entities_of_a_room_that_is_loaded_anew(
    on_stage: Harness,
) -> None:
    class Waited(asyncio.Event):
        is_waited_for = False

        async def wait(self) -> Literal[True]:
            self.is_waited_for = True
            return await super().wait()

    room = await on_stage.room()
    await told(on_stage, room, update("athlete:1", "Ada"))
    live = await on_stage.live(room)
    live.entities, waited = EntityTable(), Waited()
    live.entities.is_whole = waited
    call = asyncio.create_task(on_stage.call("GET", f"/v1/rooms/{room}/entities/athlete:1"))
    await until(lambda: waited.is_waited_for)
    live._take(*await load(on_stage.store, room))
    assert (await call).json()["name"] == "Ada"
