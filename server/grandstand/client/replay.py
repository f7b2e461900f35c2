"""A recorded chat said again, once, each author over a connection of their own.

Theory of operation: the first line is put at the room's programme time of now, and every other as
far behind it as in the recording, divided by the speed; a line is sent when the room's clock is
there, with that ``at``, however late it gets through. One viewer says no more in a second than the
server takes; a recording that is faster is slowed down. What was put off is sent again with the
same id when it may be, an author's lines one after the other.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from grandstand.client.figures import Figures
from grandstand.client.pending import Pending
from grandstand.client.viewer import Attendee
from grandstand.domain.utterance import look_of
from grandstand.errors import OperatorError
from grandstand.recordings.line import Line
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import Frame, Poll

JOIN_PATIENCE_S = 20.0
PATIENCE_S = 60.0
"""Without any answer for so long, what isn't answered is given up."""
LOOK_S = 0.05
LATE_S = 5.0
"""A line that is later than this because too few may speak at once begins the rest anew: rooms
refuse a moment that is long past."""

Issue = Callable[[str, str], Awaitable[str]]
"""Makes a token for an author, by the recording's name for them and the one to be shown."""


class Replay:
    """Lines on their way into a room, at most ``most`` viewers at a time.

    ``interval_s`` is the room's pause between one viewer's comments; ``figures`` tell how it goes,
    ``lost`` how many lines had a viewer that was turned away, and why.
    """

    def __init__(
        self,
        address: str,
        lines: Sequence[Line],
        issue: Issue,
        speed: float,
        most: int,
        interval_s: float,
    ) -> None:
        self.figures = Figures()
        self.lost: Counter[str] = Counter()
        self.authors: set[str] = set()
        self.present_most = 0
        self._address = address
        self._lines = sorted(lines, key=lambda line: line.at)
        self._issue = issue
        self._speed = speed
        self._most = most
        self._interval_s = interval_s
        self._random = Random()
        self._loop = asyncio.get_running_loop()
        self._seats: OrderedDict[str, tuple[Attendee, asyncio.Task[None]]] = OrderedDict()
        self._turned_away: dict[str, str] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._fault: BaseException | None = None

    @property
    def unanswered(self) -> int:
        """How many lines wait for their answer."""
        return sum(viewer.unanswered for viewer, _ in self._seats.values())

    async def run(self) -> None:
        """Says all lines and waits for the answers. Raises OperatorError if nobody gets in."""
        try:
            first_at = self._lines[0].at
            start_ms = await self._joined(self._lines[0])
            begun_s = self._loop.time()
            for line in self._lines:
                behind_ms = (line.at - first_at) / self._speed
                await asyncio.sleep(max(0.0, begun_s + behind_ms / 1000 - self._loop.time()))
                late_s = self._loop.time() - begun_s - behind_ms / 1000
                if late_s > LATE_S:
                    begun_s += late_s
                    start_ms += round(late_s * 1000)
                await self._say(line, start_ms + round(behind_ms))
            await self._answered()
        finally:
            tasks = [*self._leaving, *(task for _, task in self._seats.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _joined(self, line: Line) -> int:
        """The room's programme time, told by the first viewer to get in."""
        viewer = await self._seat(line)
        deadline_s = self._loop.time() + JOIN_PATIENCE_S
        while viewer is None or not viewer.is_live:
            self._check()
            why = self._turned_away.get(line.user) or (viewer and viewer.left)
            if why or self._loop.time() > deadline_s:
                raise OperatorError(f"can't join the room: {why or 'no welcome came'}")
            await asyncio.sleep(LOOK_S)
        return viewer.playhead_ms

    async def _say(self, line: Line, at: int) -> None:
        viewer = await self._seat(line)
        self.authors.add(line.user)
        if viewer is None:
            self.figures.sent += 1
            self.lost[self._turned_away[line.user]] += 1
        else:
            await viewer.say(line.text, at, look_of(line))

    async def _answered(self) -> None:
        """Waits for the answers, as long as some come."""
        before, since_s = -1, self._loop.time()
        while self.unanswered:
            self._check()
            self._sweep()
            if self.unanswered != before:
                before, since_s = self.unanswered, self._loop.time()
            if self._loop.time() - since_s > PATIENCE_S:
                return
            await asyncio.sleep(LOOK_S)
        self._sweep()

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    # --- seats -----------------------------------------------------------------------------------

    async def _seat(self, line: Line) -> Attendee | None:
        """The author's viewer, once there is a place; None if it was turned away."""
        while True:
            self._check()
            self._sweep()
            if line.user in self._turned_away:
                return None
            if line.user in self._seats:
                self._seats.move_to_end(line.user)
                return self._seats[line.user][0]
            if len(self._seats) < self._most or self._make_room():
                return self._let_in(line)
            await asyncio.sleep(LOOK_S)

    def _let_in(self, line: Line) -> Attendee:
        async def token() -> str:
            return await self._issue(line.user, line.name or line.user)

        pending = Pending(frozenset({ErrorCode.RATE_LIMITED}), spacing_s=self._interval_s)
        viewer = Attendee(
            self._address, token, self, self.figures, self._random, delay_ms=0, pending=pending
        )
        task = asyncio.create_task(viewer.stay(), name=f"replay {line.user}")
        task.add_done_callback(self._ended)
        self._seats[line.user] = (viewer, task)
        self.present_most = max(self.present_most, len(self._seats))
        return viewer

    def _make_room(self) -> bool:
        """Lets the viewer go who was silent longest and waits for nothing; False if all wait."""
        for user, (viewer, task) in self._seats.items():
            if not viewer.unanswered:
                del self._seats[user]
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)
                task.cancel()
                return True
        return False

    def _sweep(self) -> None:
        """Those who were turned away leave their seats, and what they had to say is lost."""
        for user, (viewer, task) in [*self._seats.items()]:
            if task.done():
                del self._seats[user]
                self._turned_away[user] = viewer.left or "it ended"
                if viewer.unanswered:
                    self.lost[self._turned_away[user]] += viewer.unanswered

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and self._fault is None:
            self._fault = task.exception()

    # --- what viewers tell -----------------------------------------------------------------------

    def saw_frame(self, epoch: str, offset: int, frame: Frame) -> None:
        """Nothing is made of what is shown."""

    def saw_poll(self, viewer: Attendee, poll: Poll) -> None:
        """A recording doesn't vote."""
