from __future__ import annotations

from typing import Any

import pytest

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


def nested(depth: int) -> Any:
    """Maps within each other."""
    whole: Any = 1
    for _ in range(depth):
        whole = {"a": whole}
    return whole


async def test_a_cue_is_for_now_and_reaches_the_room(on_stage: Harness) -> None:
    room = await on_stage.house()
    live = await on_stage.live(room)
    before = live.now()
    answer = await on_stage.call(
        "POST", f"/v1/rooms/{room}/cues", json={"name": "goal", "data": {"team": [1, None]}}
    )
    assert answer.status_code == 201
    cue = answer.json()
    assert (cue["name"], cue["data"]) == ("goal", {"team": [1, None]})
    assert before <= cue["at"] <= live.now()
    assert cue["id"] in {given.id for given in live.replica.state.cues}


async def test_what_readers_can_just_read_is_taken(on_stage: Harness) -> None:
    room = await on_stage.house()
    data = {"deep": nested(30), "most": 2**53 - 1, "least": 1 - 2**53, "constructor": "x"}
    answer = await on_stage.call(
        "POST", f"/v1/rooms/{room}/cues", json={"name": "goal", "data": data | {"zero": -0.0}}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"] == data | {"zero": 0.0}
    assert b"-0" not in answer.content.partition(b'"zero"')[2]


async def test_a_cue_may_be_set_for_later_and_for_the_slowest_viewer(on_stage: Harness) -> None:
    room = await on_stage.house()
    now = (await on_stage.live(room)).now()
    for at, status in (
        (now + 3_500_000, 201),
        (now + 3_700_000, 422),
        (now - 50_000, 201),
        (now - 70_000, 422),
    ):
        answer = await on_stage.call(
            "POST", f"/v1/rooms/{room}/cues", json={"name": "goal", "at": at}
        )
        assert answer.status_code == status
        if status == 422:
            assert answer.json()["code"] == "bad_time"
            assert answer.json()["errors"][0]["path"] == "at"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["name"]),
        ({"name": "\u200b", "at": -1, "data": []}, ["at", "data", "name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": "goal", "data": {"text": "x" * 4096}}, ["data"]),
        ({"name": "goal", "data": {"number": 2**64}}, ["data.number"]),
        ({"name": "goal", "data": {"a": [{"__proto__": 1}]}}, ["data.a[0].__proto__"]),
        ({"name": "goal", "data": {"a": nested(32)}}, ["data.a" + ".a" * 30]),
    ],
)
async def test_a_wrong_cue_is_refused(
    on_stage: Harness, body: dict[str, Any], paths: list[str]
) -> None:
    room = await on_stage.house()
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/cues", json=body)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == paths
