"""The path of a micro-batch through moderation: rules at once, scores if they come in time.

Rules run where ``judge`` is called. They take some microseconds a comment, so they are never
skipped; but half a millisecond for a comment that is as long and as odd as possible, and a batch
has 256. So all batches together have a bound for a turn of the loop, and go on in the next.

The scores of a text are cached with the model that gave them. Another model is taken into use
between two batches, with an empty cache. A batch that is being judged keeps the model that it began
with, including its thresholds.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from grandstand.inference.queue import ModelQueue
from grandstand.moderation.contacts import may_offer
from grandstand.moderation.explanation import find_reasons
from grandstand.moderation.findings import Finding
from grandstand.moderation.language import languages
from grandstand.moderation.names import Names
from grandstand.moderation.ngrams import MAX_CHARS
from grandstand.moderation.policy import Action, Policy, Thresholds, decide
from grandstand.moderation.scores import Row, Rows, Scorer, rows
from grandstand.moderation.weight import weigh
from grandstand.moderation.word_rules import Rules
from grandstand.telemetry import ModelMetrics, ModelsMetrics
from grandstand.text.normalise import dedupe_key, skeleton
from grandstand.wire.messages import UNKNOWN_LANG

REMEMBERED = 10_000
"""Texts whose assessment is cached: 57 % of real chat repeats another message exactly."""

AT_ONCE = 4096
"""Characters, over all rooms, that are examined in one turn of the loop: 2 ms of plain chat, 10 of
the most expensive."""

WAITING_MAX = 4096
"""Texts that may wait for the scorer: at 25 us each they take half of the default deadline."""

TOGETHER_MAX = 512
"""Texts that go through the scorer together, unless one batch has more: 13 ms, so that no one's
deadline passes because of what was put beside it."""


class Judgement(NamedTuple):
    """What moderation says of one comment.

    ``reason`` is for moderators; ``weight`` 0 to 10, ``mood`` -1 to 1, ``excitement`` 0 to 1;
    ``dedupe_key`` is the same for comments that may be merged; ``probabilities`` by category, None
    without scores; ``language`` a BCP 47 tag, a hint.
    """

    action: Action
    category: str | None
    reason: str
    weight: float
    mood: float
    excitement: float
    dedupe_key: int
    probabilities: Mapping[str, float] | None
    language: str

    @property
    def scored(self) -> bool:
        """Return whether there are scores."""
        return self.probabilities is not None


class _Assessment(NamedTuple):
    """All that is known of a text, before any room's policy; without scores, probabilities is None.

    A tuple, since it is made for each comment: a frozen dataclass takes three times as long.
    ``asked`` is what the scorer gets: the text without what the rules know to be harmless.
    """

    skeleton: str
    dedupe_key: int
    findings: tuple[Finding, ...]
    asked: str
    weight: float = 0.0
    probabilities: Mapping[str, float] | None = None
    mood: float = 0.0
    excitement: float = 0.0
    language: str = UNKNOWN_LANG
    offers: bool = True


@dataclass(slots=True)
class _Memory:
    """What a scorer, or the rules alone, found: the latest texts, by the text itself."""

    scorer: Scorer | None
    assessments: OrderedDict[str, _Assessment] = field(default_factory=OrderedDict)

    @property
    def thresholds(self) -> Thresholds:
        return {} if self.scorer is None else self.scorer.thresholds

    def find(self, text: str) -> _Assessment | None:
        assessment = self.assessments.get(text)
        if assessment is not None:
            self.assessments.move_to_end(text)
        return assessment

    def take(self, assessments: Mapping[str, _Assessment]) -> None:
        self.assessments.update(assessments)
        while len(self.assessments) > REMEMBERED:
            self.assessments.popitem(last=False)


class Moderator:
    """Judges comments for all rooms of one process. Belongs to one event loop.

    Without a scorer the rules decide alone, and nothing counts as late. ``threads`` batches are
    scored at once; ``deadline_ms`` is for each batch.
    """

    def __init__(
        self,
        scorer: Scorer | None,
        rules: Rules,
        deadline_ms: int = 200,
        threads: int = 1,
        metrics: ModelMetrics | None = None,
    ) -> None:
        self.names = Names(rules)
        self._judged = 0
        self._remembered = 0
        self.rules = rules
        self._metrics = metrics or ModelsMetrics().of("scorer", "comments")
        self._scoring: ModelQueue[Scorer, str, Row] = ModelQueue(
            "scorer",
            lambda scorer, texts: rows(scorer.score(texts)),
            deadline_ms=deadline_ms,
            threads=threads,
            waiting_max=WAITING_MAX,
            together_max=TOGETHER_MAX,
            metrics=self._metrics,
        )
        self._turns = asyncio.Lock()
        self._looked_at = 0  # characters, since the last turn
        self.use(scorer)

    @property
    def counts(self) -> dict[str, int]:
        """What happened since the start, for metrics: comments, unless named otherwise."""
        scored = self._scoring.counts
        return {
            "judged": self._judged,
            "remembered": self._remembered,
            "scored": scored.answered,
            "late": scored.late,
            "skipped": scored.skipped,
            "failed_batches": scored.failed_batches,
        }

    @property
    def model(self) -> str:
        """Return which scorer judges, by its version; "" without one."""
        scorer = self._memory.scorer
        return "" if scorer is None else f"comment scorer {scorer.version}"

    def use(self, scorer: Scorer | None) -> None:
        """Judge by another model, or none, from the next batch on."""
        self._memory = _Memory(scorer)
        self._metrics.uses("" if scorer is None else scorer.version)

    async def judge(self, texts: Sequence[str], policy: Policy) -> list[Judgement]:
        """Judge cleaned texts, in order, at most the deadline later; each by its beginning."""
        memory = self._memory  # to the end of this batch, whatever is taken into use meanwhile
        texts = [text[:MAX_CHARS] for text in texts]
        assessments: dict[str, _Assessment] = {}
        bare: dict[str, _Assessment] = {}
        for text in texts:
            if text in assessments or text in bare:
                continue
            known = memory.find(text)
            if known is None:
                await self._turn(text)
                bare[text] = self._read(text)
            else:
                assessments[text] = known
        self._judged += len(texts)
        self._remembered += len(texts) - len(bare)
        if bare:
            assessments |= await self._completed(memory, bare)
        return [_judge(assessments[text], policy, memory) for text in texts]

    async def words_that_decided(self, text: str, policy: Policy) -> list[str]:
        """Return the words without which the scorer would think better of a text, the most
        important first; none without a scorer. It takes a thread some ten milliseconds."""
        memory = self._memory
        if memory.scorer is None:
            return []
        found = await asyncio.to_thread(find_reasons, memory.scorer, text[:MAX_CHARS], policy)
        return [reason.span for reason in found]

    async def close(self) -> None:
        """Release the threads, waiting for the batch that they process."""
        await self._scoring.close()

    async def _turn(self, text: str) -> None:
        """Let other tasks run before ``text`` is examined, if this turn did enough."""
        if self._looked_at >= AT_ONCE:
            async with self._turns:  # one batch after the other, each of them a turn's share
                await asyncio.sleep(0)
                self._looked_at = 0
        self._looked_at += len(text)

    def _read(self, text: str) -> _Assessment:
        bones = skeleton(text)
        look = self.rules.look(bones, text)
        return _Assessment(bones, dedupe_key(text), look.findings, look.asked)

    async def _completed(
        self, memory: _Memory, bare: dict[str, _Assessment]
    ) -> dict[str, _Assessment]:
        """Add scores and weight to assessments, and cache what a later try can't improve."""

        def late(scores: Rows) -> None:
            memory.take({text: _with(text, bare[text], scores[bare[text].asked]) for text in bare})

        scorer, scores = memory.scorer, None
        if scorer is not None:
            asked = list(dict.fromkeys(assessment.asked for assessment in bare.values()))
            scores = await self._scoring.ask(scorer, asked, late)
        whole: dict[str, _Assessment] = {}
        for text, assessment in bare.items():
            await self._turn(text)
            whole[text] = _with(
                text, assessment, None if scores is None else scores[assessment.asked]
            )
        if scorer is None or scores is not None:
            memory.take(whole)
        return whole


def _judge(assessment: _Assessment, policy: Policy, memory: _Memory) -> Judgement:
    probabilities = assessment.probabilities
    if probabilities is None and memory.scorer is None:
        probabilities = {}
    verdict = decide(
        assessment.findings, probabilities, policy, memory.thresholds, assessment.offers
    )
    return Judgement(
        verdict.action,
        verdict.category,
        verdict.reason,
        assessment.weight,
        assessment.mood,
        assessment.excitement,
        assessment.dedupe_key,
        assessment.probabilities,
        assessment.language,
    )


def _with(text: str, bare: _Assessment, row: Row | None) -> _Assessment:
    if row is None:
        return bare._replace(weight=weigh(text, bare.skeleton), language=languages([text])[0])
    return _Assessment(
        bare.skeleton,
        bare.dedupe_key,
        bare.findings,
        bare.asked,
        weigh(text, bare.skeleton, row.fine, row.mood, row.excitement),
        row.probabilities,
        row.mood,
        row.excitement,
        row.language,
        may_offer(text),
    )
