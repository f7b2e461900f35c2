"""What an ack promises: server and store are killed while many talk, and nothing acknowledged is
lost or doubled.

1,200 comments and 1,200 votes of 50 viewers in three rounds; in the middle of each, both processes
get SIGKILL. One viewer has one connection, as on a page, so the votes are spread over polls: half
of them go to twelve polls which take one vote each, half change a vote in one poll.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

from tests.conftest import MakeServer
from tests.server import ServerProcess
from tests.system.record import whole_record
from tests.viewer import Message, Viewer, viewing
from tests.waiting import until

CLIENTS = 50
ROUNDS = 3
COMMENTS = 8  # of each client in each round: 1,200 in all
POLLS = 4  # new ones in each round, one vote each: 600
CHANGES = 4  # in each round, of the vote in the poll that takes changes: 600


class Crowd:
    """What was sent, and what became of it."""

    def __init__(self, server: ServerProcess, room: str) -> None:
        self.server = server
        self.room = room
        self.comments: dict[str, str] = {}
        self.answers = 0
        self.wrong: list[Message] = []
        self.votes: dict[str, Counter[int]] = {}
        self.changing: dict[int, int] = {}

    def _answered(self, answer: Message) -> None:
        self.answers += 1
        if answer["type"] != "ack" or answer["status"] != "accepted":
            self.wrong.append(answer)

    async def _say(self, viewer: Viewer, text: str) -> None:
        answer = await viewer.insist({"type": "comment", "text": text})
        self._answered(answer)
        self.comments[text] = answer.get("comment", "")

    async def _vote(self, viewer: Viewer, poll: str, choice: int) -> None:
        vote = {"type": "vote", "poll": poll, "choices": [choice]}
        self._answered(await viewer.insist(vote))

    async def _change(self, viewer: Viewer, client: int, poll: str, choices: list[int]) -> None:
        for choice in choices:  # one after the other: the last one counts
            await self._vote(viewer, poll, choice)
            self.changing[client] = choice

    async def round(
        self, number: int, viewers: list[Viewer], polls: list[str], changing: str
    ) -> None:
        """All talk at once, and the processes die in the middle of it."""
        before = self.answers
        talk: list[asyncio.Task[None]] = []
        for client, viewer in enumerate(viewers):
            jobs = [
                self._say(viewer, f"line {index} of client {client}, round {number}")
                for index in range(COMMENTS)
            ]
            for poll in polls:
                choice = (client + number) % 3
                self.votes.setdefault(poll, Counter())[choice] += 1
                jobs.append(self._vote(viewer, poll, choice))
            choices = [(client * number + index) % 3 for index in range(CHANGES)]
            jobs.append(self._change(viewer, client, changing, choices))
            talk += [asyncio.create_task(job) for job in jobs]
        everything = len(viewers) * (COMMENTS + POLLS + CHANGES)
        await until(lambda: self.answers - before > everything // 4)
        if number % 2:
            self.server.kill_valkey()
            self.server.kill()
        else:
            self.server.kill()
            self.server.kill_valkey()
        assert self.answers - before < everything, "it was over before the kill"
        await asyncio.to_thread(self.server.start)
        await asyncio.gather(*talk)


async def test_whatever_was_acknowledged_is_there_exactly_once_after_three_kills(
    make_server: MakeServer, room: str
) -> None:
    server = make_server().start()
    server.make_room(room)
    base = f"/v1/rooms/{room}"
    body = {"kind": "single", "question": "Which?", "options": ["a", "b", "c"], "duration": 3600}

    async def open_polls(number: int, **fields: bool) -> list[str]:
        jobs = [server.produce("POST", f"{base}/polls", body | fields) for _ in range(number)]
        return [opened["id"] for opened in await asyncio.gather(*jobs)]

    crowd = Crowd(server, room)
    async with AsyncExitStack() as stack:
        viewers = [
            await stack.enter_async_context(viewing(server.url, room, server.token(f"sub {n}")))
            for n in range(CLIENTS)
        ]
        [changing] = await open_polls(1, change=True)
        for number in range(1, ROUNDS + 1):
            polls = await open_polls(POLLS)
            await asyncio.gather(*(viewer.knows(poll) for viewer in viewers for poll in polls))
            await crowd.round(number, viewers, polls, changing)

        assert crowd.wrong == []
        # The last ones are in the store's ingest stream until the new sequencer has its lease.
        last_said = max(crowd.comments.values(), key=lambda comment: (len(comment), comment))
        await until(lambda: any(last_said in viewer.picture.shown for viewer in viewers))
        rows = await whole_record(server, room)
        assert len(rows) == len(crowd.comments) == CLIENTS * ROUNDS * COMMENTS
        assert {row["text"]: row["id"] for row in rows} == crowd.comments

        expected = {
            each: [votes[option] for option in range(3)] for each, votes in crowd.votes.items()
        }
        last = Counter(crowd.changing.values())
        expected[changing] = [last[option] for option in range(3)]
        listed = (await server.produce("GET", f"{base}/polls"))["polls"]
        assert {each["id"]: each["tally"] for each in listed} == expected
        assert {each["voters"] for each in listed} == {CLIENTS}
