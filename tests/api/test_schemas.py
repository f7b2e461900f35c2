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


async def test_a_schema_tells_the_rules_and_is_not_too_large(on_stage: Harness) -> None:
    room = await on_stage.room()
    path = f"/v1/rooms/{room}/schemas/athlete"
    value = {"name": "100 m", "unit": "s", "names": {"zh": "100米"}, "better": "lower"}
    schema = {
        "values": [{**value, "decimals": 2, "close": 0.02, "improves": True}],
        "records": "record",
        "marks": {"WR": "record", "PB": "best"},
        "stages": {"heat": {"weight": 0.5, "names": {"zh": "预赛"}}},
    }
    assert (await on_stage.call("PUT", path, json=schema)).json() == schema
    body = {"entity": "athlete:1", "name": "Ada", "audience": "followers"}
    stats = {"100 m, heat 2": {"value": 10.9, "best": "NR|PB"}, "100 m, final": None}
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/stats", json={**body, "values": stats})
    assert answer.status_code == 200, answer.text
    many = {"values": [{**value, "name": f"{n:040}"} for n in range(100)]}
    answer = await on_stage.call("PUT", path, json=many)
    assert answer.status_code == 422
    assert "8192 bytes" in answer.text


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


async def test_cards_and_present_values_carry_the_decimals_of_the_schema(on_stage: Harness) -> None:
    room = await on_stage.room()
    stats, update = f"/v1/rooms/{room}/stats", {"entity": "runner:1", "name": "Ada"}
    for decimals in (2, 1):
        values = [{"name": "jump", "unit": "m", "decimals": decimals}, {"name": "lane"}]
        await on_stage.call("PUT", f"/v1/rooms/{room}/schemas/runner", json={"values": values})
        said = {"jump, final": 8.4, "lane": {"value": 4}}
        for audience in ("followers", "everyone"):
            body = {**update, "audience": audience, "values": said}
            assert (await on_stage.call("POST", stats, json=body)).status_code == 200
        entity = (await on_stage.call("GET", f"/v1/rooms/{room}/entities/runner:1")).json()
        assert entity["decimals"] == {"jump, final": decimals}
        (card,) = (await on_stage.live(room)).replica.state.overlays.values()
        assert (card.data["decimals"], card.data["values"]) == ({"jump, final": decimals}, said)


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        ("a:b", RUNNER, "kind"),
        ("x" * 41, RUNNER, "kind"),
        ("runner", {"values": [{"name": " "}]}, "values[0].name"),
        ("runner", {"values": [{"name": "a"}, {"name": "a "}]}, "values[1].name"),
        ("runner", {"values": [{"name": "a", "type": "date"}]}, "values[0].type"),
        ("runner", {"values": [{"name": f"{n}"} for n in range(101)]}, "values"),
        ("runner", {"values": [], "records": "r:"}, "records"),
        ("runner", {"values": [{"name": "a", "better": "faster"}]}, "values[0].better"),
        ("runner", {"values": [{"name": "a", "close": 1}]}, "values[0].close"),
        ("runner", {"values": [{"name": "a", "step": -1}]}, "values[0].step"),
        (
            "runner",
            {"values": [{"name": "a", "type": "text", "better": "lower"}]},
            "values[0].type",
        ),
        (
            "runner",
            {"values": [{"name": "a", "better": "lower", "rules": ["win"]}]},
            "values[0].rules[0]",
        ),
        ("runner", {"values": [], "marks": {"W R": "record"}}, "marks.W R"),
        ("runner", {"values": [], "stages": {"heat": {"weight": 2}}}, "stages.heat.weight"),
    ],
)
async def test_a_wrong_schema_is_refused(
    on_stage: Harness, kind: str, body: dict[str, Any], path: str
) -> None:
    room = await on_stage.house()
    answer = await on_stage.call("PUT", f"/v1/rooms/{room}/schemas/{kind}", json=body)
    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["errors"]] == [path]
