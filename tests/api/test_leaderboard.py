"""Who was fastest in a quiz."""

from __future__ import annotations

from typing import Any

import pytest
from grandstand.api import leaderboard
from grandstand.domain.identity import neutral_name
from grandstand.domain.polls.votes import Ballot

from tests.api.harness import Harness
from tests.api.test_polls import finished, opened, step

pytestmark = pytest.mark.asyncio(loop_scope="session")

USERS = [f"AbCdEfGhI{n:02}" for n in range(40)]
QUIZ: dict[str, Any] = {"kind": "quiz", "answer": 1, "show_tally": "revealed"}


async def board(harness: Harness, room: str, poll: str, query: str = "") -> tuple[int, Any]:
    path = f"/v1/rooms/{room}/polls/{poll}/leaderboard{query}"
    answer = await harness.call("GET", path, role="viewer")
    return answer.status_code, answer.json()


async def test_the_fastest_stand_first_once_the_quiz_is_revealed(on_stage: Harness) -> None:
    room = await on_stage.house()
    live = await on_stage.live(room)
    poll = (await opened(on_stage, room, **QUIZ))["id"]
    ballots = [
        Ballot(USERS[n], "m", (n % 2,), True, ms=500 - n // 4, name=f"N{n}") for n in range(40)
    ]
    await on_stage.store.votes.cast(room, live.replica.state.polls[poll], ballots)
    assert (await board(on_stage, room, poll))[0] == 409
    await step(on_stage, room, poll, "close", grace=0)
    await finished(on_stage, room, poll)
    status, problem = await board(on_stage, room, poll)
    assert (status, problem["code"]) == (409, "impossible_step")
    await step(on_stage, room, poll, "reveal")
    status, told = await board(on_stage, room, poll)
    assert status == 200
    assert len(told["leaderboard"]) == 10
    assert told["leaderboard"][:3] == [
        {"user": USERS[37], "name": "N37", "ms": 491},
        {"user": USERS[39], "name": "N39", "ms": 491},
        {"user": USERS[33], "name": "N33", "ms": 492},
    ]
    for user, verb in ((USERS[37], "mute"), (USERS[39], "ban")):
        path = f"/v1/rooms/{room}/viewers/{user}/{verb}"
        assert (await on_stage.call("POST", path, json={"duration": 60})).status_code == 200
    _, told = await board(on_stage, room, poll, "?limit=2")
    assert told["leaderboard"] == [
        {"user": USERS[37], "name": neutral_name(USERS[37]), "ms": 491},
        {"user": USERS[33], "name": "N33", "ms": 492},
    ]


async def test_a_poll_that_is_no_quiz_has_none(on_stage: Harness) -> None:
    room = await on_stage.house()
    poll = (await opened(on_stage, room))["id"]
    status, problem = await board(on_stage, room, poll)
    assert (status, problem["detail"]) == (409, "a single has no leaderboard")
    assert (await board(on_stage, room, "nothing"))[0] == 404


async def test_a_quiz_that_is_set_for_later_is_not_betrayed(on_stage: Harness) -> None:
    room = await on_stage.house()
    at = (await on_stage.live(room)).now() + 600_000
    later = {"duration": ..., "opens_at": at, "closes_at": at + 1000}
    poll = await opened(on_stage, room, **QUIZ, **later)
    assert (await board(on_stage, room, poll["id"]))[0] == 404


@pytest.mark.parametrize("limit", ["0", str(leaderboard.MOST + 1), "x", "-1"])
async def test_the_limit_is_bounded(on_stage: Harness, limit: str) -> None:
    room = await on_stage.house()
    poll = (await opened(on_stage, room, **QUIZ))["id"]
    status, problem = await board(on_stage, room, poll, f"?limit={limit}")
    assert (status, problem["errors"][0]["path"]) == (422, "limit")
