"""Polls from opening to result, as viewers and producers see them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.server import ServerProcess
from tests.viewer import Message, Viewer, viewing
from tests.waiting import until


class Producer:
    """Who opens polls in one room."""

    def __init__(self, server: ServerProcess, room: str) -> None:
        self.server = server
        self.path = f"/v1/rooms/{room}/polls"

    async def open(self, **fields: Any) -> str:
        body = {
            "kind": "single",
            "question": "Which song?",
            "options": ["slow", "loud", "none"],
            **({} if "closes_at" in fields else {"duration": 600}),
            "grace": 0,
            **fields,
        }
        return str((await self.server.produce("POST", self.path, body))["id"])

    async def step(self, poll: str, step: str, **body: Any) -> tuple[int, Message]:
        answer = await self.server.ask(
            "POST", f"{self.path}/{poll}/{step}", body, self.server.producer_token
        )
        return answer.status, answer.json

    async def look(self, poll: str) -> Message:
        found: Message = await self.server.produce("GET", f"{self.path}/{poll}")
        return found

    async def until_final(self, poll: str) -> Message:
        async def is_final() -> bool:
            return bool((await self.look(poll))["final"])

        await until(is_final)
        return await self.look(poll)


@pytest.fixture
def producer(shared_server: ServerProcess, room: str) -> Producer:
    shared_server.make_room(room, tick=50)
    return Producer(shared_server, room)


@pytest.fixture
def who(shared_server: ServerProcess, room: str) -> Any:
    """A viewer of the room by name."""
    return lambda name: viewing(shared_server.url, room, shared_server.token(name))


async def is_told(viewer: Viewer, poll: str, tally: list[int]) -> None:
    """Waits for an open poll's tally by the frames without a number."""
    await viewer.sees(lambda picture: picture.tallies.get(poll, {}).get("tally") == tally)


async def test_each_viewer_has_one_vote_and_everyone_sees_the_tally(
    producer: Producer, who: Any
) -> None:
    poll = await producer.open()
    async with who("ann") as ann, who("ann") as ann_again, who("bo") as bo:
        assert (await ann.knows(poll))["status"] == "open"
        vote = {"type": "vote", "id": "v1", "poll": poll, "choices": [1]}
        assert (await ann.ask(vote))["type"] == "ack"
        assert (await ann.ask(vote))["type"] == "ack"
        assert (await ann_again.ask(vote))["type"] == "ack"
        assert (await ann_again.vote(poll, 0))["code"] == "already_voted"
        assert (await bo.vote(poll, 0))["type"] == "ack"
        for viewer in (ann, ann_again, bo):
            await is_told(viewer, poll, [1, 1, 0])
    assert (await producer.look(poll))["voters"] == 2


@pytest.mark.parametrize(
    ("kind", "choices", "code"),
    [
        ("single", [3], "bad_choice"),
        ("single", [0, 1], "bad_choice"),
        ("multiple", [0, 1, 2], "bad_choice"),
        ("multiple", [1, 1], "bad_choice"),
        ("single", [], "bad_message"),
        ("single", [-1], "bad_message"),
    ],
)
async def test_a_choice_that_is_not_there_or_one_too_many_counts_for_nothing(
    producer: Producer, who: Any, kind: str, choices: list[int], code: str
) -> None:
    fields = {"max_choices": 2} if kind == "multiple" else {}
    poll = await producer.open(kind=kind, **fields)
    async with who("ann") as ann:
        await ann.knows(poll)
        assert (await ann.vote(poll, *choices))["code"] == code
    assert (await producer.look(poll))["tally"] == [0, 0, 0]


async def test_a_poll_that_is_not_there_is_unknown(producer: Producer, who: Any) -> None:
    async with who("ann") as ann:
        assert (await ann.vote("nothing", 0))["code"] == "unknown_poll"
    refused = await producer.step("nothing", "close")
    assert (refused[0], refused[1]["code"]) == (404, "unknown_poll")


async def test_a_multiple_choice_counts_each_option_and_each_voter_once(
    producer: Producer, who: Any
) -> None:
    poll = await producer.open(kind="multiple", max_choices=2)
    async with who("ann") as ann, who("bo") as bo:
        assert (await ann.knows(poll))["max_choices"] == 2
        await bo.knows(poll)
        assert (await ann.vote(poll, 0, 2))["type"] == "ack"
        assert (await bo.vote(poll, 2))["type"] == "ack"
        await is_told(ann, poll, [1, 0, 2])
    assert (await producer.look(poll))["voters"] == 2


async def test_where_votes_may_change_the_last_one_counts_and_an_old_one_never_comes_back(
    producer: Producer, who: Any
) -> None:
    poll = await producer.open(change=True)
    async with who("ann") as ann:
        await ann.knows(poll)
        for number, choice in enumerate((0, 1, 2)):
            vote = {"type": "vote", "id": f"v{number}", "poll": poll, "choices": [choice]}
            assert (await ann.ask(vote))["type"] == "ack"
        stale = {"type": "vote", "id": "v0", "poll": poll, "choices": [0]}
        assert (await ann.ask(stale))["type"] == "ack"
        await is_told(ann, poll, [0, 0, 1])
    told = await producer.look(poll)
    assert (told["tally"], told["voters"]) == ([0, 0, 1], 1)


async def test_a_quiz_keeps_its_answer_until_it_is_revealed(producer: Producer, who: Any) -> None:
    poll = await producer.open(kind="quiz", answer=2, show_tally="revealed")
    async with who("ann") as ann:
        assert "answer" not in await ann.knows(poll)
        assert (await ann.vote(poll, 2))["type"] == "ack"
        assert (await producer.step(poll, "reveal"))[0] == 409
        assert (await producer.step(poll, "close"))[0] == 200
        await producer.until_final(poll)
        await ann.sees(lambda picture: picture.polls[poll]["status"] == "closed")
        assert not {"answer", "tally", "voters"} & ann.picture.polls[poll].keys()
        assert (await producer.step(poll, "reveal"))[0] == 200
        await ann.sees(lambda picture: picture.polls[poll]["status"] == "revealed")
        shown = ann.picture.polls[poll]
        assert (shown["answer"], shown["tally"], shown["voters"]) == (2, [0, 0, 1], 1)
        assert poll not in ann.picture.tallies


async def test_a_tally_for_those_who_voted_reaches_them_alone(producer: Producer, who: Any) -> None:
    poll = await producer.open(show_tally="voted")
    async with who("ann") as ann, who("bo") as bo, who("cy") as cy:
        for viewer in (ann, bo, cy):
            await viewer.knows(poll)
        await ann.vote(poll, 0)
        await bo.vote(poll, 1)
        await is_told(ann, poll, [1, 1, 0])
        await is_told(bo, poll, [1, 1, 0])
        assert poll not in cy.picture.tallies
        assert "tally" not in cy.picture.polls[poll]


async def test_a_vote_counts_by_the_moment_its_viewer_saw_and_within_the_grace(
    producer: Producer, who: Any
) -> None:
    async with who("ann") as ann, who("bo") as bo, who("cy") as cy:
        now = (await ann.ask({"type": "time", "sent": 0}))["now"]
        poll = await producer.open(opens_at=now - 4000, closes_at=now - 1000, grace=9000)
        for viewer in (ann, bo, cy):
            assert (await viewer.knows(poll))["status"] == "open"
        assert (await ann.vote(poll, 0, at=now - 4000))["type"] == "ack"
        assert (await bo.vote(poll, 1, at=now - 1000))["type"] == "ack"
        assert (await cy.vote(poll, 2, at=now - 4001))["code"] == "poll_not_open"
        assert (await cy.vote(poll, 2, at=now - 999))["code"] == "poll_not_open"
        assert (await cy.vote(poll, 2))["code"] == "poll_not_open"
        await is_told(ann, poll, [1, 1, 0])


async def test_a_poll_that_opens_later_takes_no_vote_before(producer: Producer, who: Any) -> None:
    async with who("ann") as ann:
        now = (await ann.ask({"type": "time", "sent": 0}))["now"]
        later = await producer.open(opens_at=now + 60_000, closes_at=now + 120_000)
        assert (await ann.vote(later, 0))["code"] == "poll_not_open"
        soon = await producer.open(opens_at=now + 4_000, closes_at=now + 120_000)
        assert (await ann.knows(soon))["status"] == "open"  # viewers show it by their playhead
        assert (await ann.vote(soon, 0, at=now))["code"] == "poll_not_open"
        assert later not in ann.picture.polls


async def test_the_grace_ends_by_itself_and_the_final_tally_never_moves(
    producer: Producer, who: Any
) -> None:
    async with who("ann") as ann, who("bo") as bo:
        now = (await ann.ask({"type": "time", "sent": 0}))["now"]
        poll = await producer.open(opens_at=now - 1000, closes_at=now + 300, grace=700)
        await ann.knows(poll)
        vote = {"type": "vote", "id": "v1", "poll": poll, "choices": [1], "at": now}
        assert (await ann.ask(vote))["type"] == "ack"
        await ann.sees(lambda picture: "audit" in picture.polls[poll])  # the last said of it
        shown = dict(ann.picture.polls[poll])
        assert (shown["status"], shown["final"]) == ("closed", True)
        assert (shown["tally"], shown["voters"]) == ([0, 1, 0], 1)
        assert (await bo.vote(poll, 0, at=now))["code"] == "poll_not_open"
        assert (await ann.ask(vote))["type"] == "ack"  # the same answer as before, and no effect
        told = await producer.look(poll)
        assert (told["tally"], told["voters"]) == ([0, 1, 0], 1)
        assert ann.picture.polls[poll] == shown


async def test_votes_that_race_with_the_close_are_counted_if_and_only_if_acknowledged(
    producer: Producer, who: Any, shared_server: ServerProcess, room: str
) -> None:
    poll = await producer.open(grace=0)
    viewers = [Viewer(shared_server.url, room, shared_server.token(f"v{n}")) for n in range(20)]
    await asyncio.gather(*(viewer.come() for viewer in viewers))
    for viewer in viewers:
        await viewer.knows(poll)

    at_once = asyncio.Semaphore(3)

    async def vote(viewer: Viewer) -> bool:
        async with at_once:
            return bool((await viewer.vote(poll, 0))["type"] == "ack")

    votes = [asyncio.create_task(vote(viewer)) for viewer in viewers]
    await asyncio.wait(votes[:2])
    assert (await producer.step(poll, "close", grace=0))[0] == 200
    acknowledged = sum(await asyncio.gather(*votes))
    final = await producer.until_final(poll)
    assert final["tally"] == [acknowledged, 0, 0]
    assert final["voters"] == acknowledged
    for viewer in viewers:
        await viewer.leave()


async def test_a_cancelled_poll_takes_no_vote_and_shows_no_result(
    producer: Producer, who: Any
) -> None:
    poll = await producer.open()
    async with who("ann") as ann, who("bo") as bo:
        await ann.knows(poll)
        await ann.vote(poll, 0)
        assert (await producer.step(poll, "cancel"))[0] == 200
        await bo.sees(lambda picture: picture.polls[poll]["status"] == "cancelled")
        assert (await bo.vote(poll, 0))["code"] == "poll_not_open"
        assert "tally" not in bo.picture.polls[poll]
    assert (await producer.step(poll, "reveal"))[0] == 409


async def test_steps_may_be_repeated_and_impossible_ones_change_nothing(
    producer: Producer,
) -> None:
    poll = await producer.open()
    assert [(await producer.step(poll, "close"))[0] for _ in range(2)] == [200, 200]
    await producer.until_final(poll)
    assert (await producer.step(poll, "close"))[0] == 200
    assert [(await producer.step(poll, "reveal"))[0] for _ in range(2)] == [200, 200]

    async def is_signed() -> bool:
        return "audit" in await producer.look(poll)

    await until(is_signed)
    before = await producer.look(poll)
    status, problem = await producer.step(poll, "cancel")
    assert (status, problem["code"]) == (409, "impossible_step")
    assert await producer.look(poll) == before


async def test_who_comes_later_sees_the_tally_of_an_open_poll(producer: Producer, who: Any) -> None:
    poll = await producer.open()
    async with who("ann") as ann:
        await ann.knows(poll)
        await ann.vote(poll, 2)
        await is_told(ann, poll, [0, 0, 1])
        async with who("bo") as bo:
            await is_told(bo, poll, [0, 0, 1])
