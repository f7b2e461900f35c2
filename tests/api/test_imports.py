from __future__ import annotations

import json
from typing import Any

import pytest
from grandstand.api.imports import MAX_COMMENTS, ROWS_PER_EVENT
from grandstand.api.validation import MAX_LINES_BYTES

from tests.api.harness import USER, Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def imported(harness: Harness, room: str, body: Any, query: str = "") -> dict[str, Any]:
    """What became of the comments: a list, or the body as it is."""
    content = (
        body.encode(errors="surrogateescape")
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    answer = await harness.call("POST", f"/v1/rooms/{room}/comments{query}", content=content)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def record(harness: Harness, room: str, shown: str = "all") -> list[dict[str, Any]]:
    answer = await harness.call("GET", f"/v1/rooms/{room}/comments?shown={shown}&format=ndjson")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def bare(comments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Comments without their ids, merged ones with what stands for them."""
    texts = {comment["id"]: comment["text"] for comment in comments}
    return [
        {name: value for name, value in comment.items() if name not in ("id", "merged_into")}
        | ({"into": texts[comment["merged_into"]]} if "merged_into" in comment else {})
        for comment in comments
    ]


async def test_a_record_goes_into_another_room_and_out_again_as_it_was(on_stage: Harness) -> None:
    one, other, third = [await on_stage.room(budget=2) for _ in range(3)]
    start = (await on_stage.live(one)).now() - 1000
    for number in range(5):
        await on_stage.say(one, f"word {number}", at=start + number // 2, color=number)
    await on_stage.say(one, "晚安", mode="top", size="large", at=start + 7)
    lines = [
        {"id": "b", "at": start + 9, "user": USER, "name": "B", "text": "yay", "count": 2},
        {"id": "c", "at": start + 8, "user": USER, "name": "C", "text": "yay!", "weight": 1.5}
        | {"shown": False, "merged_into": "b"},
    ]
    assert (await imported(on_stage, one, lines))["imported"] == 2
    before = await record(on_stage, one)
    assert {comment.get("shown", True) for comment in before} == {True, False}
    assert await imported(on_stage, other, before) == {"imported": 8, "known": 0, "refused": []}
    after = await record(on_stage, other)
    assert sorted(bare(after), key=str) == sorted(bare(before), key=str)
    assert len(await record(on_stage, other, "only")) == len(await record(on_stage, one, "only"))
    # From there on the ids stay too.
    await imported(on_stage, third, after)
    assert await record(on_stage, third) == after


async def test_a_comment_is_known_by_moment_author_and_text(on_stage: Harness) -> None:
    room = await on_stage.room()
    own = await on_stage.say(room, "said here")
    (line,) = await record(on_stage, room)
    assert await imported(on_stage, room, [line]) == {"imported": 0, "known": 1, "refused": []}
    more = [line | {"at": line["at"] - 1}, line | {"user": "bo"}, line | {"text": "another"}]
    told = await imported(on_stage, room, [line, *more, *more])
    assert (told["imported"], told["known"]) == (3, 4)
    assert (await imported(on_stage, room, more))["known"] == 3
    kept = await record(on_stage, room)
    assert len(kept) == 4
    assert own in {comment["id"] for comment in kept}
    # What stands for a merged one may be there already.
    merged = {"id": "m", "at": line["at"], "user": "cy", "text": "too", "merged_into": own}
    assert (await imported(on_stage, room, [line, merged]))["imported"] == 1
    assert [
        each["merged_into"] for each in await record(on_stage, room) if each["user"] == "cy"
    ] == [own]


async def test_two_equal_comments_are_two_and_stay_two(on_stage: Harness) -> None:
    one, other = await on_stage.room(), await on_stage.room()
    at = (await on_stage.live(one)).now() - 10
    await on_stage.say(one, "gg", at=at)
    (own,) = await record(on_stage, one)
    line = {name: own[name] for name in ("at", "user", "text")}
    # One of the three is what was said in the room.
    for counts in ((2, 1), (0, 3)):
        told = await imported(on_stage, one, [line, line | {"text": "g\u200bg"}, line])
        assert (told["imported"], told["known"], told["refused"]) == (*counts, [])
    kept = await record(on_stage, one)
    assert [each["text"] for each in kept] == ["gg"] * 3
    # An export of it, in parts or whole, is three comments too, again and elsewhere.
    assert (await imported(on_stage, one, kept))["known"] == 3
    for ordinal, counts in ((2, (1, 0)), (0, (1, 0)), (1, (1, 0)), (1, (0, 1))):
        told = await imported(on_stage, other, [line | {"ordinal": ordinal}])
        assert (told["imported"], told["known"]) == counts
    assert (await imported(on_stage, other, kept))["known"] == 3
    # The same own id, or the same ordinal, is the same comment.
    again = line | {"id": "7", "text": "ok"}
    assert (await imported(on_stage, one, [again, again, again | {"id": "8"}]))["imported"] == 2
    again = line | {"text": "hm", "ordinal": 1}
    told = await imported(on_stage, one, [line | {"text": "hm"}] * 2 + [again])
    assert (told["imported"], told["known"]) == (2, 1)


async def test_files_of_others_are_taken_in(on_stage: Harness) -> None:
    room = await on_stage.room()
    start = (await on_stage.live(room)).now() - 60_000
    bodies = [
        '{"comments": [{"content_offset_seconds": 1, "message": {"body": "twitch"}}]}',
        '<packet><chat vpos="200">niconico</chat></packet>',
        '{"code": 0, "data": [[3, 0, 255, "ann", "dplayer"]]}',
        '[{"text": "artplayer", "time": 4}]',
        '{"message": "downloader", "time_in_seconds": 5, "author": {"name": "ann"}}',
        '<i><d p="6,1,25,0">I <3 this</d><d p="oops">x</d><gift/></i>',
    ]
    for body in bodies:
        told = await imported(on_stage, room, body, f"?from={start}")
        assert told["imported"] == 1
    assert [each["line"] for each in told["refused"]] == [2]
    assert [(each["at"] - start) // 1000 for each in await record(on_stage, room)] == [*range(1, 7)]


async def test_nobody_is_shown_an_imported_comment(on_stage: Harness) -> None:
    room = await on_stage.room()
    live = await on_stage.live(room)
    line = {"at": live.now(), "user": "bo", "text": "of old"}
    await imported(on_stage, room, [line])
    assert (live.replica.offset, live.replica.state.recent) == (0, [])
    await on_stage.say(room, "of now")
    assert [comment.text for comment in live.replica.state.recent] == ["of now"]


async def test_an_imported_comment_can_be_retracted_and_stays_so(on_stage: Harness) -> None:
    room = await on_stage.room()
    line = {"at": (await on_stage.live(room)).now(), "user": "bo", "text": "of old"}
    await imported(on_stage, room, [line])
    (comment,) = await record(on_stage, room)
    path = f"/v1/rooms/{room}/comments/{comment['id']}/retract"
    assert (await on_stage.call("POST", path)).status_code == 200
    assert (await imported(on_stage, room, [line]))["known"] == 1
    assert await record(on_stage, room) == []


async def test_each_refused_comment_is_told_and_the_others_are_taken(on_stage: Harness) -> None:
    room = await on_stage.room(max_text=5, record_retention=60)
    now = (await on_stage.live(room)).now()
    good = {"at": now, "user": "bo", "text": " fine\u200b "}
    bad = [
        ("bad_message", good | {"text": " "}),
        ("bad_message", good | {"user": "\u200b"}),
        ("bad_message", good | {"surprise": 1}),
        ("bad_message", good | {"merged_into": "a1", "id": "m"}),
        ("bad_message", 7),
        ("too_long", good | {"text": "longer"}),
        ("bad_time", good | {"at": now - 61_000}),
        ("bad_time", good | {"at": now + 60_000}),
    ]
    told = await imported(on_stage, room, [*(line for _, line in bad), good])
    assert (told["imported"], told["known"]) == (1, 0)
    assert [each["line"] for each in told["refused"]] == [*range(1, len(bad) + 1)]
    assert [each["code"] for each in told["refused"]] == [code for code, _ in bad]
    assert "record_retention" in told["refused"][6]["message"]
    (comment,) = await record(on_stage, room)
    assert comment["text"] == "fine"
    assert comment["weight"] > 0


async def test_bilibilis_xml_and_traces_count_from_the_moment_named(on_stage: Harness) -> None:
    room = await on_stage.room()
    start = (await on_stage.live(room)).now() - 5000
    element = '<d p="1.5,5,36,255,0,0,bo,1">hi</d>'
    assert (await imported(on_stage, room, f"<i>{element}</i>"))["refused"][0]["code"] == "bad_time"
    assert (await imported(on_stage, room, f"<i>{element}</i>", f"?from={start}"))["imported"] == 1
    trace = '{"at": 2000.4, "user": "ann", "text": "ho"}\n'
    assert (await imported(on_stage, room, trace, f"?from={start}"))["imported"] == 1
    first, second = await record(on_stage, room)
    assert (first["at"], first["mode"], first["size"]) == (start + 1500, "top", "large")
    assert (second["at"], second["name"]) == (start + 2000, "")
    # Our own XML knows its start.
    path = f"/v1/rooms/{room}/comments?format=bilibili-xml&from={start}"
    document = (await on_stage.call("GET", path)).text
    assert await imported(on_stage, room, document) == {"imported": 0, "known": 2, "refused": []}


async def test_more_comments_than_one_event_has_are_all_taken_in(on_stage: Harness) -> None:
    room = await on_stage.room()
    now = (await on_stage.live(room)).now()
    count = 2 * ROWS_PER_EVENT + 1
    lines = [{"at": now - n % 7, "user": "bo", "text": f"word {n}"} for n in range(count)]
    assert (await imported(on_stage, room, lines))["imported"] == count
    assert len(await record(on_stage, room)) == count


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[1", 400),
        (b"[1, 2,", 400),
        (b"<rss><item/></rss>", 400),
        (b"<i>" + b"<d>x</d>" * (MAX_COMMENTS + 1), 413),
        (b" " * (MAX_LINES_BYTES + 1), 413),
        (b"\n".join([b"{}"] * (MAX_COMMENTS + 1)), 413),
    ],
)
async def test_a_body_that_can_t_be_read_is_refused_as_a_whole(
    on_stage: Harness, body: bytes, status: int
) -> None:
    room = await on_stage.house()
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/comments", content=body)
    assert answer.status_code == status


async def test_an_empty_body_and_blank_lines_bring_nothing(on_stage: Harness) -> None:
    room = await on_stage.house()
    for body in ("", "\n\n", "[]", "<i></i>", "<i>\udcff</i>"):
        assert (await imported(on_stage, room, body))["imported"] == 0
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/comments?from=soon", content=b"")
    assert answer.status_code == 422
