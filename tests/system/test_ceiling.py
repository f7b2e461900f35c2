"""More is said in a room than its sequencer can take: real sockets, a real store, a slow sequencer.

The flood is paced by commits, three times what one takes, so a busy machine changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from grandstand.domain.envelope import Commit
from grandstand.domain.events import CueGiven
from grandstand.edge.heartbeat import Heartbeat
from grandstand.replica import room as replica_room
from grandstand.replica.publication import Publication
from grandstand.sequencer import caution
from grandstand.store.timeline import Changes, Head
from grandstand.tasks import cancel_all
from grandstand.wire.messages import Cue
from grandstand.wire.translations import Translations

from tests.edge.harness import Client, Harness, Message, harness
from tests.waiting import patience, until

AT_A_TIME, COMMENT_S = 12, 0.004
"""What the slow sequencer reads at a time, and what each comment costs it."""

PEOPLE = 3 * AT_A_TIME
ENOUGH = 100
RICH = "what a wonderful moment for everybody in number {}, said by {}"
POOR = "o{} {}"


class Commits:
    """A listener that knows when the next one came."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self._came = asyncio.Event()

    async def next(self) -> None:
        self._came.clear()
        await self._came.wait()

    def committed(self, commit: Commit) -> None:
        self.shares.append(commit.share)
        self._came.set()

    def published(self, publication: Publication) -> None:
        pass

    def translated(self, news: Mapping[str, Translations]) -> None:
        pass

    def entities_changed(self, entities: Collection[str]) -> None:
        pass

    def reloaded(self) -> None:
        pass

    def ended(self) -> None:
        pass


def slow_down(node: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = node.store.timeline.commit

    async def slow(*given: Any) -> Head:
        changes: Changes = given[-1]
        await asyncio.sleep(COMMENT_S * len(changes.rows))
        return await commit(*given)

    monkeypatch.setattr(caution, "ALL", AT_A_TIME)
    monkeypatch.setattr(replica_room, "SHARE_S", 3600.0)  # commits alone bring another one
    monkeypatch.setattr(node.store.timeline, "commit", slow)


class Flood:
    """People who write, and what they were answered."""

    def __init__(self, people: list[Client]) -> None:
        self.people = people
        self.said: dict[str, tuple[Client, Message]] = {}

    async def say(self, round_: int) -> None:
        """Every second one says something worth reading."""
        for number, person in enumerate(self.people):
            text = (RICH if number % 2 else POOR).format(round_, number)
            message = {"type": "comment", "id": f"{round_}-{number}", "text": text}
            self.said[message["id"]] = person, message
            await person.send(message)

    def answers(self, kind: str) -> dict[str, Message]:
        found = (each for person in self.people for each in person.of(kind))
        return {each["id"]: each for each in found if each.get("id") in self.said}

    def is_answered(self) -> bool:
        return len(self.answers("ack")) + len(self.answers("error")) == len(self.said)

    @property
    def gauge(self) -> int:
        """The latest of the gauge `refused`."""
        gauges = [frame["gauges"] for frame in self.people[0].of("frame") if "gauges" in frame]
        return max((each.get("refused", 0) for each in gauges), default=0)


async def test_beyond_the_ceiling_the_best_get_through_and_the_show_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness(tmp_path) as node, AsyncExitStack() as stack:
        slow_down(node, monkeypatch)
        reporting = asyncio.create_task(Heartbeat(node.node).run())
        stack.push_async_callback(cancel_all, [reporting])
        live = await node.room(budget=30, selection={"novelty": 0})
        poll = await node.poll(live)
        commits = Commits()
        live.listeners.append(commits)
        flood = Flood(
            [
                await stack.enter_async_context(node.viewer(live.room, node.token(f"v{number}")))
                for number in range(PEOPLE)
            ]
        )
        round_ = 0
        async with patience():
            while len(flood.answers("error")) < ENOUGH:
                await asyncio.gather(flood.say(round_), commits.next())
                round_ += 1
        assert min(commits.shares) < 0.9

        # In the middle of it a vote and a cue come through, and what was stored before is known.
        first = next(iter(flood.answers("ack").values()))
        person, message = flood.said[first["id"]]
        await flood.say(round_)
        cue = Cue(uuid4().hex, "now", live.now(), {})
        again, voted, _ = await asyncio.gather(
            person.ask("comment", id=message["id"], text=message["text"]),
            flood.people[1].ask("vote", poll=poll.id, choices=[0]),
            node.submit(live, CueGiven(uuid4().hex, cue)),
        )
        assert again == first
        assert voted["type"] == "ack"

        await until(flood.is_answered)
        acked, refused = flood.answers("ack"), flood.answers("error")
        assert {each["code"] for each in refused.values()} == {"overloaded"}
        assert min(each["retry_after"] for each in refused.values()) >= 10
        begun = min(int(name.partition("-")[0]) for name in refused)
        kept = [name for name in acked if int(name.partition("-")[0]) > begun]
        rich = [name for name in kept if int(name.partition("-")[2]) % 2]
        assert len(rich) > 1.5 * (len(kept) - len(rich))

        # The record has what was acknowledged; all of that is shown or in an overflow.
        names = {each["comment"] for each in acked.values()}
        assert len(names) == len(acked)

        async def recorded() -> bool:
            return await node.store.record.size(live.room) == len(names)

        await until(recorded)
        rows = await node.store.record.rows_of(live.room, sorted(names))
        assert {row.id for row in rows} == names

        def passed() -> int:
            frames = [frame for frame in flood.people[0].of("frame") if "offset" in frame]
            shown = [each for frame in frames for each in frame.get("comments", ())]
            return sum(int(frame.get("overflow", 0)) for frame in frames) + len(shown)

        await until(lambda: passed() == len(names))
        await until(lambda: flood.gauge == len(refused))
        for each in flood.people:
            assert each.offsets == list(range(each.offsets[0], each.offsets[-1] + 1))

        # Afterwards one that was refused may come again, with its id.
        await until(lambda: live.share == 1.0)
        person, message = flood.said[next(iter(refused))]
        answer = await person.ask("comment", id=message["id"], text=message["text"])
        assert answer["type"] == "ack"
