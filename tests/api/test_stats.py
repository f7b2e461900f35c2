from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from grandstand.api.problems import MAX_FAULTS
from grandstand.api.stats import MAX_UPDATES
from grandstand.api.validation import MAX_LINES_BYTES
from grandstand.overlays.stats_cards import MAX_WAITING, version
from grandstand.wire.messages import Overlay

from tests.api.harness import Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOLT: dict[str, Any] = {"entity": "athlete:123", "name": "100 m", "values": {"speed": 12.3}}


async def told(
    harness: Harness, room: str, *updates: Any, status: int = 200
) -> list[dict[str, Any]]:
    """What became of one update, or of several as NDJSON; or the faults."""
    path = f"/v1/rooms/{room}/stats"
    if len(updates) == 1:
        answer = await harness.call("POST", path, json=updates[0])
    else:
        answer = await harness.call("POST", path, content=lines(updates))
    assert answer.status_code == status, answer.text
    results: list[dict[str, Any]] = answer.json()["stats" if status == 200 else "errors"]
    return results


def lines(updates: Sequence[Any]) -> bytes:
    return "\n".join(map(json.dumps, updates)).encode()


async def cards(harness: Harness, room: str) -> dict[str, Overlay]:
    return (await harness.live(room)).replica.state.overlays


async def test_a_card_is_for_now_and_reaches_the_room(on_stage: Harness) -> None:
    room = await on_stage.room()
    before = (await on_stage.live(room)).now()
    (result,) = await told(on_stage, room, BOLT)
    assert before <= result["at"] <= (await on_stage.live(room)).now()
    card = version("athlete:123", "100 m", result["at"], {"speed": 12.3}, 20_000)
    assert result == {"id": card.id, "at": card.at, "status": "taken"}
    assert await cards(on_stage, room) == {card.id: card}


async def test_each_value_is_kept_as_it_is_and_its_text_cleaned(on_stage: Harness) -> None:
    room = await on_stage.room()
    values = {"speed\u200b": 12.3, "rank": 1, "club": " TSV\u202e  1860 ", "wind": None}
    await told(on_stage, room, {**BOLT, "name": "100\nm", "values": values, "duration": 0})
    (card,) = (await cards(on_stage, room)).values()
    assert card.data["name"] == "100 m"
    assert card.data["values"] == {"speed": 12.3, "rank": 1, "club": "TSV 1860", "wind": None}
    assert not card.expires_at


async def test_a_stream_of_lines_has_a_result_for_each(on_stage: Harness) -> None:
    room = await on_stage.room()
    now = (await on_stage.live(room)).now()
    fates = await told(
        on_stage,
        room,
        {**BOLT, "at": now},
        {**BOLT, "at": now - 1_000},
        {**BOLT, "at": now},
        {**BOLT, "at": now + 3_000_000},
        {**BOLT, "name": "200 m", "at": now, "values": {}},
    )
    assert [each["status"] for each in fates] == ["taken", "late", "repeated", "waiting", "taken"]
    assert fates[0]["id"] == fates[3]["id"] != fates[4]["id"]
    state = (await on_stage.live(room)).replica.state
    assert [card.at for card in state.overlays.values()] == [now, now]
    assert [card.at for card in state.waiting.values()] == [now + 3_000_000]


async def test_what_waits_is_shown_when_its_time_is_near(on_stage: Harness) -> None:
    room = await on_stage.room()
    live = await on_stage.live(room)
    await told(on_stage, room, {**BOLT, "name": "a sequencer is at work"})
    soon = live.now() + 3_000
    (result,) = await told(on_stage, room, {**BOLT, "at": soon})
    assert result["status"] == "waiting"
    state = live.replica.state
    await until(lambda: result["id"] in state.overlays)
    assert live.now() >= soon - 2_000
    assert state.waiting == {}


async def test_no_values_take_a_card_away(on_stage: Harness) -> None:
    room = await on_stage.room()
    await told(on_stage, room, BOLT)
    (result,) = await told(on_stage, room, {**BOLT, "values": None})
    (card,) = (await cards(on_stage, room)).values()
    assert card.at == card.expires_at == result["at"]


async def test_an_expired_card_is_dropped_when_nobody_can_be_before_its_end(
    on_stage: Harness,
) -> None:
    room = await on_stage.room(max_latency=1_000)
    live = await on_stage.live(room)
    (result,) = await told(on_stage, room, {**BOLT, "at": live.now() - 900, "duration": 1})
    await until(lambda: result["id"] not in live.replica.state.overlays)
    assert live.now() >= result["at"] + 2_000


@pytest.mark.parametrize(
    ("content", "kind", "count"),
    [
        (json.dumps(BOLT, indent=2).encode(), "application/json", 1),
        (lines([BOLT]) + b"\n\n", "application/x-ndjson", 1),
        (b"\n" + lines([BOLT]) + b"\r\n\r\n" + lines([BOLT]), "text/plain", 2),
        (b"", "application/x-ndjson; charset=utf-8", 0),
    ],
)
async def test_one_update_or_lines_are_told_apart(
    on_stage: Harness, content: bytes, kind: str, count: int
) -> None:
    answer = await on_stage.call(
        "POST",
        f"/v1/rooms/{await on_stage.house()}/stats",
        content=content,
        headers={"Content-Type": kind},
    )
    assert (answer.status_code, len(answer.json()["stats"])) == (200, count)


@pytest.mark.parametrize(
    ("update", "paths"),
    [
        ({}, ["entity", "name", "values"]),
        ([BOLT], [""]),
        ({**BOLT, "entity": "", "name": "x" * 101, "colour": 1}, ["entity", "name", "colour"]),
        ({**BOLT, "entity": " ", "name": "\u200b"}, ["entity", "name"]),
        ({**BOLT, "values": {str(n): n for n in range(13)}}, ["values"]),
        ({**BOLT, "values": {"\u200b": 1}}, ["values"]),
        (
            {**BOLT, "values": {"a": True, "b": [1], "c": 2**53, "d" * 41: 1, "e": "x" * 61}},
            ["values.a", "values.b", "values.c", "values." + "d" * 41, "values.e"],
        ),
        ({**BOLT, "duration": 0.5}, ["duration"]),
        ({**BOLT, "duration": 3601, "at": -1}, ["at", "duration"]),
    ],
)
async def test_a_wrong_update_is_refused(on_stage: Harness, update: Any, paths: list[str]) -> None:
    faults = await told(on_stage, await on_stage.house(), update, status=422)
    assert [fault["path"] for fault in faults] == paths


async def test_of_lines_with_a_fault_none_is_taken_and_the_faults_name_their_line(
    on_stage: Harness,
) -> None:
    room = await on_stage.room()
    wrong = {**BOLT, "values": {"speed": []}}
    faults = await told(on_stage, room, BOLT, wrong, BOLT, 7, status=422)
    assert [fault["path"] for fault in faults] == ["line 2.values.speed", "line 4"]
    assert await cards(on_stage, room) == {}
    many = await told(on_stage, room, *[7] * (MAX_FAULTS + 1), status=422)
    assert len(many) == MAX_FAULTS


async def test_a_line_that_is_no_json_is_named(on_stage: Harness) -> None:
    path = f"/v1/rooms/{await on_stage.house()}/stats"
    for content, words in (
        (lines([BOLT]) + b"\n{", "line 2 isn't JSON"),
        (b"{", "the body isn't JSON"),
    ):
        answer = await on_stage.call("POST", path, content=content)
        assert answer.status_code == 400
        assert words in answer.json()["detail"]


async def test_a_card_may_be_set_for_later_and_for_the_slowest_viewer(on_stage: Harness) -> None:
    room = await on_stage.room()
    now = (await on_stage.live(room)).now()
    for at, status in (
        (now + 3_500_000, 200),
        (now + 3_700_000, 422),
        (now - 50_000, 200),
        (now - 70_000, 422),
    ):
        name = str(at)
        answers = await told(on_stage, room, {**BOLT, "name": name, "at": at}, status=status)
        if status == 422:
            assert answers[0]["path"] == "at"
    answer = await on_stage.call(
        "POST", f"/v1/rooms/{room}/stats", content=lines([BOLT, {**BOLT, "at": 0}])
    )
    assert answer.json()["code"] == "bad_time"
    assert answer.json()["errors"][0]["path"] == "line 2.at"


async def test_a_thousand_lines_are_taken_at_once(on_stage: Harness) -> None:
    room = await on_stage.room()
    seq = (await on_stage.live(room)).replica.seq
    now = (await on_stage.live(room)).now()
    many = [
        {**BOLT, "name": f"lane {n % 8}", "at": now, "values": {"split": n}} for n in range(1000)
    ]
    fates = await told(on_stage, room, *many)
    assert {each["status"] for each in fates} == {"taken"}
    assert (await on_stage.live(room)).replica.seq == seq + 1
    shown = [card.data["values"]["split"] for card in (await cards(on_stage, room)).values()]
    assert shown == list(range(992, 1000))


async def test_too_much_at_once_is_too_long(on_stage: Harness) -> None:
    path = f"/v1/rooms/{await on_stage.house()}/stats"
    for content in (lines([BOLT] * (MAX_UPDATES + 1)), b" " * (MAX_LINES_BYTES + 1)):
        answer = await on_stage.call("POST", path, content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_long")


async def test_more_than_may_wait_are_sent_away_for_a_while(on_stage: Harness) -> None:
    room = await on_stage.room()
    now = (await on_stage.live(room)).now()
    many = [{**BOLT, "at": now + 1_000_000 + n} for n in range(MAX_WAITING + 1)]
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/stats", content=lines(many))
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"
    assert (await on_stage.live(room)).replica.state.waiting == {}
    await told(on_stage, room, *many[1:])
