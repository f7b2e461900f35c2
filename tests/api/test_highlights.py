"""What the audience stirred at: the same for everybody, for a minute."""

from __future__ import annotations

import json

import pytest
from grandstand.api.highlights import LONGEST_MS
from grandstand.domain.events import HighlightFound
from grandstand.replica.room import LiveRoom
from grandstand.store.highlights import MINUTE_MS
from grandstand.wire.highlights import Highlight

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def stirred(on_stage: Harness, **settings: object) -> tuple[str, int]:
    """A room with two highlights, and a minute that is over: its beginning."""
    room = await on_stage.room(**settings)
    live = await on_stage.live(room)
    begin = live.now() // MINUTE_MS * MINUTE_MS - 5 * MINUTE_MS
    found = [
        Highlight(strength, words, ["c1"], at - 9_000, at, at + 20_000, id=f"highlight-{at}")
        for strength, words, at in (
            (2.5, ["wow"], begin + 30_000),
            (6.0, ["goal", "进球"], begin + 100_000),
        )
    ]
    heat = {begin + second * 1000: 1.0 + second / 100 for second in range(120)}
    await on_stage.store.highlights.keep(room, 0, b"", heat, found, 0)
    return room, begin


async def test_whole_minutes_are_told_to_whoever_may_watch(on_stage: Harness) -> None:
    room, begin = await stirred(on_stage)
    path = f"/v1/rooms/{room}/highlights"
    for role in (None, "viewer", "producer"):
        answer = await on_stage.call("GET", path, role=role)
        assert answer.status_code == 200
        body = answer.json()
        assert [each["strength"] for each in body["highlights"]] == [2.5, 6.0]
        assert body["highlights"][0]["from"] == begin + 21_000
        assert body["heat"][61] == [begin + 61_000, 1.61]
        assert len(body["heat"]) == 120
    asked = f"{path}?from={begin + 59_000}&to={begin + 59_001}"
    body = (await on_stage.call("GET", asked)).json()
    assert [each["strength"] for each in body["highlights"]] == [2.5]
    assert [at for at, _ in body["heat"]] == [begin + second * 1000 for second in range(60)]
    least = (await on_stage.call("GET", f"{path}?least=3")).json()
    assert [each["strength"] for each in least["highlights"]] == [6.0]


async def test_any_cache_may_keep_it_until_the_minute_is_over(on_stage: Harness) -> None:
    room, begin = await stirred(on_stage)
    path = f"/v1/rooms/{room}/highlights?from={begin}&to={begin + MINUTE_MS}"
    answer = await on_stage.call("GET", path)
    public, age = answer.headers["cache-control"].split(", max-age=")
    assert (public, 1 <= int(age) <= 60) == ("public", True)
    again = await on_stage.call("GET", path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    closed, begin = await stirred(on_stage, guests="none")
    path = f"/v1/rooms/{closed}/highlights"
    assert (await on_stage.call("GET", path, role=None)).status_code == 401
    answer = await on_stage.call("GET", path, role="viewer")
    assert answer.headers["cache-control"].startswith("private, ")


async def test_it_is_made_once_a_minute_for_all_who_ask_the_same(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, begin = await stirred(on_stage)
    now = begin + 6 * MINUTE_MS
    monkeypatch.setattr(LiveRoom, "now", lambda _: now)
    path = f"/v1/rooms/{room}/highlights?from={begin}"
    before = await on_stage.call("GET", path)
    await on_stage.store.highlights.keep(room, 0, b"", {begin + 150_000: 9.0}, [], 0)
    assert (await on_stage.call("GET", f"{path}&least=0")).content == before.content
    chapters = await on_stage.call("GET", f"{path}&format=webvtt&start={begin}")
    later = await on_stage.call("GET", f"{path}&format=webvtt&start={begin - 1000}")
    assert chapters.text != later.text
    now += MINUTE_MS
    heat = (await on_stage.call("GET", path)).json()["heat"]
    assert heat[-1] == [begin + 150_000, 9.0]


async def test_what_is_still_going_on_is_not_told(on_stage: Harness) -> None:
    room, _ = await stirred(on_stage)
    now = (await on_stage.live(room)).now()
    soon = Highlight(9.0, ["now"], [], now, now, now, id="highlight-now")
    await on_stage.store.highlights.keep(room, 0, b"", {now // 1000 * 1000: 9.0}, [soon], 0)
    body = (await on_stage.call("GET", f"/v1/rooms/{room}/highlights?to={2**53 - 1}")).json()
    over = (await on_stage.live(room)).now() // MINUTE_MS * MINUTE_MS
    assert all(each["noticed"] < over for each in body["highlights"])
    assert all(at < over for at, _ in body["heat"])


async def test_what_the_room_no_longer_keeps_is_not_told(on_stage: Harness) -> None:
    room, begin = await stirred(on_stage, record_retention=240)
    late = begin + 4 * MINUTE_MS
    kept = Highlight(3.0, ["late"], [], late, late, late + 1000, id="highlight-late")
    await on_stage.store.highlights.keep(room, 0, b"", {late: 3.0}, [kept], 0)
    path = f"/v1/rooms/{room}/highlights?from={begin}"
    body = (await on_stage.call("GET", path)).json()
    assert [each["words"] for each in body["highlights"]] == [["late"]]
    assert body["heat"] == [[late, 3.0]]
    chapters = (await on_stage.call("GET", f"{path}&format=webvtt&handles=0")).text
    assert "wow" not in chapters
    assert "00:04:00.000 --> 00:04:01.000\nlate\n" in chapters  # times are of the recording


@pytest.mark.parametrize(
    "query", ["from=9&to=8", "least=-1", "format=mp4", "handles=61", "rate=23"]
)
async def test_what_cannot_be_meant_is_refused(on_stage: Harness, query: str) -> None:
    answer = await on_stage.call("GET", f"/v1/rooms/{await on_stage.house()}/highlights?{query}")
    assert answer.status_code == 422


async def test_a_heat_line_of_days_is_asked_for_in_parts(on_stage: Harness) -> None:
    room, begin = await stirred(on_stage)
    path = f"/v1/rooms/{room}/highlights?from={begin - LONGEST_MS}"
    answer = await on_stage.call("GET", path)
    assert answer.status_code == 422
    assert "ask for parts" in answer.json()["errors"][0]["message"]
    assert (await on_stage.call("GET", f"{path}&format=webvtt")).status_code == 200


async def test_they_are_clips_of_a_recording(on_stage: Harness) -> None:
    room, begin = await stirred(on_stage, title="The gala")
    path = f"/v1/rooms/{room}/highlights?from={begin}&handles=2&format="
    chapters = await on_stage.call("GET", path + "webvtt")
    assert chapters.headers["content-type"].startswith("text/vtt")
    assert "00:00:19.000 --> 00:00:52.000\nwow\n" in chapters.text
    assert "goal · 进球" in chapters.text
    cuts = await on_stage.call("GET", f"{path}edl&start={begin + 60_000}&rate=25")
    assert cuts.text.startswith("TITLE: The gala\n")
    assert "00:00:29:00 00:01:02:00 00:00:00:00 00:00:33:00" in cuts.text
    assert "wow" not in cuts.text  # it was over before the recording began
    timeline = await on_stage.call("GET", path + "otio")
    (track,) = json.loads(timeline.content)["tracks"]["children"]
    assert [clip["name"] for clip in track["children"]] == ["wow", "goal · 进球"]


async def test_a_producer_deletes_one(on_stage: Harness) -> None:
    room, begin = await stirred(on_stage)
    live = await on_stage.live(room)
    shown = Highlight(3.0, ["wow"], [], live.now(), live.now(), live.now(), id="highlight-shown")
    await live.submit(HighlightFound("found", shown.overlay()))
    assert "highlight-shown" in live.replica.state.overlays
    for name in ("highlight-shown", f"highlight-{begin + 100_000}"):
        path = f"/v1/rooms/{room}/highlights/{name}"
        assert (await on_stage.call("DELETE", path, role="producer")).status_code == 204
        assert name not in live.replica.state.overlays
    for name in ("highlight-shown", "no-such"):
        path = f"/v1/rooms/{room}/highlights/{name}"
        answer = await on_stage.call("DELETE", path, role="producer")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_highlight")
