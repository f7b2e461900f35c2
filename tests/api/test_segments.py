"""Segments by HTTP: their bytes, what caches are told, and what isn't there."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import httpx2
import msgspec
import pytest
from grandstand.api import segment_source
from grandstand.domain.events import Translated
from grandstand.replica import room as replicas
from grandstand.wire.translations import TranslatedComment, TranslatedTitle, Translations

from tests.api.harness import Harness, beside
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

YEAR = "public, max-age=31536000, immutable"


@pytest.fixture(autouse=True)
def sealed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment can be cut as soon as it is over."""
    monkeypatch.setattr(replicas, "SEAL_AFTER_MS", 0)


async def index(harness: Harness, room: str, query: str = "") -> Any:
    answer = await harness.call("GET", f"/v1/rooms/{room}/segments{query}", role=None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "public, max-age=1"
    return answer.json()


async def get(harness: Harness, path: str, **headers: str) -> httpx2.Response:
    return await harness.call("GET", path, role=None, headers=headers)


async def with_comment(harness: Harness, room: str, text: str) -> dict[str, Any]:
    """The entry of the segment that has the comment, once it is cut."""
    await harness.say(room, text)
    offset = (await harness.live(room)).replica.offset
    found: dict[str, Any] = {}

    async def is_listed() -> bool:
        for entry in (await index(harness, room))["segments"]:
            first, last = entry["offsets"]
            if first <= offset <= last:
                found.update(entry)
        return bool(found)

    await until(is_listed)
    return found


async def test_a_segment_has_the_frames_of_its_time_in_both_forms(on_stage: Harness) -> None:
    room = await on_stage.room()
    entry = await with_comment(on_stage, room, "look here")
    packed = await get(on_stage, entry["url"])
    plain = await get(on_stage, entry["url"].replace(".msgpack", ".json"))
    told = plain.json()
    assert msgspec.msgpack.decode(packed.content) == told
    assert packed.headers["content-type"] == "application/vnd.msgpack"
    assert [packed.headers["cache-control"], plain.headers["cache-control"]] == [YEAR, YEAR]
    assert (told["from"], told["until"]) == (entry["from"], entry["from"] + 2000)
    assert told["from"] % 2000 == 0
    assert told["next"] == entry["url"].replace(str(entry["n"]), str(entry["n"] + 1))
    (text,) = [each["text"] for frame in told["frames"] for each in frame["comments"]]
    assert text == "look here"
    assert all(told["from"] <= frame["now"] < told["until"] for frame in told["frames"])

    again = await get(on_stage, entry["url"], **{"If-None-Match": f'"x", {packed.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == packed.headers["etag"] != plain.headers["etag"]


async def test_every_node_gives_the_same_bytes_whenever_it_came(on_stage: Harness) -> None:
    room = await on_stage.room()
    entry = await with_comment(on_stage, room, "one")
    async with beside(on_stage) as other:
        later = await with_comment(on_stage, room, "two")
        for each in (entry, later):
            mine, theirs = await get(on_stage, each["url"]), await get(other, each["url"])
            assert mine.status_code == theirs.status_code == 200
            assert (mine.content, mine.headers["etag"]) == (theirs.content, theirs.headers["etag"])
        listed = {each["n"]: each for each in (await index(other, room))["segments"]}
        for each in (await index(on_stage, room))["segments"]:
            assert listed.get(each["n"], each) == each


async def test_a_silent_room_is_cut_without_a_gap_and_its_snapshot_has_its_state(
    on_stage: Harness,
) -> None:
    room = await on_stage.room(title="silence")
    entry = await with_comment(on_stage, room, "the last word")

    async def has_gone_on() -> bool:
        return bool((await index(on_stage, room))["next"]["n"] > entry["n"] + 1)

    await until(has_gone_on)
    told = await index(on_stage, room)
    numbers = [each["n"] for each in told["segments"]]
    assert numbers == list(range(numbers[0], told["next"]["n"]))
    last = told["segments"][-1]
    assert last["offsets"] == [entry["offsets"][1] + 1, entry["offsets"][1]]
    assert (await get(on_stage, last["url"])).content
    assert told["now"] < told["next"]["at"] + 2000
    snapshot = (await get(on_stage, told["snapshot"].replace(".msgpack", ".json"))).json()
    assert snapshot["settings"]["title"] == "silence"
    after = int(snapshot["segment"].rpartition("/")[2].partition(".")[0])
    assert ("the last word" in [each["text"] for each in snapshot["recent"]]) is (
        entry["n"] < after
    )
    packed = await get(on_stage, told["snapshot"])
    assert msgspec.msgpack.decode(packed.content) == snapshot
    assert packed.headers["cache-control"] == YEAR


async def test_what_is_not_cut_yet_is_404_and_says_when_to_ask(on_stage: Harness) -> None:
    room = await on_stage.room()
    coming = (await index(on_stage, room))["next"]
    live = await on_stage.live(room)
    for ahead, waits in ((5, range(4, 13)), (1_000_000, range(60, 61))):
        path = coming["url"].replace(str(coming["n"]), str(coming["n"] + ahead))
        for kind in ("segments", "snapshots"):
            answer = await get(on_stage, path.replace("/segments/", f"/{kind}/"))
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert answer.headers["cache-control"] == "public, max-age=1"
            assert int(answer.headers["retry-after"]) in waits
    for name in ("1", "-1.json", "1e9.msgpack", "1-1.msgpack", "..1.json"):
        path = f"/v1/rooms/{room}/segments/{live.replica.epoch}/{name}"
        assert (await get(on_stage, path)).status_code == 404
    for epoch in ("another", "...", "a%5cb", "a" * 65):
        answer = await get(on_stage, f"/v1/rooms/{room}/segments/{epoch}/1.json")
        assert answer.status_code == 404
        assert "retry-after" not in answer.headers
    for query in ("?at=-1", "?at=x", "?at=1&to=2", f"?at={2**53}"):
        answer = await get(on_stage, f"/v1/rooms/{room}/segments{query}")
        assert answer.status_code == 422


async def test_what_is_taken_back_is_cut_again_under_another_name(on_stage: Harness) -> None:
    room = await on_stage.room()
    first = await with_comment(on_stage, room, "taken back")
    (comment,) = (await on_stage.live(room)).replica.state.recent
    stem = first["url"].removesuffix(".msgpack")
    assert b"taken back" in (await get(on_stage, first["url"])).content
    path = f"/v1/rooms/{room}/comments/{comment.id}/retract"
    assert (await on_stage.call("POST", path)).status_code == 200
    for form in ("msgpack", "json"):
        old = await get(on_stage, f"{stem}.{form}")
        assert (old.status_code, old.content) == (307, b"")
        assert old.headers["cache-control"] == "public, max-age=1"
        assert old.headers["location"] == f"{stem}-1.{form}"
        new = await get(on_stage, f"{stem}-1.{form}")
        assert (new.status_code, new.headers["cache-control"]) == (200, YEAR)
        assert b"taken back" not in new.content
    later = await get(on_stage, f"{stem}-2.msgpack")
    assert (later.status_code, later.headers["retry-after"]) == (404, "1")

    async def is_listed() -> bool:  # with the same numbers and offsets
        return {**first, "url": f"{stem}-1.msgpack"} in (await index(on_stage, room))["segments"]

    await until(is_listed)
    assert (await on_stage.call("POST", path)).status_code == 200  # again is the same
    async with beside(on_stage) as other:
        mine, theirs = [await get(each, f"{stem}-1.msgpack") for each in (on_stage, other)]
        assert (mine.status_code, mine.content) == (theirs.status_code, theirs.content)


async def test_in_a_language_it_has_what_was_translated_of_it_and_is_cut_later(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await on_stage.room(languages=["es"], title="The final")
    entry = await with_comment(on_stage, room, "hello")
    live = await on_stage.live(room)
    (comment,) = [each for each in live.replica.state.recent if each.text == "hello"]
    found = [TranslatedComment(comment.id, "hola", "x"), TranslatedComment("other", "no", "x")]
    title = TranslatedTitle("The final", "La final", "x")
    await live.submit(Translated("t1", [Translations("es", found, title=title)]))
    spanish = entry["url"].replace(".msgpack", ".es.json")
    early = await get(on_stage, spanish)
    assert (early.status_code, early.headers["cache-control"]) == (404, "public, max-age=1")
    assert 1 <= int(early.headers["retry-after"]) <= 6
    monkeypatch.setattr(segment_source, "TRANSLATED_MS", 2000)

    async def is_cut() -> bool:
        return (await get(on_stage, spanish)).status_code == 200

    await until(is_cut)
    said = {"lang": "es", "comments": [{"id": comment.id, "text": "hola", "by": "x"}]}
    answer = await get(on_stage, spanish)
    plain = (await get(on_stage, entry["url"].replace(".msgpack", ".json"))).json()
    after = plain["next"].replace(".msgpack", ".es.msgpack")
    assert answer.json() == {**plain, "next": after, "translations": said}
    assert answer.headers["cache-control"] == YEAR
    packed = await get(on_stage, spanish.replace("json", "msgpack"))
    assert msgspec.msgpack.decode(packed.content)["translations"] == said

    now_s = asyncio.get_running_loop().time()
    assert on_stage.api.asked_languages.by_room(now_s)[room] == ["es"]
    french = await get(on_stage, entry["url"].replace(".msgpack", ".fr.msgpack"))
    assert (french.status_code, french.headers["location"]) == (307, entry["url"])
    snapshot, kept = (await index(on_stage, room))["snapshot"], len(on_stage.api.segments._kept)
    for lang in ("fr", "ES", "qq-x0"):  # languages that strangers make up fill no memory
        made_up = await get(on_stage, snapshot.replace(".msgpack", f".{lang}.msgpack"))
        assert (made_up.status_code, made_up.headers["location"]) == (307, snapshot)
    assert len(on_stage.api.segments._kept) == kept
    for odd in ("spanish", "e", "es_MX", "es-" + "a" * 100):
        answer = await get(on_stage, entry["url"].replace(".msgpack", f".{odd}.json"))
        assert answer.status_code == 404


async def test_a_deleted_room_has_no_segments(on_stage: Harness) -> None:
    room = await on_stage.room()
    entry = await with_comment(on_stage, room, "the last word")
    told = await index(on_stage, room)
    assert (await on_stage.call("DELETE", f"/v1/rooms/{room}?confirm={room}")).status_code == 204
    for path in (f"/v1/rooms/{room}/segments", entry["url"], told["snapshot"]):
        await until(partial(is_unknown, on_stage, path))


async def is_unknown(harness: Harness, path: str) -> bool:
    answer = await get(harness, path)
    return answer.status_code == 404 and answer.json()["code"] == "unknown_room"


async def test_where_guests_do_not_watch_no_shared_cache_keeps_them(on_stage: Harness) -> None:
    room = await on_stage.room(guests="none")
    token = on_stage.token("viewer", room)
    assert (await get(on_stage, f"/v1/rooms/{room}/segments")).status_code == 401
    answer = await on_stage.call("GET", f"/v1/rooms/{room}/segments", token=token)
    assert answer.headers["cache-control"] == "private, max-age=1"
    epoch = answer.json()["epoch"]
    path = f"/v1/rooms/{room}/segments/{epoch}/0.msgpack"
    assert (await get(on_stage, path)).status_code == 401
    answer = await on_stage.call("GET", path, token=token)
    assert answer.headers["cache-control"] == YEAR.replace("public", "private")


async def test_the_latest_values_are_those_of_a_viewer_without_a_vote(on_stage: Harness) -> None:
    room = await on_stage.room()
    body = {"kind": "single", "question": "?", "options": ["A", "B"], "duration": 600}
    made = [
        (await on_stage.call("POST", f"/v1/rooms/{room}/polls", json={**body, **more})).json()
        for more in ({}, {"show_tally": "voted"}, {"show_tally": "revealed"})
    ]

    async def latest() -> Any:
        return (await index(on_stage, room))["latest"]

    async def has_a_tally() -> bool:
        return bool((await latest())["tallies"])

    await until(has_a_tally)
    told = await latest()
    assert [each["poll"] for each in told["tallies"]] == [made[0]["id"]]
    assert {"audience", "rundown"}.isdisjoint(told["gauges"])
