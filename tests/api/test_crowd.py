"""What audiences will be, of all rooms and together."""

from __future__ import annotations

import pytest
from grandstand.store.crowds import Forecast
from grandstand.store.houses import House, Said
from grandstand.wire.gauges import Crowd, Expected

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_it_lists_rooms_with_a_fresh_forecast_the_largest_first_and_their_sum(
    on_stage: Harness,
) -> None:
    store = on_stage.store
    now = int(store.now_ms())
    large, small, silent = [await on_stage.room() for _ in range(3)]
    await store.awake_rooms.wake([small, large, silent], 0)
    for room, present, at in ((small, 5, now), (large, 50, now), (silent, 500, now - 3_600_000)):
        crowd = Crowd([Expected(60, present, 2 * present, 3 * present)], [])
        await store.crowds.keep(room, {}, [], Forecast(at, present, crowd))
    report = (await on_stage.call("GET", "/v1/crowd")).json()
    rooms = [each for each in report["rooms"] if each["room"] in (large, small, silent)]
    assert rooms == [
        {
            "room": room,
            "present": present,
            "viewers": [{"in": 60, "p10": present, "p50": 2 * present, "p90": 3 * present}],
            "comments": [],
        }
        for room, present in ((large, 50), (small, 5))
    ]
    assert report["sum"]["present"] == sum(each["present"] for each in report["rooms"])
    assert report["sum"]["viewers"][0]["p90"] >= 165
    assert report["sum"]["without_forecast"] >= 1


async def test_advice_of_all_processes_comes_once_and_what_they_did_newest_first(
    on_stage: Harness,
) -> None:
    store = on_stage.store
    now = int(store.now_ms())
    for node, at, seats in (("one", now - 2000, 4000), ("two", now, 3000)):
        advice = [Said(at, "waiting", f"{node} says")]
        done = [Said(at, "rate_raised", f"by {node}")]
        await store.houses.report(node, House(at, seats, 10, 2, 500, advice, done))
    report = (await on_stage.call("GET", "/v1/crowd")).json()
    assert report["house"] == {
        "processes": 2,
        "seats": 7000,
        "here": 20,
        "waiting": 4,
        "per_s": 1000,
    }
    assert report["advice"] == [{"code": "waiting", "text": "two says", "since": now - 2000}]
    assert [(each["at"], each["process"]) for each in report["done"]] == [
        (now, "two"),
        (now - 2000, "one"),
    ]
    await store.houses.report("two", House(now, 0, 10, 2, 500, [], []))
    assert (await on_stage.call("GET", "/v1/crowd")).json()["house"]["seats"] == 0


async def test_it_takes_a_producer_of_all_rooms(on_stage: Harness) -> None:
    token = on_stage.token("producer", await on_stage.house())
    answer = await on_stage.call("GET", "/v1/crowd", role=None, token=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
