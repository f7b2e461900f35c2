from __future__ import annotations

from typing import Any

import pytest

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")

RUNNER: dict[str, Any] = {
    "values": [
        {"name": "speed", "unit": "km/h"},
        {"name": "lane", "type": "integer"},
        {"name": "club", "type": "text"},
    ]
}


async def test_a_schema_is_put_read_and_removed(on_stage: Harness) -> None:
    room = await on_stage.room()
    path = f"/v1/rooms/{room}/schemas/runner"
    assert (await on_stage.call("GET", path)).json() == {"values": []}
    answer = await on_stage.call("PUT", path, json=RUNNER)
    assert answer.status_code == 200, answer.text
    assert answer.json()["values"][0] == {"name": "speed", "unit": "km/h"}
    assert (await on_stage.call("GET", path, role="viewer")).json() == answer.json()
    await on_stage.call("PUT", path, json={"values": []})
    assert (await on_stage.live(room)).replica.state.schemas == {}


async def test_values_must_be_as_the_schema_of_their_kind_says(on_stage: Harness) -> None:
    room = await on_stage.room()
    await on_stage.call("PUT", f"/v1/rooms/{room}/schemas/runner", json=RUNNER)
    stats, update = f"/v1/rooms/{room}/stats", {"entity": "runner:1", "name": "Ada"}
    wrong = {"speed": "37", "lane": 1.5, "wind": 1, "club": {"value": "TSV", "unit": "m"}}
    for audience in ("followers", "everyone"):
        body = {**update, "audience": audience, "values": wrong}
        answer = await on_stage.call("POST", stats, json=body)
        assert answer.status_code == 422
        assert {each["path"]: each["message"] for each in answer.json()["errors"]} == {
            "values.speed": "must be a number by the schema of this kind, and is a text",
            "values.lane": "must be an integer by the schema of this kind, and is no integer",
            "values.wind": "isn't in the schema of this kind; it has speed, lane, club",
            "values.club": "must be in no unit by the schema of this kind",
        }
    right = {"club": "TSV", "speed": 37.5, "lane": {"value": 4}}
    body = {**update, "audience": "followers", "values": right}
    assert (await on_stage.call("POST", stats, json=body)).status_code == 200
    entity = (await on_stage.call("GET", f"/v1/rooms/{room}/entities/runner:1")).json()
    assert list(entity["values"]) == ["speed", "lane", "club"]
    assert entity["values"]["speed"]["unit"] == "km/h"


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        ("a:b", RUNNER, "kind"),
        ("x" * 41, RUNNER, "kind"),
        ("runner", {"values": [{"name": " "}]}, "values[0].name"),
        ("runner", {"values": [{"name": "a"}, {"name": "a "}]}, "values[1].name"),
        ("runner", {"values": [{"name": "a", "type": "date"}]}, "values[0].type"),
        ("runner", {"values": [{"name": f"{n}"} for n in range(25)]}, "values"),
    ],
)
async def test_a_wrong_schema_is_refused(
    on_stage: Harness, kind: str, body: dict[str, Any], path: str
) -> None:
    room = await on_stage.house()
    answer = await on_stage.call("PUT", f"/v1/rooms/{room}/schemas/{kind}", json=body)
    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["errors"]] == [path]
