from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from grandstand.api.comments import CHUNK_COMMENTS, PAGE_COMMENTS
from grandstand.domain import events
from grandstand.domain.events import CommentEvent
from grandstand.store.errors import StoreUnavailable
from grandstand.store.ingest import CommentRate, Item

from tests.api.harness import USER, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def record(harness: Harness, room: str, query: str = "", **options: Any) -> Any:
    answer = await harness.call("GET", f"/v1/rooms/{room}/comments{query}", **options)
    assert answer.status_code == 200, answer.text
    return answer


async def crowd(harness: Harness, room: str, count: int) -> int:
    """``count`` comments, three at each of the moments; when the first was."""
    start = (await harness.live(room)).now() - 5000
    items = [
        Item(
            f"u{n}",
            f"m{n}",
            "c",
            events.encode(
                CommentEvent(f"user{n:07}", "Ada", start + n // 3, f"word {n}", 5, 0, 0, n)
            ),
        )
        for n in range(count)
    ]
    for first in range(0, count, 250):
        batch = items[first : first + 250]
        await harness.store.ingest.append(room, batch, CommentRate(0, 1), harness.store.now_ms())

    async def all_there() -> bool:
        return await harness.store.record.size(room) == count

    await until(all_there)
    return start


async def test_pages_follow_each_other_without_a_gap(on_stage: Harness) -> None:
    room = await on_stage.room()
    count = PAGE_COMMENTS + 20
    start = await crowd(on_stage, room, count)
    first = (await record(on_stage, room, "?shown=all")).json()
    assert len(first["comments"]) == PAGE_COMMENTS
    second = (await record(on_stage, room, f"?shown=all&after={first['next']}")).json()
    assert "next" not in second
    both = [*first["comments"], *second["comments"]]
    assert [comment["text"] for comment in both] == [f"word {n}" for n in range(count)]
    assert {comment.get("shown", True) for comment in both} == {True, False}
    shown = (await record(on_stage, room)).json()["comments"]
    assert shown == [comment for comment in both if comment.get("shown", True)]

    span = f"?shown=all&from={start + 1}&to={start + 3}"
    some = (await record(on_stage, room, span)).json()["comments"]
    assert [comment["text"] for comment in some] == [f"word {n}" for n in range(3, 9)]

    lines = (await record(on_stage, room, "?shown=all&format=ndjson")).text.splitlines()
    assert [json.loads(line) for line in lines] == both
    assert len(lines) > CHUNK_COMMENTS


async def test_the_record_shows_comments_as_they_were(on_stage: Harness) -> None:
    room = await on_stage.room()
    start = (await on_stage.live(room)).now()
    comment = await on_stage.say(room, "hi", mode="top", size="large", color=0xFF0000, at=start)
    assert (await record(on_stage, room, role=None)).json()["comments"] == [
        {
            "id": comment,
            "at": start,
            "user": USER,
            "name": "Ada",
            "text": "hi",
            "weight": 5.0,
            "mode": "top",
            "size": "large",
            "color": 0xFF0000,
        }
    ]


async def test_a_comment_at_this_very_moment_is_in_the_record(on_stage: Harness) -> None:
    room = await on_stage.room()
    at = (await on_stage.live(room)).now() + 1900
    await on_stage.say(room, "ahead", at=at)
    assert len((await record(on_stage, room)).json()["comments"]) == 1


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("from=-1", "from"),
        ("from=x", "from"),
        (f"to={2**53}", "to"),
        ("from=2&to=1", "to"),
        ("format=csv", "format"),
        ("shown=some", "shown"),
        ("after=%21", "after"),
        ("after=eHl6", "after"),
        ("after=%C3%A4", "after"),
        ("format=ndjson&after=MTph", "after"),
        ("surprise=1", "surprise"),
    ],
)
async def test_a_wrong_query_is_refused(on_stage: Harness, query: str, path: str) -> None:
    room = await on_stage.house()
    answer = await on_stage.call("GET", f"/v1/rooms/{room}/comments?{query}")
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == [path]


async def test_what_is_left_blank_in_a_query_is_left_out(on_stage: Harness) -> None:
    room = await on_stage.house()
    await record(on_stage, room, "?from=&to=&format=json&after=")


async def test_all_comments_are_for_moderators(on_stage: Harness) -> None:
    room = await on_stage.house()
    path = f"/v1/rooms/{room}/comments?shown=all"
    assert (await on_stage.call("GET", path, role=None)).status_code == 401
    assert (await on_stage.call("GET", path, role="viewer")).status_code == 403
    assert (await on_stage.call("GET", path, role="moderator")).status_code == 200


@pytest.mark.parametrize("form", ["json", "ndjson", "bilibili-xml"])
async def test_an_empty_record_is_still_a_document(on_stage: Harness, form: str) -> None:
    room = await on_stage.room()
    text = (await record(on_stage, room, f"?format={form}")).text
    assert text == {"json": '{"comments":[]}', "ndjson": ""}.get(form, text)
    if form == "bilibili-xml":
        assert ElementTree.fromstring(text).findall("d") == []


@pytest.mark.parametrize("form", ["json", "ndjson", "bilibili-xml"])
async def test_a_store_that_is_away_is_a_problem_in_every_form(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    room = await on_stage.house()

    async def away(*arguments: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(on_stage.store.record, "_between", away)
    answer = await on_stage.call("GET", f"/v1/rooms/{room}/comments?format={form}")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_bilibilis_xml_tells_when_its_second_0_was(on_stage: Harness) -> None:
    room = await on_stage.room()
    now = (await on_stage.live(room)).now()
    await on_stage.say(room, "hi", at=now)
    answer = await record(on_stage, room, f"?from={now - 1500}&format=bilibili-xml")
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.text)
    assert (root.findtext("start"), root.findtext("chatid")) == (str(now - 1500), room)
    assert root.find("d") is not None
    assert [each.attrib["p"].split(",")[0] for each in root.findall("d")] == ["1.500"]
