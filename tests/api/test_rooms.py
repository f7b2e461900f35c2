from __future__ import annotations

from typing import Any

import pytest
from grandstand.domain.identity import Role
from grandstand.domain.polls.votes import Ballot

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_room_is_created_once_and_then_replaced(on_stage: Harness) -> None:
    first = await on_stage.call("PUT", "/v1/rooms/once", json={"title": "One", "budget": 7})
    assert first.status_code == 201
    assert first.headers["location"] == "/v1/rooms/once"
    assert first.json()["settings"]["budget"] == 7
    again = await on_stage.call("PUT", "/v1/rooms/once", json={"title": "Two"})
    assert again.status_code == 200
    assert again.json()["settings"] == {**first.json()["settings"], "title": "Two", "budget": 30}


async def test_a_room_needs_no_body(on_stage: Harness) -> None:
    made = await on_stage.call("PUT", "/v1/rooms/plain")
    assert made.status_code == 201
    assert made.json()["settings"]["guests"] == "comment"


async def test_a_room_that_was_asked_for_before_it_was_made_is_there_at_once(
    on_stage: Harness,
) -> None:
    assert (await on_stage.call("GET", "/v1/rooms/early")).status_code == 404
    assert (await on_stage.call("PUT", "/v1/rooms/early")).status_code == 201
    assert (await on_stage.call("GET", "/v1/rooms/early")).status_code == 200


@pytest.mark.parametrize("room", ["Gala", "-gala", "g%20a", "x" * 65, "g\u00e4la", "a{b}", "a:b"])
async def test_a_room_cannot_be_called_anything(on_stage: Harness, room: str) -> None:
    answer = await on_stage.call("PUT", f"/v1/rooms/{room}")
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == ["room"]


async def test_a_change_is_merged_deeply(on_stage: Harness) -> None:
    room = await on_stage.room(title="Gala", moderation={"level": 3, "categories": {"hate": 4}})
    answer = await on_stage.call(
        "PATCH",
        f"/v1/rooms/{room}",
        json={"budget": 9, "moderation": {"categories": {"spam": 1}}},
    )
    assert answer.status_code == 200
    settings = answer.json()["settings"]
    assert (settings["title"], settings["budget"]) == ("Gala", 9)
    assert settings["moderation"]["level"] == 3
    assert settings["moderation"]["categories"] == {"hate": 4, "spam": 1}
    assert (await on_stage.call("GET", f"/v1/rooms/{room}")).json()["settings"] == settings


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"tick": 49, "budget": 0, "colour": "red"}, ["budget", "tick", "colour"]),
        ({"moderation": {"level": 5, "strict": True}}, ["moderation.level", "moderation.strict"]),
        ({"moderation": {"categories": {"hate": 9}}}, ["moderation.categories.hate"]),
        (
            {"moderation": {"categories": {str(n): 1 for n in range(33)}}},
            ["moderation.categories"],
        ),
        ({"moderation": {"categories": {"x" * 33: 1}}}, ["moderation.categories." + "x" * 33]),
        ({"guests": "all", "shield": "yes"}, ["guests", "shield"]),
        ({"comment_interval": 3601}, ["comment_interval"]),
        ({"comment_burst": 0}, ["comment_burst"]),
        ({"max_text": 501, "title": None}, ["title", "max_text"]),
    ],
)
async def test_every_wrong_setting_is_named_and_none_is_taken(
    on_stage: Harness, method: str, body: dict[str, Any], paths: list[str]
) -> None:
    room = await on_stage.house()
    before = (await on_stage.call("GET", f"/v1/rooms/{room}")).json()["settings"]
    answer = await on_stage.call(method, f"/v1/rooms/{room}", json=body)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == paths
    assert (await on_stage.call("GET", f"/v1/rooms/{room}")).json()["settings"] == before


async def test_a_title_is_cleaned(on_stage: Harness) -> None:
    room = await on_stage.room(title="Ga\u202ela\u0000")
    answer = await on_stage.call("GET", f"/v1/rooms/{room}")
    assert answer.json()["settings"]["title"] == "Gala"


async def test_a_room_tells_its_counts_and_its_clock(on_stage: Harness) -> None:
    room = await on_stage.room(programme_offset=30_000)
    await on_stage.say(room, "one")
    await on_stage.say(room, "two")
    poll = {"kind": "single", "question": "?", "options": ["A", "B"], "duration": 9}
    await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=poll)
    await on_stage.store.rooms.present("node", {room: 3}, on_stage.store.now_ms())
    told = (await on_stage.call("GET", f"/v1/rooms/{room}", role=None)).json()
    live = await on_stage.live(room)
    assert (told["room"], told["viewers"], told["comments"], told["polls"]) == (room, 3, 2, 1)
    assert (told["epoch"], told["offset"]) == (live.replica.epoch, live.replica.offset)
    assert abs(told["now"] - (on_stage.store.now_ms() - 30_000)) < 5000


async def test_a_list_has_what_the_caller_may_see(on_stage: Harness) -> None:
    public, private = await on_stage.room(), await on_stage.room(guests="none")

    async def seen(token: str | None) -> set[str]:
        answer = await on_stage.call("GET", "/v1/rooms", role=None, token=token)
        return {room["room"] for room in answer.json()["rooms"]} & {public, private}

    assert await seen(None) == {public}
    assert await seen(on_stage.token("viewer")) == {public, private}
    assert await seen(on_stage.token("viewer", private)) == {private}
    guest = on_stage.tokens.issue("g", "G", "viewer", [public, private], 60, guest=True)
    assert await seen(guest) == {public}
    assert on_stage.api.rooms.peek("elsewhere") is None


async def test_listing_rooms_follows_none_of_them(on_stage: Harness) -> None:
    await on_stage.store.rooms.create("unwatched", "r1")
    await on_stage.call("GET", "/v1/rooms")
    assert on_stage.api.rooms.peek("unwatched") is None


async def test_a_list_comes_in_pages(on_stage: Harness) -> None:
    made = {await on_stage.room() for _ in range(5)}
    seen, after, pages = list[str](), "", 0
    while True:
        answer = await on_stage.call("GET", f"/v1/rooms?limit=2&after={after}")
        assert answer.status_code == 200
        rooms = [each["room"] for each in answer.json()["rooms"]]
        assert len(rooms) <= 2
        seen += rooms
        pages += 1
        if "next" not in answer.json():
            break
        after = answer.json()["next"]
    assert made <= set(seen)
    assert seen == sorted(set(seen))
    assert pages >= 3
    whole = await on_stage.call("GET", "/v1/rooms")  # a client that knows of no pages
    assert made <= {each["room"] for each in whole.json()["rooms"]}
    assert (await on_stage.call("GET", "/v1/rooms?limit=0")).status_code == 422


async def test_a_room_is_deleted_by_its_name_said_twice(on_stage: Harness) -> None:
    room = await on_stage.room()
    await on_stage.say(room, "hello")
    for query in ("", "?confirm=", "?confirm=yes", f"?confirm={room}&force=1"):
        refused = await on_stage.call("DELETE", f"/v1/rooms/{room}{query}")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["path"] in ("confirm", "force")
    assert (await on_stage.call("GET", f"/v1/rooms/{room}")).status_code == 200
    forbidden = await on_stage.call("DELETE", f"/v1/rooms/{room}?confirm={room}", role="moderator")
    assert forbidden.status_code == 403
    for _ in range(2):
        gone = await on_stage.call("DELETE", f"/v1/rooms/{room}?confirm={room}")
        assert gone.status_code == 204
    assert (await on_stage.call("GET", f"/v1/rooms/{room}")).status_code == 404
    cue = await on_stage.call("POST", f"/v1/rooms/{room}/cues", json={"name": "x"})
    assert cue.status_code == 404
    listed = (await on_stage.call("GET", "/v1/rooms")).json()["rooms"]
    assert room not in {each["room"] for each in listed}


async def test_a_room_that_is_deleted_while_it_is_looked_at_is_404(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await on_stage.room()
    await on_stage.live(room)

    async def nothing(*arguments: object) -> dict[str, object]:
        return {}

    monkeypatch.setattr(on_stage.store.rooms, "describe", nothing)
    answer = await on_stage.call("GET", f"/v1/rooms/{room}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_room")


async def test_a_room_that_never_was_cannot_be_deleted(on_stage: Harness) -> None:
    for room in ("nowhere", "NOWHERE"):
        answer = await on_stage.call("DELETE", f"/v1/rooms/{room}?confirm={room}")
        assert answer.status_code == 404


async def test_a_deleted_rooms_open_polls_take_no_votes(on_stage: Harness) -> None:
    room = await on_stage.room()
    body = {"kind": "single", "question": "?", "options": ["A", "B"], "duration": 600}
    poll = (await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=body)).json()["id"]
    record = (await on_stage.live(room)).replica.state.polls[poll]
    await on_stage.call("DELETE", f"/v1/rooms/{room}?confirm={room}")
    ballots = [Ballot(f"v{n}", "m", (0,), True) for n in range(50)]
    casts = await on_stage.store.votes.cast(room, record, ballots)
    assert set(casts) <= {"too_late", "lost"}


async def test_who_comes_now_is_told_how_to_follow(on_stage: Harness) -> None:
    room = await on_stage.room()

    async def transport(**changes: Any) -> str:
        if changes:
            await on_stage.call("PATCH", f"/v1/rooms/{room}", json=changes)
        answer = await on_stage.call("GET", f"/v1/rooms/{room}", role="viewer")
        return str(answer.json()["transport"])

    assert await transport() == "socket"
    assert await transport(transport="segments") == "segments"
    assert await transport(transport="auto", sockets=10) == "socket"
    store = on_stage.store
    for here, there, told in ((5, 4, "socket"), (5, 5, "segments"), (7, 5, "segments")):
        await store.rooms.present("here", {room: here}, store.now_ms())
        await store.rooms.present("there", {room: there}, store.now_ms())
        assert await transport() == told
    assert await transport(sockets=13) == "socket"
    assert await transport(sockets=0) == "segments"


async def test_a_cache_may_keep_for_a_second_what_all_are_told(on_stage: Harness) -> None:
    room = await on_stage.room()
    cases: tuple[tuple[Role | None, str], ...] = (
        (None, "public, max-age=1"),
        ("viewer", "no-store"),
    )
    for role, caching in cases:
        answer = await on_stage.call("GET", f"/v1/rooms/{room}", role=role)
        assert answer.headers["cache-control"] == caching
        assert answer.headers["vary"] == "Authorization"
