"""State plus frames equals state: whatever happened in the room, and however often a viewer lost
it, what it has folded is what a viewer who comes now is welcomed with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from tests.server import ServerProcess
from tests.viewer import Message, Picture, Viewer, viewing

STEPS = 120
EACH = 12
"""After so many steps everything is compared."""

TICK_MS = 50
RING_FRAMES = 300
"""What a node keeps: whoever is further behind starts from a new welcome."""


class Life:
    """Random events in one room, as its people would cause them."""

    def __init__(self, server: ServerProcess, room: str, random: Random) -> None:
        self.server = server
        self.path = f"/v1/rooms/{room}"
        self.random = random
        self.crowd: list[Viewer] = []
        self.polls: list[str] = []
        self.said = 0

    async def _post(self, path: str, body: Any = None) -> Message:
        """A producer's call; it may be one that is impossible now."""
        token = self.server.producer_token
        answer = await self.server.ask("POST", f"{self.path}/{path}", body or {}, token)
        assert answer.status < 500, answer.body.decode()
        told: Message = answer.json
        return told

    async def comment(self) -> None:
        self.said += 1
        viewer = self.random.choice(self.crowd)
        looks: list[Message] = [{}, {"mode": "top"}, {"color": 0xFF8800, "size": "large"}]
        fields = self.random.choice(looks)
        await viewer.ask({"type": "comment", "text": f"number {self.said}", **fields})

    async def chorus(self) -> None:
        """Many say the same at once: merged into one with a count."""
        self.said += 1
        await asyncio.gather(*(viewer.comment(f"all {self.said}") for viewer in self.crowd))

    async def retract(self) -> None:
        shown = [comment for viewer in self.crowd for comment in viewer.picture.recent]
        if shown:
            await self._post(f"comments/{self.random.choice(shown)['id']}/retract")

    async def open_poll(self) -> None:
        if len(self.polls) == 15:  # ended ones beyond twenty are forgotten without a frame
            return
        body = {
            "kind": "quiz",
            "question": f"question {len(self.polls)}",
            "options": ["yes", "no"],
            "answer": 1,
            "duration": self.random.choice([0.2, 60]),
            "grace": self.random.choice([0, 100]),
            "show_tally": self.random.choice(["always", "revealed"]),
        }
        self.polls.append((await self._post("polls", body))["id"])

    async def vote(self) -> None:
        if self.polls:
            viewer = self.random.choice(self.crowd)
            await viewer.vote(self.random.choice(self.polls), self.random.randrange(2))

    async def step(self) -> None:
        if self.polls:
            step = self.random.choice(["close", "reveal", "cancel"])
            await self._post(f"polls/{self.random.choice(self.polls)}/{step}")

    async def cue(self) -> None:
        await self._post("cues", {"name": f"cue {self.said}", "data": {"n": self.said}})

    async def stats(self) -> None:
        """A card now or soon, that stays or soon expires, or is taken away."""
        async with viewing(self.server.url, self.path.rpartition("/")[2]) as someone:
            now = someone.welcome["now"]
        self.said += 1
        body = {
            "entity": "athlete:1",
            "name": self.random.choice(["100 m", "200 m"]),
            "at": now + self.random.choice([-500, 0, 2_500]),
            "values": self.random.choice([{"speed": self.said}, None]),
            "duration": self.random.choice([0, 1]),
        }
        await self._post("stats", body)

    async def settings(self) -> None:
        changes = self.random.choice(
            [{"title": f"title {self.said}"}, {"shield": False}, {"budget": 40 + self.said}]
        )
        token = self.server.producer_token
        await self.server.ask("PATCH", self.path, changes, token)

    async def mute(self) -> None:
        viewer = self.random.choice(self.crowd)
        await self._post(f"viewers/{viewer.user}/mute", {"duration": 0.3})

    async def lose(self) -> None:
        """A connection breaks; its viewer comes back, with its place or with nothing."""
        viewer = self.random.choice(self.crowd)
        viewer.resumes = self.random.random() < 0.7
        if self.random.random() < 0.2:
            viewer.epoch = "another"
        await viewer.drop()
        await viewer.returns()

    async def lose_for_a_while(self) -> None:
        """The same, and much is said meanwhile."""
        losing = asyncio.create_task(self.lose())
        await asyncio.gather(*(self.comment() for _ in range(5)))
        await losing

    def any(self) -> Callable[[], Awaitable[None]]:
        """What happens next."""
        common = [self.comment, self.vote, self.lose, self.lose_for_a_while]
        rare = [self.chorus, self.retract, self.open_poll, self.step, self.cue, self.settings]
        return self.random.choice([*common, *rare, self.mute, self.stats])


def comparable(picture: Picture, now: int) -> dict[str, Any]:
    """What a picture says of the room at ``now``; old cues fade from it by themselves."""
    oldest = now - picture.settings["max_latency"]
    return {
        "settings": picture.settings,
        "polls": picture.polls,
        "overlays": picture.overlays,
        "cues": {name: cue for name, cue in picture.cues.items() if cue["at"] >= oldest},
        "recent": picture.recent,
    }


async def agree_with_a_newcomer(server: ServerProcess, room: str, crowd: list[Viewer]) -> None:
    """All have what a viewer is welcomed with who comes now."""
    while True:
        async with viewing(server.url, room) as newcomer:
            now, offset = newcomer.welcome["now"], newcomer.welcome["offset"]
            fresh = Picture()
            fresh.welcomed(newcomer.welcome)
        for viewer in crowd:
            await viewer.reaches(offset)
            await viewer.ask({"type": "time", "sent": 0})  # behind all unnumbered frames, too
        if all(viewer.offset == offset for viewer in crowd):
            break  # nobody has seen more than the newcomer
    for viewer in crowd:
        assert viewer.faults == []
        assert comparable(viewer.picture, now) == comparable(fresh, now)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_a_viewer_has_folded_is_what_a_newcomer_is_welcomed_with(
    shared_server: ServerProcess, room: str, seed: int
) -> None:
    server = shared_server
    server.make_room(room, tick=TICK_MS, comment_burst=1000)
    life = Life(server, room, Random(seed))
    life.crowd = [Viewer(server.url, room, server.token(f"viewer {n}")) for n in range(4)]
    await asyncio.gather(*(viewer.come() for viewer in life.crowd))
    for step in range(1, STEPS + 1):
        await life.any()()
        if step % EACH == 0:
            await agree_with_a_newcomer(server, room, life.crowd)
    welcomes = [welcome for viewer in life.crowd for welcome in viewer.of_type("welcome")]
    assert {welcome["recovered"] for welcome in welcomes} == {True, False}
    for viewer in life.crowd:
        await viewer.leave()


async def test_who_was_away_for_more_frames_than_are_kept_starts_anew(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    # "111" is alike to "11": each shall make a frame all the same.
    server.make_room(room, tick=TICK_MS, selection={"novelty": 0})
    async with viewing(server.url, room, server.token("ann")) as ann:
        await ann.comment("the first")
        await ann.seen("the first")
        place = ann.offset
        while ann.offset <= place + RING_FRAMES:
            before = ann.offset
            await ann.comment(f"after {before}")
            await ann.reaches(before + 1)
        kept = ann.offset
        for offset, recovered in ((kept - RING_FRAMES, True), (place, False), (kept + 1, False)):
            ann.offset = offset
            await ann.drop()
            await ann.returns()
            await ann.reaches(kept)
            assert ann.welcome["recovered"] is recovered
        await agree_with_a_newcomer(server, room, [ann])
