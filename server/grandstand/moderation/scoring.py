"""The line before the scorer: what waits, what goes together, what comes too late.

Scoring goes on in threads of its own (onnxruntime leaves the GIL alone), by default one. While it
is at work batches wait, and all that wait go together next, each text once: a text alone costs ten
times one of 64. What waits is bounded, and each batch has a deadline:

- a batch that finds the line full, or every thread at one that is overdue, isn't taken;
- one whose deadline passes while it waits is never scored;
- one whose deadline passes while it is being scored is handed to its ``late``, for the next who
  say the same.

The threads take from the line by themselves: a loop that is busy with something else, say with the
rules of other batches, doesn't keep them waiting, and what they found meanwhile is in time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

import structlog

from grandstand.moderation.scores import Scorer, Scores
from grandstand.telemetry import ScorerMetrics

_log = structlog.get_logger(__name__)

WAITING_MAX = 4096
"""Texts that may wait: at 25 us each they take half of the default deadline."""

TOGETHER_MAX = 512
"""Texts that go together, unless one batch has more: 13 ms, so that no one's deadline passes
because of what was put beside it."""


class Row(NamedTuple):
    """Scores of one text, as plain floats; ranges as in ``Scores``."""

    probabilities: dict[str, float]
    mood: float
    excitement: float
    fine: float
    language: str


Rows = Mapping[str, Row]
"""Scores by text."""


@dataclass(slots=True)
class Counts:
    """What happened since the start, for metrics: comments, unless named otherwise."""

    judged: int = 0
    remembered: int = 0
    scored: int = 0
    late: int = 0
    skipped: int = 0
    failed_batches: int = 0


@dataclass(slots=True, eq=False)
class _Batch:
    """``answer`` gets the rows, or None if scoring failed; it is cancelled when given up."""

    scorer: Scorer
    texts: list[str]
    late: Callable[[Rows], object]
    answer: asyncio.Future[Rows | None]
    since_s: float = field(default_factory=time.perf_counter)


_Job = list[_Batch]


class Scoring:
    """The scorer's threads and what waits for them."""

    def __init__(
        self, deadline_ms: int, threads: int, counts: Counts, metrics: ScorerMetrics
    ) -> None:
        self._deadline_s = deadline_ms / 1000
        self._threads = threads
        self._counts = counts
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(threads, "scorer")
        self._failing = False
        self._lock = Lock()  # of the four that follow
        self._line: deque[_Batch] = deque()
        self._waiting = 0  # texts in the line
        self._busy = 0  # threads
        self._at_work: list[_Job] = []

    async def score(
        self, scorer: Scorer, texts: list[str], late: Callable[[Rows], object]
    ) -> Rows | None:
        """Score distinct texts; None if that fails, is late, or if there was no place for them.

        A batch that finds a thread free is taken whatever its size.
        """
        answer: asyncio.Future[Rows | None] = asyncio.get_running_loop().create_future()
        with self._lock:
            is_taken = self._takes(len(texts))
            if is_taken:
                self._line.append(_Batch(scorer, texts, late, answer))
                self._waiting += len(texts)
                if self._busy < self._threads:
                    self._pool.submit(self._work)
                    self._busy += 1
        if not is_taken:
            self._counts.skipped += len(texts)
            return None
        try:
            await asyncio.wait({answer}, timeout=self._deadline_s)
        finally:
            if not answer.done():
                self._counts.late += len(texts)
                answer.cancel()
                with self._lock:
                    self._drop_given_up()
        return answer.result() if not answer.cancelled() else None

    async def close(self) -> None:
        """Let go of the threads, waiting for what they are at; what waits is given up."""
        with self._lock:
            for batch in self._line:
                batch.answer.cancel()
            self._drop_given_up()
        await asyncio.to_thread(self._pool.shutdown, wait=True)

    # --- with the lock ---------------------------------------------------------------------------

    def _takes(self, more: int) -> bool:
        if self._busy < self._threads:
            return True
        overdue = sum(all(each.answer.cancelled() for each in job) for job in self._at_work)
        return overdue < self._threads and self._waiting + more <= WAITING_MAX

    def _drop_given_up(self) -> None:
        """All have the same deadline: those who miss it stand first."""
        while self._line and self._line[0].answer.cancelled():
            self._waiting -= len(self._line.popleft().texts)

    def _next(self) -> _Job:
        """The first that wait, all of one scorer, as many as may go together."""
        job: _Job = []
        size = 0
        self._drop_given_up()
        while self._line and (
            not job
            or (
                self._line[0].scorer is job[0].scorer
                and size + len(self._line[0].texts) <= TOGETHER_MAX
            )
        ):
            job.append(self._line.popleft())
            size += len(job[-1].texts)
            self._waiting -= len(job[-1].texts)
            self._drop_given_up()
        return job

    # --- in a thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        """Score until nothing waits."""
        job: _Job = []
        while True:
            with self._lock:
                if job:
                    self._at_work.remove(job)
                job = self._next()
                if not job:
                    self._busy -= 1
                    return
                self._at_work.append(job)
            found = self._score(job)
            job[0].answer.get_loop().call_soon_threadsafe(self._hand_over, job, found)

    def _score(self, job: _Job) -> Rows | Exception:
        now_s = time.perf_counter()
        for batch in job:
            self._metrics.queue_seconds.observe(now_s - batch.since_s)
        texts = list(dict.fromkeys(text for batch in job for text in batch.texts))
        self._metrics.batch_comments.observe(len(texts))
        try:
            with self._metrics.scoring_seconds.time():
                return dict(zip(texts, rows(job[0].scorer.score(texts)), strict=True))
        except Exception as fault:  # whatever it is, the rules go on without the scorer
            return fault

    # --- on the loop -----------------------------------------------------------------------------

    def _hand_over(self, job: _Job, found: Rows | Exception) -> None:
        if isinstance(found, Exception):
            self._counts.failed_batches += 1
            if not self._failing:  # once, until it works again: a broken scorer fails every batch
                count = sum(len(batch.texts) for batch in job)
                _log.error("scorer failed", comments=count, exc_info=found)
            self._failing = True
            for batch in job:
                if not batch.answer.done():
                    batch.answer.set_result(None)
            return
        self._failing = False
        for batch in job:
            self._counts.scored += len(batch.texts)
            if batch.answer.done():
                batch.late(found)
            else:
                batch.answer.set_result(found)


def rows(scores: Scores) -> list[Row]:
    """Scores by text, in order."""
    names = list(scores.categories)
    columns = [column.tolist() for column in scores.categories.values()]
    return [
        Row(dict(zip(names, probabilities, strict=True)), mood, excitement, fine, language)
        for mood, excitement, fine, language, *probabilities in zip(
            scores.mood.tolist(),
            scores.excitement.tolist(),
            scores.fine.tolist(),
            scores.languages,
            *columns,
            strict=True,
        )
    ]
