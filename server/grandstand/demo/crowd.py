"""A crowd: viewers that come, react to what they see, vote, and report.

It shares the server's process and loop, but uses only sockets to reach it. Its failures must not
reach the server: a viewer that fails is logged and gone.

Guest tokens are issued here, not asked for by HTTP, since the allowance of an address is for
people. And with a ``sub`` of its own each viewer of the crowd is the same one after a restart.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import structlog
from msgspec import UNSET

from grandstand.client.figures import Figures
from grandstand.client.viewer import Attendee
from grandstand.demo.phrases import Phrases
from grandstand.demo.rhythm import Rhythm
from grandstand.wire.messages import Frame, Poll

STEP_S = 0.1
ARRIVALS_PER_S = 100
BIAS = 2.0
FOLLOWERS = 0.3
MOST_FOLLOWED = 3
"""Of a crowd that has somebody to follow, which part does, and how many each at most."""

Issue = Callable[[str, str], str]
"""Makes a token from a ``sub`` and a name."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Habits:
    """How a crowd behaves: each pair bounds what is drawn at random.

    ``delays_ms`` is how far pictures are behind the programme clock, ``thinks_ms`` how long a
    viewer looks at a poll before voting, ``moments_s`` the time between things that excite
    everybody.
    """

    delays_ms: tuple[float, float] = (2_000, 20_000)
    thinks_ms: tuple[float, float] = (3_000, 15_000)
    moments_s: tuple[float, float] = (20, 60)
    report_s: float = 10


class Crowd:
    """Viewers at one address, at most ``most`` at a time: the one that was silent longest makes
    room."""

    def __init__(
        self,
        address: str,
        issue: Issue,
        most: int,
        random: Random,
        habits: Habits | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        """A part of them follow some of the ``topics``."""
        self.figures = Figures()
        self._random = random
        self._habits = habits or Habits()
        self._address = address
        self._issue = issue
        self._most = most
        self._topics = topics
        self._viewers: OrderedDict[str, tuple[Attendee, asyncio.Task[None]]] = OrderedDict()
        self._leaving: set[asyncio.Task[None]] = set()
        self._due: list[tuple[float, int, Attendee, Poll, list[int]]] = []
        self._serial = itertools.count()
        self._rhythm = Rhythm()
        self._newest = ("", -1)
        self._seen: set[str] = set()
        self._options: list[str] = []
        self._loop = asyncio.get_running_loop()

    @property
    def present(self) -> list[Attendee]:
        """Return those who are connected."""
        return [viewer for viewer, _ in self._viewers.values() if viewer.is_live]

    def viewer(self, key: str, name: str) -> Attendee:
        """Return the viewer of that key, who comes in if it isn't here."""
        known = self._viewers.pop(key, None)
        if known is not None and not known[1].done():
            self._viewers[key] = known
            return known[0]
        if len(self._viewers) >= self._most:
            _, (_, silent) = self._viewers.popitem(last=False)
            self._leaving.add(silent)
            silent.add_done_callback(self._leaving.discard)
            silent.cancel()

        async def token() -> str:
            return self._issue(f"crowd:{key}", name)

        viewer = Attendee(
            self._address,
            token,
            self,
            self.figures,
            Random(self._random.random()),
            self._random.uniform(*self._habits.delays_ms),
            follow=self._follows(),
        )
        task = asyncio.create_task(viewer.stay(), name=f"crowd {key}")
        task.add_done_callback(_tell_fault)
        self._viewers[key] = (viewer, task)
        return viewer

    def _follows(self) -> list[str]:
        """Return what a viewer who comes in follows."""
        if not self._topics or self._random.random() > FOLLOWERS:
            return []
        return self._random.sample(self._topics, self._random.randint(1, MOST_FOLLOWED))

    # --- its life --------------------------------------------------------------------------------

    async def attend(self) -> None:
        """Do what is due and report, until cancelled; then everybody leaves."""
        reported_s = self._loop.time()
        try:
            while True:
                await asyncio.sleep(STEP_S)
                now_s = self._loop.time()
                while self._due and self._due[0][0] <= now_s:
                    _, _, viewer, poll, choices = heapq.heappop(self._due)
                    await viewer.vote(poll, choices)
                if now_s - reported_s >= self._habits.report_s:
                    summary = self.figures.line(len(self.present), now_s - reported_s)
                    log.info("crowd", **summary)
                    reported_s = now_s
        finally:
            tasks = [task for _, task in self._viewers.values()] + list(self._leaving)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def improvise(self, size: int, phrases: Phrases) -> None:
        """Let ``size`` viewers in and comment, with an exciting moment now and then."""
        arrived = 0
        moment_s = self._loop.time() + self._random.uniform(*self._habits.moments_s)
        while True:
            await asyncio.sleep(STEP_S)
            for number in range(arrived, min(size, arrived + int(ARRIVALS_PER_S * STEP_S))):
                self.viewer(str(number), phrases.name(Random(number)))
                arrived = number + 1
            now_s = self._loop.time()
            if now_s >= moment_s:
                self._rhythm.stir(now_s, "moment")
                moment_s = now_s + self._random.uniform(*self._habits.moments_s)
            present = self.present
            expected = self._rhythm.per_viewer(now_s) * len(present) * STEP_S
            for _ in range(int(expected + self._random.random()) if present else 0):
                occasion = self._rhythm.occasion(now_s, self._random.random())
                text = phrases.say(self._random, occasion, self._options)
                await self._random.choice(present).say(text)

    # --- what viewers tell -----------------------------------------------------------------------

    def saw_frame(self, epoch: str, offset: int, frame: Frame) -> None:
        """Count each frame once and let the crowd react, however many viewers saw it."""
        if epoch == self._newest[0] and offset <= self._newest[1]:
            return
        self._newest = (epoch, offset)
        if frame.comments is not UNSET:
            self.figures.shown += len(frame.comments)
        if frame.overflow is not UNSET:
            self.figures.overflow += frame.overflow
        if frame.cues is not UNSET:
            self._rhythm.stir(self._loop.time(), "cue")
        for poll in () if frame.polls is UNSET else frame.polls:
            is_open = poll.status == "open"
            self._options = [option.text for option in poll.options] if is_open else []
            if is_open and poll.id not in self._seen:
                self._seen.add(poll.id)
                self._rhythm.stir(self._loop.time(), "poll")

    def saw_poll(self, viewer: Attendee, poll: Poll) -> None:
        """Let the viewer vote, a few seconds after its own picture reaches the poll."""
        think_ms = self._random.uniform(*self._habits.thinks_ms)
        at = poll.opens_at + min(think_ms, (poll.closes_at - poll.opens_at) * self._random.random())
        wait_s = max(self._random.random(), (at - viewer.playhead_ms) / 1000)
        due = (self._loop.time() + wait_s, next(self._serial), viewer, poll, self._choices(poll))
        heapq.heappush(self._due, due)

    def _choices(self, poll: Poll) -> list[int]:
        """Return a vote. A crowd has favourites, the same for all of it: drawn from the poll's
        id."""
        taste = Random(poll.id)
        weights = [taste.random() ** BIAS + 0.05 for _ in poll.options]
        most = 1 if poll.max_choices is UNSET else poll.max_choices
        count = self._random.randint(1, most)
        drawn = self._random.choices(range(len(weights)), weights, k=count)
        return sorted(set(drawn))


def _tell_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("crowd_viewer_failed", exc_info=fault)
