"""Scorers that do as a test says."""

from __future__ import annotations

import threading

import numpy as np
from grandstand.moderation.policy import Thresholds
from grandstand.moderation.scores import Scores

from tests.waiting import PATIENCE_S


class CountingScorer:
    """Says of a text with "bad" in it that it is one, and counts what it was asked."""

    categories: tuple[str, ...] = ("insult",)

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.thresholds: Thresholds = {"insult": ((0.8, 0.9),) * 4}
        self.worst = 1.0
        self.batches: list[list[str]] = []

    @property
    def asked(self) -> list[str]:
        return [text for batch in self.batches for text in batch]

    def score(self, texts: list[str]) -> Scores:
        self.batches.append(texts)
        bad = np.array([self.worst * ("bad" in text) for text in texts], np.float32)
        return Scores(
            {"insult": bad},
            0.5 - bad,
            np.full(len(texts), 0.25, np.float32),
            1 - bad,
            [""] * len(texts),
        )


class SlowScorer(CountingScorer):
    """Answers when it is let go; tells when it has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.began = threading.Event()
        self.let_go = threading.Event()

    def score(self, texts: list[str]) -> Scores:
        self.began.set()
        self.let_go.wait(PATIENCE_S)
        return super().score(texts)


class BrokenScorer(CountingScorer):
    """Raises until it is mended."""

    broken = True

    def score(self, texts: list[str]) -> Scores:
        if self.broken:
            raise RuntimeError("out of order")
        return super().score(texts)
