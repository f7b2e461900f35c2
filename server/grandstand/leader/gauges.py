"""The job that publishes the latest values: viewers, lurkers, the room's pulse, comments refused
because they were too many, tallies of open polls, and to staff where the audience is in the
programme, what it will be, and the version of the run-down.

They are unnumbered frames, which nobody misses, since the next one repeats them. They leave right
after a tick, together with its frames. Those for voters and staff have no `head`: they are written
to viewers for whom the tick's frames may still wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import UNSET, UnsetType

from grandstand.domain.audience_report import gauge
from grandstand.domain.envelope import Latest
from grandstand.domain.lurkers import estimate
from grandstand.domain.polls.record import PollRecord
from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.wire.codec import encode
from grandstand.wire.gauges import Audience, RundownGauge
from grandstand.wire.gauges import Gauges as RoomGauges
from grandstand.wire.messages import Frame, Tally

GAUGES_MS = 1000
TALLIES_MS = 500
ALL_TALLIES_MS = 5000
"""Also tallies that haven't changed, for viewers who came since or got no frame."""

NO_LURKERS_MS = 10_000
"""For so long frames say that there are no lurkers any more, since any frame may be lost. After
that, and in a room that never had some, they don't name them."""


class Gauges:
    """Publishes a room's gauges and tallies."""

    name = "gauges"

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Publish what is due after every tick."""
        telling = _Telling(room)
        while True:
            await room.next_tick()
            await telling.tell(room.now())


@dataclass(slots=True)
class _Telling:
    room: LeaderRoom
    viewers: int = 0
    rundown_version: int = 0
    published: dict[str, tuple[list[int], int]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    lurked_ms: int | None = None
    refused: dict[str, int] = field(default_factory=dict)
    """By node, of those that are gone what they reported last."""

    async def tell(self, now: int) -> None:
        room = self.room
        tallies: list[Tally] = []
        for_voters: dict[str, bytes] = {}
        if self._is_due("tallies", now, TALLIES_MS):
            if self._is_due("all tallies", now, ALL_TALLIES_MS):
                self.published.clear()
            for poll in room.polls.values():
                if poll.status == "open" and poll.opens_at <= now:
                    tally = await self._new_tally(poll)
                    if tally is not None and poll.tally_is_public:
                        tallies.append(tally)
                    elif tally is not None and poll.show_tally == "voted":
                        for_voters[poll.id] = encode(Frame(now=now, tallies=[tally]), "msgpack")
        gauges_due = self._is_due("gauges", now, GAUGES_MS)
        version = room.rundown.version
        staff_due = gauges_due or version != self.rundown_version
        if not (staff_due or tallies or for_voters):
            return
        gauges: RoomGauges | UnsetType = UNSET
        audience: Audience | UnsetType = UNSET
        if gauges_due:
            store, now_ms = room.store, room.store.now_ms()
            self.viewers = await store.rooms.viewers(room.id, now_ms)
            by_node = await store.audience_reports.of(room.id, now_ms)
            reports = by_node.values()
            self.refused |= {node: each.refused for node, each in by_node.items() if each.refused}
            lurkers, pulse = self._lurkers(estimate(reports), now), room.pulse.read(now)
            gauges = RoomGauges(
                viewers=self.viewers,
                lurkers=lurkers,
                pulse=pulse,
                refused=sum(self.refused.values()) or UNSET,
            )
            audience = gauge(reports, room.polls.values(), now)
            await store.recommendations.keep_gauges(room.id, lurkers or 0, pulse.excitement)
        frame = Frame(
            now=now,
            head=room.stands.offset,
            tallies=tallies or UNSET,
            gauges=gauges,
        )
        for_staff = b""
        if staff_due:  # a run-down that changed is told at once
            crowd = room.crowd if gauges_due else UNSET
            told = RoomGauges(audience=audience, rundown=RundownGauge(version), crowd=crowd)
            for_staff = encode(Frame(now=now, gauges=told), "msgpack")
        latest = Latest(
            room.stands.epoch, encode(frame, "msgpack"), self.viewers, for_voters, for_staff
        )
        await room.store.timeline.publish(room.id, latest)
        self.rundown_version = version

    def _lurkers(self, lurkers: int, now: int) -> int | UnsetType:
        if lurkers or self.lurked_ms is None:  # the leader before may have told of some
            self.lurked_ms = now
        return lurkers if now - self.lurked_ms < NO_LURKERS_MS else UNSET

    def _is_due(self, what: str, now: int, every_ms: int) -> bool:
        if 0 <= now - self.done.get(what, -every_ms) < every_ms:  # the room's clock may be reset
            return False
        self.done[what] = now
        return True

    async def _new_tally(self, poll: PollRecord) -> Tally | None:
        """Return the poll's tally, unless it is the one that was published last."""
        summed = await self.room.store.votes.tally(self.room.id, poll)
        if self.published.get(poll.id) == summed:
            return None
        self.published[poll.id] = summed
        return Tally(poll.id, *summed)
