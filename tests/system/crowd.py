"""A crowd that comments and votes all at once, and what was promised to it.

One viewer has one connection, as on a page, so the votes are spread over polls: half of them go to
polls which take one vote each, half change a vote in one poll.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.server import ServerProcess
from tests.system.record import whole_record
from tests.viewer import Message, Viewer, viewing
from tests.waiting import until

COMMENTS = 8
POLLS = 4
CHANGES = 4
"""What each viewer sends in a round: comments, votes in as many new polls, changes of one vote."""

CHANGING_ROUNDS = 8
"""After so many rounds the vote in another poll is changed: one may be changed 32 times."""

POLL = {"kind": "single", "question": "Which?", "options": ["a", "b", "c"], "duration": 3600}


@dataclass(frozen=True, slots=True)
class Audit:
    """What is wrong: comments that were acknowledged and aren't there, rows that are too many,
    votes that are too many or too few in some tally."""

    lost: int
    repeated: int
    votes_off: int


class Crowd:
    """What was sent, and what became of it."""

    def __init__(self, server: ServerProcess, room: str, viewers: Sequence[Viewer]) -> None:
        """``server`` is asked for polls and the record; the viewers may be others'."""
        self.server = server
        self.room = room
        self.viewers = viewers
        self.rounds = 0
        self.comments: dict[str, str] = {}
        self.answers = 0
        self.wrong: list[Message] = []
        self.votes: dict[str, Counter[int]] = {}
        self.changing: dict[str, dict[int, int]] = {}
        self._changed = ""

    async def round(self, strike: Callable[[], Awaitable[object]]) -> None:
        """All talk at once; ``strike`` is called in the middle of it."""
        self.rounds += 1
        polls = await self._open(POLLS)
        if self.rounds % CHANGING_ROUNDS == 1:
            [self._changed] = await self._open(1, change=True)
        known = [*polls, self._changed]
        await asyncio.gather(*(viewer.knows(poll) for viewer in self.viewers for poll in known))
        before, jobs = self.answers, []
        for client, viewer in enumerate(self.viewers):
            for index in range(COMMENTS):
                text = f"line {index} of client {client}, round {self.rounds}"
                jobs.append(self._say(viewer, text))
            for poll in polls:
                choice = (client + self.rounds) % 3
                self.votes.setdefault(poll, Counter())[choice] += 1
                jobs.append(self._vote(viewer, poll, choice))
            choices = [(client * self.rounds + index) % 3 for index in range(CHANGES)]
            jobs.append(self._change(viewer, client, choices))
        talk = [asyncio.create_task(job) for job in jobs]
        everything = len(self.viewers) * (COMMENTS + POLLS + CHANGES)
        await until(lambda: self.answers - before > everything // 4)
        assert self.answers - before < everything, "it was over before the strike"
        await strike()
        await asyncio.gather(*talk)

    async def _open(self, number: int, **fields: bool) -> list[str]:
        path, body = f"/v1/rooms/{self.room}/polls", POLL | fields
        jobs = [self.server.produce("POST", path, body) for _ in range(number)]
        return [opened["id"] for opened in await asyncio.gather(*jobs)]

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

    async def _change(self, viewer: Viewer, client: int, choices: list[int]) -> None:
        for choice in choices:  # one after the other: the last one counts
            await self._vote(viewer, self._changed, choice)
            self.changing.setdefault(self._changed, {})[client] = choice

    async def finds_everything_once(self) -> None:
        """Whatever was acknowledged is there, once, and nothing else."""
        await self.settles()
        assert self.wrong == []
        rows = await whole_record(self.server, self.room)
        assert len(rows) == len(self.comments) >= len(self.viewers) * self.rounds * COMMENTS
        assert {row["text"]: row["id"] for row in rows} == self.comments
        listed = await self._listed()
        assert {each["id"]: each["tally"] for each in listed} == self._tallies()
        assert {each["voters"] for each in listed} == {len(self.viewers)}

    async def settles(self) -> None:
        """Waits until what was said is in the record: a frame has no room for all of it."""
        last = f"and that was round {self.rounds}"
        await self._say(self.viewers[0], last)
        await self.viewers[0].seen(last)

    async def audit(self) -> Audit:
        """Counts what ``finds_everything_once`` would stumble over."""
        ids = Counter(row["id"] for row in await whole_record(self.server, self.room))
        tallies = self._tallies()
        off = (
            abs(votes - expected)
            for each in await self._listed()
            for votes, expected in zip(each["tally"], tallies[each["id"]], strict=True)
        )
        return Audit(
            lost=sum(id not in ids for id in self.comments.values()),
            repeated=ids.total() - len(self.comments.keys()),
            votes_off=sum(off),
        )

    async def _listed(self) -> list[Message]:
        listed = await self.server.produce("GET", f"/v1/rooms/{self.room}/polls")
        polls: list[Message] = listed["polls"]
        return polls

    def _tallies(self) -> dict[str, list[int]]:
        expected = {
            each: [votes[option] for option in range(3)] for each, votes in self.votes.items()
        }
        for poll, choices in self.changing.items():
            latest = Counter(choices.values())
            expected[poll] = [latest[option] for option in range(3)]
        return expected


@asynccontextmanager
async def crowd(servers: Sequence[ServerProcess], room: str, size: int) -> AsyncIterator[Crowd]:
    """So many viewers, spread over the servers."""
    async with AsyncExitStack() as stack:
        viewers = []
        for number in range(size):
            server = servers[number % len(servers)]
            token = server.token(f"sub {number}")
            viewers.append(await stack.enter_async_context(viewing(server.url, room, token)))
        yield Crowd(servers[0], room, viewers)
