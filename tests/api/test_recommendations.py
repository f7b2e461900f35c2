"""What is answered to whom, from a board that the test tells of."""

from __future__ import annotations

from typing import Any

import pytest
from grandstand.recommendations import bulletin
from grandstand.recommendations.bulletin import Bulletin, Listed
from grandstand.store import keys

from tests.api.harness import Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOMS = [
    Listed("gala", "Gala", True, 900, 0.5, 1000, ["singer:1"]),
    Listed("race", "Race", True, 40, 0.2, 2000, ["horse:1"], highlight_age_s=5.0),
    Listed("match", "Match", True, 60, 0.0, 3000, ["team:1"]),
    Listed("vips", "Vips", False, 20, 0.0, 4000, ["horse:1", "vip:1"]),
]
NAMES = {"singer:1": "Fay", "horse:1": "Cloud", "team:1": "Reds", "vip:1": "Their name"}


async def told(harness: Harness, rooms: list[Listed] = ROOMS) -> None:
    """Tells of the rooms, and waits until answers are of them."""
    payload = bulletin.packed(Bulletin("", rooms, NAMES))
    recommender = harness.api.recommender
    await until(lambda: recommender._bus._listeners and recommender._bus.hears)

    async def is_known() -> bool:
        await harness.store.recommendations.publish(keys.RECOMMENDATIONS, payload)
        present = await recommender.present()
        return list(present.rooms.values()) == rooms

    await until(is_known)


async def ask(harness: Harness, query: str = "", **caller: Any) -> list[dict[str, Any]]:
    answer = await harness.call("GET", f"/v1/recommendations{query}", **({"role": None} | caller))
    assert answer.status_code == 200, answer.text
    rooms: list[dict[str, Any]] = answer.json()["rooms"]
    return rooms


def named(rooms: list[dict[str, Any]]) -> list[str]:
    return [each["room"] for each in rooms]


async def test_without_a_token_it_is_the_same_for_all_and_may_be_kept(on_stage: Harness) -> None:
    await told(on_stage)
    answer = await on_stage.call("GET", "/v1/recommendations", role=None)
    assert answer.headers["cache-control"] == "public, max-age=1"
    assert answer.headers["vary"] == "Authorization"
    rooms = answer.json()["rooms"]
    assert named(rooms) == ["race", "gala", "match"]
    assert rooms[0] == {
        "room": "race",
        "title": "Race",
        "viewers": 40,
        "excitement": 0.2,
        "at": 2000,
        "why": {"code": "highlight", "text": "A highlight has just begun"},
    }
    assert rooms[1]["why"] == {"code": "rising", "text": "900 watching now"}
    assert await ask(on_stage) == rooms
    chinese = await ask(on_stage, "?lang=zh-Hans&limit=1&room=race")
    assert [each["why"]["text"] for each in chinese] == ["900人在看"]


async def test_the_room_where_one_is_is_left_out(on_stage: Harness) -> None:
    await told(on_stage)
    assert named(await ask(on_stage, "?room=race")) == ["gala", "match"]
    assert named(await ask(on_stage, "?room=elsewhere")) == ["race", "gala", "match"]


async def test_what_a_viewer_follows_counts_from_the_next_answer_on(on_stage: Harness) -> None:
    await told(on_stage)
    viewer = on_stage.tokens.issue("vi", "Vi", "viewer", ["gala"], 60, guest=True)
    on_stage.follows.rooms["vi"] = ["gala"]
    before = await ask(on_stage, token=viewer)
    assert named(before) == ["race", "match"]
    on_stage.follows.topics["vi"] = ["team:1", "made up"]
    answer = await on_stage.call("GET", "/v1/recommendations", token=viewer)
    assert answer.headers["cache-control"] == "no-store"
    best = answer.json()["rooms"][0]
    assert (best["room"], best["why"]) == ("match", {"code": "follows", "text": "You follow Reds"})
    on_stage.follows.topics["vi"] = []
    assert await ask(on_stage, token=viewer) == before


async def test_a_room_without_guests_is_told_to_those_alone_who_may_watch_it(
    on_stage: Harness,
) -> None:
    await told(on_stage)
    on_stage.follows.topics["member"] = on_stage.follows.topics["guest"] = ["vip:1"]
    issue = on_stage.tokens.issue
    member = issue("member", "M", "viewer", ["vips"], 60)
    guest = issue("guest", "G", "viewer", ["vips"], 60, guest=True)
    other = issue("member", "M", "viewer", ["gala"], 60)
    (best, *_) = await ask(on_stage, token=member)
    assert (best["room"], best["why"]["text"]) == ("vips", "You follow Their name")
    for token in (guest, other):
        answer = await on_stage.call("GET", "/v1/recommendations", token=token)
        assert "vips" not in named(answer.json()["rooms"])
        assert "Their name" not in answer.text
    assert "vips" not in named(await ask(on_stage))
    assert "vips" in named(await ask(on_stage, role="producer"))


async def test_the_knob_keeps_places_for_what_few_know(on_stage: Harness) -> None:
    crowds = [Listed(f"big{n}", "", True, 9000 - n, 0.0, 0) for n in range(9)]
    small = [Listed(f"small{n}", "", True, 5, 0.0, 0) for n in range(9)]
    await told(on_stage, [*crowds, *small])

    async def lesser(query: str) -> int:
        rooms = await ask(on_stage, f"?limit=10{query}")
        assert len(rooms) == 10
        return sum(each["why"]["code"] == "lesser_known" for each in rooms)

    known, balanced, curious = [
        await lesser(f"&knob={knob}") for knob in ("known", "balanced", "curious")
    ]
    assert known < balanced < curious
    assert await lesser("") == balanced
    on_stage.api.knob = "curious"
    assert await lesser("") == curious
    on_stage.api.knob = "balanced"


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=x", "knob=loud", "follow=a"])
async def test_a_wrong_query_is_refused_with_its_path(on_stage: Harness, query: str) -> None:
    answer = await on_stage.call("GET", f"/v1/recommendations?{query}", role=None)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == query.partition("=")[0]
