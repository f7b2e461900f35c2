"""The way of a micro-batch through moderation: rules at once, scores if they come in time.

Rules run where ``judge`` is called: some microseconds a comment, so that they are never skipped.
The scorer runs in threads of its own (onnxruntime leaves the GIL alone) and has a deadline. A batch
that missed it goes on being scored in its thread, for the cache; until it is done new batches don't
queue behind it but do without scores at once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from grandstand.moderation.normalise import likeness, skeleton
from grandstand.moderation.policy import Action, Policy, decide
from grandstand.moderation.rules import Finding, Rules
from grandstand.moderation.scorer import Scorer, Scores
from grandstand.moderation.weight import weigh

_log = structlog.get_logger(__name__)

REMEMBERED = 10_000
"""Texts whose reading is kept: 57 % of real chat repeats another message exactly."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What moderation says of one comment.

    ``reason`` is for moderators; ``weight`` 0 to 10, ``mood`` -1 to 1, ``excitement`` 0 to 1;
    ``likeness`` is the same for comments that may be merged; ``scored`` tells whether the scorer
    had its say.
    """

    action: Action
    category: str | None
    reason: str
    weight: float
    mood: float
    excitement: float
    likeness: int
    scored: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    """All that is known of a text, before any room's policy. No scores: probabilities is None."""

    skeleton: str
    likeness: int
    findings: tuple[Finding, ...]
    weight: float = 0.0
    probabilities: Mapping[str, float] | None = None
    mood: float = 0.0
    excitement: float = 0.0


@dataclass(slots=True)
class Counts:
    """What happened since the start, for metrics: comments, unless named otherwise."""

    judged: int = 0
    remembered: int = 0
    scored: int = 0
    late: int = 0
    skipped: int = 0
    failed_batches: int = 0


class Moderator:
    """Judges comments for all rooms of one process. Belongs to one event loop.

    Without a scorer the rules decide alone, and nothing counts as late. ``threads`` batches are
    scored at once; ``deadline_ms`` is for each batch.
    """

    def __init__(
        self, scorer: Scorer | None, rules: Rules, deadline_ms: int = 200, threads: int = 1
    ) -> None:
        self.counts = Counts()
        self._scorer = scorer
        self._rules = rules
        self._deadline_s = deadline_ms / 1000
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "scorer") if scorer else None
        self._overdue = 0
        self._failing = False
        self._known: OrderedDict[str, _Reading] = OrderedDict()

    async def judge(self, texts: Sequence[str], policy: Policy) -> list[Judgement]:
        """Judge cleaned texts, in order, at most the deadline later."""
        readings: dict[str, _Reading] = {}
        unknown: list[str] = []
        for text in texts:
            if text in readings:
                continue
            known = self._known.get(text)
            if known is None:
                readings[text] = self._read(text)
                unknown.append(text)
            else:
                self._known.move_to_end(text)
                readings[text] = known
        self.counts.judged += len(texts)
        self.counts.remembered += len(texts) - len(unknown)
        if unknown:
            scores = await self._score(unknown)
            bare = [readings[text] for text in unknown]
            readings.update(self._complete(unknown, bare, scores))
        return [self._judge(readings[text], policy) for text in texts]

    async def close(self) -> None:
        """Let go of the threads, waiting for the batch they are at."""
        if self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    def _read(self, text: str) -> _Reading:
        bones = skeleton(text)
        return _Reading(bones, likeness(text), tuple(self._rules.find(bones, text)))

    def _judge(self, reading: _Reading, policy: Policy) -> Judgement:
        scored = reading.probabilities is not None
        probabilities = reading.probabilities
        if not scored and self._scorer is None:
            probabilities = {}
        verdict = decide(reading.findings, probabilities, policy)
        return Judgement(
            verdict.action,
            verdict.category,
            verdict.reason,
            reading.weight,
            reading.mood,
            reading.excitement,
            reading.likeness,
            scored,
        )

    async def _score(self, texts: list[str]) -> Scores | None:
        """Score in a thread; None if that fails, is late, or would wait for one that is late."""
        if self._scorer is None or self._pool is None:
            return None
        if self._overdue >= self._threads:
            self.counts.skipped += len(texts)
            return None
        queued = self._pool.submit(self._scorer.score, texts)
        job = asyncio.wrap_future(queued)
        try:
            await asyncio.wait({job}, timeout=self._deadline_s)
        finally:
            if not job.done():
                self.counts.late += len(texts)
            if not job.done() and not queued.cancel():
                self._overdue += 1
                job.add_done_callback(lambda done: self._take_late(texts, done))
        return self._result(texts, job) if job.done() else None

    def _take_late(self, texts: list[str], job: asyncio.Future[Scores]) -> None:
        self._overdue -= 1
        if not job.cancelled() and (scores := self._result(texts, job)) is not None:
            self._complete(texts, [self._read(text) for text in texts], scores)

    def _result(self, texts: list[str], job: asyncio.Future[Scores]) -> Scores | None:
        fault = job.exception()
        if fault is not None:
            self.counts.failed_batches += 1
            if not self._failing:  # once, until it works again: a broken scorer fails every batch
                _log.error("scorer failed", comments=len(texts), exc_info=fault)
            self._failing = True
            return None
        self._failing = False
        self.counts.scored += len(texts)
        return job.result()

    def _complete(
        self, texts: list[str], bare: list[_Reading], scores: Scores | None
    ) -> dict[str, _Reading]:
        """Add scores and weight to readings, and remember what no later try can better."""
        rows = [_UNSCORED] * len(texts) if scores is None else _rows(scores)
        whole = {
            text: _with(text, reading, row)
            for text, reading, row in zip(texts, bare, rows, strict=True)
        }
        if scores is not None or self._scorer is None:
            self._known.update(whole)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return whole


_Row = tuple[dict[str, float] | None, float, float]
_UNSCORED: _Row = (None, 0.0, 0.0)


def _rows(scores: Scores) -> list[_Row]:
    """Scores by comment: probabilities, mood, excitement, as plain floats."""
    names = list(scores.categories)
    columns = [scores.categories[name].tolist() for name in names]
    return [
        (dict(zip(names, probabilities, strict=True)), mood, excitement)
        for mood, excitement, *probabilities in zip(
            scores.mood.tolist(), scores.excitement.tolist(), *columns, strict=True
        )
    ]


def _with(text: str, bare: _Reading, row: _Row) -> _Reading:
    probabilities, mood, excitement = row
    wrong = max(probabilities.values(), default=0.0) if probabilities else 0.0
    weight = weigh(text, bare.skeleton, wrong, mood, excitement)
    return _Reading(
        bare.skeleton, bare.likeness, bare.findings, weight, probabilities, mood, excitement
    )
