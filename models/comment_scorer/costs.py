"""What a model costs, one thread, real chat: part of ``evaluate``. Medians of several rounds."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from grandstand.moderation.moderator import REMEMBERED, Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.text.normalise import clean, skeleton

ROUNDS = 7
TOGETHER = 256


def _median_us(texts: Sequence[str], size: int, work: Callable[[list[str]], object]) -> float:
    """Microseconds a text in batches of ``size``, every text new to the process's caches."""
    rounds = []
    for turn in range(ROUNDS):
        batches = [
            list(texts[(turn * 977 + first) % (len(texts) - size) :][:size])
            for first in range(0, min(5120, 400 * size), size)
        ]
        skeleton.cache_clear()
        began = time.perf_counter()
        for batch in batches:
            work(batch)
        rounds.append((time.perf_counter() - began) / sum(map(len, batches)))
    return round(float(np.median(rounds)) * 1e6, 1)


def _cached(scorer: OnnxScorer, texts: Sequence[str]) -> tuple[float, float]:
    """Comments a second and share of hits: chat as it came, behind a cache as the server's."""
    rates, hits = [], 0
    for _ in range(ROUNDS):
        skeleton.cache_clear()
        known: OrderedDict[str, int] = OrderedDict()
        hits = 0
        began = time.perf_counter()
        for first in range(0, len(texts), TOGETHER):
            batch = texts[first : first + TOGETHER]
            new = list(dict.fromkeys(text for text in batch if text not in known))
            hits += len(batch) - len(new)
            if new:
                scorer.score(new)
            for text in batch:
                known[text] = first
                known.move_to_end(text)
            while len(known) > REMEMBERED:
                known.popitem(last=False)
        rates.append(len(texts) / (time.perf_counter() - began))
    return round(float(np.median(rates))), round(hits / len(texts), 3)


async def _judged(scorer: OnnxScorer, texts: Sequence[str]) -> float:
    """Comments a second through the whole ``Moderator``, rules and verdicts included."""
    rates = []
    for _ in range(ROUNDS):
        moderator = Moderator(scorer, Rules.load(), deadline_ms=60_000)
        skeleton.cache_clear()
        began = time.perf_counter()
        for first in range(0, len(texts), TOGETHER):
            await moderator.judge(texts[first : first + TOGETHER], Policy())
        rates.append(len(texts) / (time.perf_counter() - began))
        await moderator.close()
    return round(float(np.median(rates)))


def costs(path: Path, chat: Sequence[str]) -> dict[str, object]:
    """Load time, microseconds a comment from ``list[str]`` to scores, comments a second."""
    began = time.perf_counter()
    scorer = OnnxScorer(path)
    load_ms = round((time.perf_counter() - began) * 1e3, 1)
    distinct = list(dict.fromkeys(chat))
    rules = Rules.load()
    rate, hits = _cached(scorer, chat)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}",
        "load_average": round(os.getloadavg()[0], 1),
        "characters_mean": round(float(np.mean([len(text) for text in distinct])), 1),
        "load_ms": load_ms,
        **{
            f"score_us_batch_{size}": _median_us(distinct, size, scorer.score)
            for size in (1, 64, 256)
        },
        "skeleton_us": _median_us(distinct, 256, lambda batch: [skeleton(text) for text in batch]),
        "rules_and_skeleton_us": _median_us(
            distinct, 256, lambda batch: [rules.find(skeleton(text), text) for text in batch]
        ),
        "clean_us": _median_us(distinct, 256, lambda batch: [clean(text) for text in batch]),
        "cached_per_s": rate,
        "cached_hits": hits,
        "judged_per_s": asyncio.run(_judged(scorer, chat)),
    }
