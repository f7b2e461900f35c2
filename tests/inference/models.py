"""Models that do as a test says: they spell a word in capitals."""

from __future__ import annotations

import threading

from tests.waiting import PATIENCE_S


class CountingModel:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    @property
    def asked(self) -> list[str]:
        return [each for batch in self.batches for each in batch]

    def answer(self, words: list[str]) -> list[str]:
        self.batches.append(words)
        return [word.upper() for word in words]


class SlowModel(CountingModel):
    """Answers when it is let go; tells when it has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.began = threading.Event()
        self.let_go = threading.Event()

    def answer(self, words: list[str]) -> list[str]:
        self.began.set()
        self.let_go.wait(PATIENCE_S)
        return super().answer(words)


class BrokenModel(CountingModel):
    """Raises until it is mended."""

    broken = True

    def answer(self, words: list[str]) -> list[str]:
        if self.broken:
            raise RuntimeError("out of order")
        return super().answer(words)


class ForgetfulModel(CountingModel):
    """Answers less than it was asked."""

    def answer(self, words: list[str]) -> list[str]:
        return super().answer(words)[1:]
