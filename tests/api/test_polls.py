from __future__ import annotations

import asyncio
from typing import Any

import pytest
from grandstand.domain.polls.votes import Ballot
from grandstand.domain.state import ENDED_POLLS_KEPT

from tests.api.harness import Harness, beside
from tests.domain.polls.examples import CASES, Case
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

SINGLE = {"kind": "single", "question": "Who wins?", "options": ["A", "B"], "duration": 60}


async def opened(harness: Harness, room: str, **changes: Any) -> dict[str, Any]:
    body = {name: value for name, value in {**SINGLE, **changes}.items() if value is not ...}
    answer = await harness.call("POST", f"/v1/rooms/{room}/polls", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/rooms/{room}/polls/{told['id']}"
    return told


async def step(harness: Harness, room: str, poll: str, name: str, **body: Any) -> tuple[int, Any]:
    path = f"/v1/rooms/{room}/polls/{poll}/{name}"
    answer = await harness.call("POST", path, json=body or None)
    return answer.status_code, answer.json()


async def finished(harness: Harness, room: str, poll: str) -> None:
    live = await harness.live(room)
    await until(lambda: live.replica.state.polls[poll].final)


async def vote(harness: Harness, room: str, poll: str, *choices: int) -> None:
    record = (await harness.live(room)).replica.state.polls[poll]
    ballots = [Ballot(f"v{n}", "m", (choice,), True) for n, choice in enumerate(choices)]
    await harness.store.votes.cast(room, record, ballots)


async def test_a_poll_with_a_duration_is_open_at_once(on_stage: Harness) -> None:
    room = await on_stage.house()
    live = await on_stage.live(room)
    before = live.now()
    poll = await opened(on_stage, room, duration=1.5)
    assert before <= poll["opens_at"] <= live.now()
    assert poll["closes_at"] == poll["opens_at"] + 1500
    assert (poll["grace"], poll["status"], poll["final"]) == (15_000, "open", False)
    assert (poll["tally"], poll["voters"]) == ([0, 0], 0)
    assert "max_choices" not in poll
    assert "answer" not in poll


async def test_a_poll_may_be_set_for_later(on_stage: Harness) -> None:
    room = await on_stage.house()
    opens_at = (await on_stage.live(room)).now() + 60_000
    body = {name: value for name, value in SINGLE.items() if name != "duration"}
    body |= {"opens_at": opens_at, "closes_at": opens_at + 5000, "grace": 60_000}
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=body)
    assert answer.status_code == 201
    assert {**answer.json(), **body, "options": 0} == {**answer.json(), "options": 0}


async def test_options_may_be_texts_or_as_polls_have_them(on_stage: Harness) -> None:
    room = await on_stage.house()
    poll = await opened(on_stage, room, options=[" A\u202e", {"text": "B"}], question="W\u0000ho?")
    assert poll["options"] == [{"text": "A"}, {"text": "B"}]
    assert poll["question"] == "Who?"


async def test_grace_is_never_longer_than_the_rooms_latency(on_stage: Harness) -> None:
    room = await on_stage.room(max_latency=3000)
    assert (await opened(on_stage, room))["grace"] == 3000
    body = {**SINGLE, "grace": 3001}
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=body)
    assert [fault["path"] for fault in answer.json()["errors"]] == ["grace"]
    poll = await opened(on_stage, room)
    status, problem = await step(on_stage, room, poll["id"], "close", grace=3001)
    assert (status, problem["errors"][0]["path"]) == (422, "grace")


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"kind": "essay", "question": " ", "options": ["A"]}, ["kind", "question", "options"]),
        ({"options": ["A", "\u200b", 7, {"text": ""}]}, ["options[2]", "options[3].text"]),
        ({"options": ["A", "\u200b"], "question": "\u200b"}, ["question", "options[1]"]),
        ({"options": ["A", "B", {"text": " A\u200b"}, "B"]}, ["options[2]", "options[3]"]),
        ({"options": [str(n) for n in range(21)]}, ["options"]),
        ({"question": "x" * 301, "options": ["A", "x" * 101]}, ["question", "options[1]"]),
        ({"duration": 0}, ["duration"]),
        ({"duration": 86_401}, ["duration"]),
        ({"duration": None}, ["duration"]),
        ({"opens_at": 1}, ["opens_at"]),
        ({"duration": ..., "opens_at": 5}, ["closes_at"]),
        ({"duration": ..., "closes_at": 5}, ["opens_at"]),
        ({"duration": ...}, ["duration"]),
        ({"duration": ..., "opens_at": 10**15, "closes_at": 10**15}, ["closes_at"]),
        ({"duration": ..., "opens_at": 1, "closes_at": 2}, ["closes_at"]),
        ({"kind": "quiz"}, ["answer"]),
        ({"kind": "quiz", "answer": 2}, ["answer"]),
        ({"kind": "quiz", "answer": -1}, ["answer"]),
        ({"answer": 0}, ["answer"]),
        ({"max_choices": 1}, ["max_choices"]),
        ({"kind": "multiple", "max_choices": 3}, ["max_choices"]),
        ({"options": ...}, ["options"]),
        ({"kind": "rating", "scale": 5}, ["options"]),
        ({"kind": "rating", "options": ..., "scale": 1}, ["scale"]),
        ({"kind": "rating", "options": ..., "scale": 11}, ["scale"]),
        ({"kind": "rating", "options": ..., "scale": 2.5}, ["scale"]),
        ({"scale": 5}, ["scale"]),
        ({"kind": "prediction", "options": ...}, ["options"]),
        ({"kind": "prediction", "answer": 1}, ["answer"]),
        ({"tag": "\u200b"}, ["tag"]),
        ({"tag": "x" * 101}, ["tag"]),
        ({"kind": "quiz", "grace": -1, "surprise": 1}, ["grace", "surprise", "answer"]),
        ({"show_tally": "never", "change": 1}, ["change", "show_tally"]),
    ],
)
async def test_every_fault_of_a_poll_is_named(
    on_stage: Harness, changes: dict[str, Any], paths: list[str]
) -> None:
    room = await on_stage.house()
    body = {name: value for name, value in {**SINGLE, **changes}.items() if value is not ...}
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=body)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == paths


async def test_as_many_choices_as_options_unless_told(on_stage: Harness) -> None:
    room = await on_stage.house()
    assert (await opened(on_stage, room, kind="multiple"))["max_choices"] == 2
    assert (await opened(on_stage, room, kind="multiple", max_choices=1))["max_choices"] == 1


async def test_a_producer_sees_votes_that_viewers_do_not(on_stage: Harness) -> None:
    room = await on_stage.room()
    poll = await opened(on_stage, room, show_tally="revealed")
    await vote(on_stage, room, poll["id"], 0, 1, 1)
    path = f"/v1/rooms/{room}/polls"
    (listed,) = (await on_stage.call("GET", path, role="moderator")).json()["polls"]
    single = (await on_stage.call("GET", f"{path}/{poll['id']}", role="moderator")).json()
    assert listed == single
    assert (single["tally"], single["voters"]) == ([1, 2], 3)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_poll_of_every_kind_goes_through_all_its_steps(
    on_stage: Harness, case: Case
) -> None:
    room = await on_stage.room()
    told = await opened(on_stage, room, **{"kind": case.kind, "options": ..., **case.own})
    assert told["options"] == [{"text": text} for text in case.options]
    poll = told["id"]
    await vote(on_stage, room, poll, 1)
    way = case.revealed_by
    chosen = {"answer": case.answer} if way == "resolve" else {}
    assert (await step(on_stage, room, poll, way, **chosen))[0] == 409
    status, closing = await step(on_stage, room, poll, "close", grace=0)
    assert (status, closing["grace"]) == (200, 0)
    assert closing["closes_at"] <= (await on_stage.live(room)).now()
    await finished(on_stage, room, poll)
    status, closed = await step(on_stage, room, poll, "close")
    assert (status, closed["status"], closed["final"]) == (200, "closed", True)
    assert "answer" not in closed
    for _ in range(2):
        status, revealed = await step(on_stage, room, poll, way, **chosen)
        assert (status, revealed["status"]) == (200, "revealed")
        assert revealed.get("answer") == case.answer
        assert (revealed["tally"], revealed["voters"]) == ([0, 1, 0], 1)
    status, problem = await step(on_stage, room, poll, "cancel")
    assert (status, problem["code"]) == (409, "impossible_step")


async def test_a_prediction_is_resolved_once_and_by_one_of_its_options(on_stage: Harness) -> None:
    room = await on_stage.room()
    poll = (await opened(on_stage, room, kind="prediction"))["id"]
    await step(on_stage, room, poll, "close", grace=0)
    await finished(on_stage, room, poll)
    status, problem = await step(on_stage, room, poll, "reveal")
    assert (status, problem["code"]) == (409, "impossible_step")
    assert "resolve it" in problem["detail"]
    for wrong, words in ((2, "0 to 1"), (-1, ">= 0"), ("B", "int"), (..., "is missing")):
        body = {} if wrong is ... else {"answer": wrong}
        status, problem = await step(on_stage, room, poll, "resolve", **body)
        assert (status, [fault["path"] for fault in problem["errors"]]) == (422, ["answer"])
        assert words in problem["errors"][0]["message"]
    assert (await step(on_stage, room, poll, "resolve", answer=1))[0] == 200
    status, problem = await step(on_stage, room, poll, "resolve", answer=0)
    assert (status, problem["code"]) == (409, "impossible_step")
    assert (problem["poll"]["status"], problem["poll"]["answer"]) == ("revealed", 1)
    assert (await step(on_stage, room, poll, "reveal"))[1]["answer"] == 1


async def test_a_poll_keeps_its_tag_which_producers_see(on_stage: Harness) -> None:
    room = await on_stage.house()
    poll = await opened(on_stage, room, tag=" encore\u200b")
    assert poll["tag"] == "encore"
    path = f"/v1/rooms/{room}/polls/{poll['id']}"
    assert (await on_stage.call("GET", path, role="moderator")).json()["tag"] == "encore"
    assert "tag" not in await opened(on_stage, room)


async def test_a_poll_is_extended_and_keeps_its_votes(on_stage: Harness) -> None:
    room = await on_stage.room()
    poll = await opened(on_stage, room, duration=60)
    await vote(on_stage, room, poll["id"], 0, 1, 1)
    status, longer = await step(on_stage, room, poll["id"], "extend", duration=1.5)
    assert (status, longer["closes_at"]) == (200, poll["closes_at"] + 1500)
    assert (longer["tally"], longer["voters"], longer["status"]) == ([1, 2], 3, "open")
    until_then = longer["closes_at"] + 5000
    for _ in range(2):
        status, set_to = await step(on_stage, room, poll["id"], "extend", closes_at=until_then)
        assert (status, set_to["closes_at"]) == (200, until_then)
    status, kept = await step(on_stage, room, poll["id"], "extend", closes_at=poll["opens_at"])
    assert (status, kept["closes_at"]) == (200, until_then)


async def test_an_extended_poll_takes_votes_until_its_new_end_and_no_longer(
    on_stage: Harness,
) -> None:
    room = await on_stage.room()
    poll = await opened(on_stage, room, duration=0.5, grace=0)
    await step(on_stage, room, poll["id"], "extend", duration=0.5)
    live = await on_stage.live(room)
    await until(lambda: live.now() > poll["closes_at"] + 100)
    assert not live.replica.state.polls[poll["id"]].final
    await vote(on_stage, room, poll["id"], 1)
    await finished(on_stage, room, poll["id"])
    final = live.replica.state.polls[poll["id"]]
    assert (final.tally, final.closes_at) == ([0, 1], poll["closes_at"] + 500)


async def test_a_poll_whose_window_is_over_is_not_extended(on_stage: Harness) -> None:
    room = await on_stage.room()
    poll = (await opened(on_stage, room))["id"]
    _, closing = await step(on_stage, room, poll, "close")
    live = await on_stage.live(room)
    await until(lambda: live.now() > closing["closes_at"])
    status, problem = await step(on_stage, room, poll, "extend", duration=60)
    assert (status, problem["code"]) == (409, "impossible_step")
    assert "window is over" in problem["detail"]
    assert (problem["poll"]["id"], problem["poll"]["closes_at"]) == (poll, closing["closes_at"])
    await step(on_stage, room, poll, "cancel")
    assert (await step(on_stage, room, poll, "extend", duration=60))[0] == 409


async def test_an_extension_says_by_how_much_or_until_when(on_stage: Harness) -> None:
    room = await on_stage.house()
    poll = (await opened(on_stage, room))["id"]
    for body in ({}, {"duration": 1, "closes_at": 1}, {"duration": 0}):
        status, problem = await step(on_stage, room, poll, "extend", **body)
        assert (status, [fault["path"] for fault in problem["errors"]]) == (422, ["duration"])


async def test_a_cancelled_poll_stays_cancelled(on_stage: Harness) -> None:
    room = await on_stage.room()
    poll = (await opened(on_stage, room))["id"]
    for _ in range(2):
        status, cancelled = await step(on_stage, room, poll, "cancel")
        assert (status, cancelled["status"]) == (200, "cancelled")
    assert (await step(on_stage, room, poll, "reveal"))[0] == 409
    assert (await step(on_stage, room, poll, "close"))[0] == 409


async def test_of_two_producers_on_two_nodes_the_later_is_told_what_the_other_did(
    on_stage: Harness,
) -> None:
    room = await on_stage.room()
    async with beside(on_stage) as elsewhere:
        poll = (await opened(on_stage, room, kind="prediction"))["id"]
        await step(on_stage, room, poll, "close", grace=0)
        for node in (on_stage, elsewhere):
            await finished(node, room, poll)
        answers = await asyncio.gather(
            step(on_stage, room, poll, "resolve", answer=0),
            step(elsewhere, room, poll, "resolve", answer=1),
        )
        (_, told), (status, problem) = sorted(answers, key=lambda each: each[0])
        assert (told["status"], status, problem["code"]) == ("revealed", 409, "impossible_step")
        assert problem["poll"] == told
        other = (await opened(on_stage, room))["id"]
        answers = await asyncio.gather(
            step(on_stage, room, other, "cancel"),
            step(elsewhere, room, other, "close", grace=0),
        )
        assert answers[0][0] == 200
        if answers[1][0] == 409:  # else the poll was closed first, and then cancelled
            assert answers[1][1]["poll"]["status"] == "cancelled"
        status, problem = await step(elsewhere, room, other, "close")
        assert (status, problem["poll"]["id"]) == (409, other)
        assert problem["poll"]["status"] == "cancelled"


async def test_a_poll_that_is_not_there_is_404(on_stage: Harness) -> None:
    room = await on_stage.house()
    bodies = {"extend": {"duration": 1}, "resolve": {"answer": 0}}
    for name in ("close", "reveal", "cancel", *bodies):
        body = bodies.get(name, {})
        status, problem = await step(on_stage, room, "nothere", name, **body)
        assert (status, problem["code"]) == (404, "unknown_poll")
    answer = await on_stage.call("GET", f"/v1/rooms/{room}/polls/nothere")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_poll")


async def test_a_poll_of_long_ago_can_be_seen_but_not_moved(on_stage: Harness) -> None:
    room = await on_stage.room()
    live = await on_stage.live(room)
    first = (await opened(on_stage, room))["id"]
    await step(on_stage, room, first, "close", grace=0)
    await finished(on_stage, room, first)
    for _ in range(ENDED_POLLS_KEPT):
        later = (await opened(on_stage, room))["id"]
        await step(on_stage, room, later, "cancel")
    assert first not in live.replica.state.polls
    assert (await on_stage.call("GET", f"/v1/rooms/{room}/polls/{first}")).json()["final"]
    assert (await step(on_stage, room, first, "close"))[0] == 200
    status, problem = await step(on_stage, room, first, "reveal")
    assert (status, problem["poll"]["id"], problem["poll"]["final"]) == (409, first, True)
    assert (await step(on_stage, room, first, "cancel"))[0] == 409
    assert (await step(on_stage, room, first, "resolve", answer=0))[0] == 409
    assert (await step(on_stage, room, first, "extend", duration=60))[0] == 409


async def test_polls_are_listed_in_pages_the_last_ones_first(on_stage: Harness) -> None:
    room = await on_stage.room()
    now = (await on_stage.live(room)).now()
    body = {name: value for name, value in SINGLE.items() if name != "duration"}
    made = []
    for later in (3, 1, 2, 2, 5):
        window = {"opens_at": now + later * 60_000, "closes_at": now + 600_000}
        answer = await on_stage.call("POST", f"/v1/rooms/{room}/polls", json={**body, **window})
        made.append((answer.json()["opens_at"], answer.json()["id"]))
    path = f"/v1/rooms/{room}/polls"
    whole = (await on_stage.call("GET", path)).json()
    assert "next" not in whole
    assert [(poll["opens_at"], poll["id"]) for poll in whole["polls"]] == sorted(made)
    pages, after = [], ""
    while True:
        page = (await on_stage.call("GET", f"{path}?limit=2&after={after}")).json()
        pages.append([(poll["opens_at"], poll["id"]) for poll in page["polls"]])
        if "next" not in page:
            break
        after = page["next"]
    assert pages == [sorted(made)[3:], sorted(made)[1:3], sorted(made)[:1]]
    for wrong in ("limit=0", "limit=501", "after=x", "after=X:1"):
        assert (await on_stage.call("GET", f"{path}?{wrong}")).status_code == 422
