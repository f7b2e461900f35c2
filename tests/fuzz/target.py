"""What a fuzzed parser is: how to run it, what it may raise, how much it may cost."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.mutator import Mutator

CORPUS = Path(__file__).parent / "corpus"
MOST_MS = 50.0
"""CPU of the loop's thread that one input may take."""

AGAIN = 5
"""An input that took too long is run so many times more; the shortest counts, for a collection of
garbage or a page fault isn't the input's fault."""

_CHANGING = re.compile(r"[0-9]+|'[^']*'|\"[^\"]*\"|`[^`]*`")


@dataclass(frozen=True, slots=True)
class Target:
    """A parser. ``run`` returns what came out, in a few words; ``refuses`` is what it may raise.

    ``share`` is its part of a run's inputs, beside the others' parts.
    """

    name: str
    run: Callable[[bytes], str]
    refuses: tuple[type[Exception], ...] = ()
    words: Sequence[bytes] = ()
    most_bytes: int = 4096
    share: int = 1

    def seeds(self) -> list[bytes]:
        """The inputs that are kept for it, one a line in base64."""
        lines = (CORPUS / f"{self.name}.txt").read_text().split()
        return [base64.b64decode(line, validate=True) for line in lines]

    def outcome(self, data: bytes) -> str:
        """Run one input; what it leads to, without what changes from one to the next."""
        try:
            told = self.run(data)
        except self.refuses as refused:
            told = f"{type(refused).__name__} {refused}"
        return _CHANGING.sub("#", told)[:200]


@dataclass(slots=True)
class Report:
    """What so many inputs of a target led to."""

    target: str
    inputs: int = 0
    outcomes: int = 0
    slowest_ms: float = 0.0
    slowest: bytes = b""
    escaped: list[tuple[bytes, str]] = field(default_factory=list)
    slow: list[tuple[bytes, float]] = field(default_factory=list)
    found: list[bytes] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing escaped and nothing took too long."""
        return not self.escaped and not self.slow


def fuzz(target: Target, inputs: int, seed: int) -> Report:
    """Run the kept inputs of a target, then mutated ones, ``inputs`` in all."""
    report = Report(target.name)
    seeds = target.seeds()
    mutator = Mutator(seed, seeds, target.words, target.most_bytes)
    for data in _inputs(seeds, mutator, inputs):
        report.inputs += 1
        began_s = time.thread_time()
        try:
            outcome = target.outcome(data)
        except Exception as error:
            report.escaped.append((data, f"{type(error).__name__}: {error}"))
            if len(report.escaped) >= 20:
                break
            continue
        took_ms = (time.thread_time() - began_s) * 1000
        if took_ms > MOST_MS:
            took_ms = min(_cost_ms(target, data) for _ in range(AGAIN))
            if took_ms > MOST_MS:
                report.slow.append((data, took_ms))
        if took_ms > report.slowest_ms:
            report.slowest_ms, report.slowest = took_ms, data
        mutator.learn(data, outcome)
    report.outcomes, report.found = mutator.outcomes, mutator.found
    return report


def _inputs(seeds: Sequence[bytes], mutator: Mutator, inputs: int) -> Iterator[bytes]:
    yield from seeds[:inputs]
    for _ in range(inputs - len(seeds)):
        yield mutator.next()


def _cost_ms(target: Target, data: bytes) -> float:
    began_s = time.thread_time()
    target.outcome(data)
    return (time.thread_time() - began_s) * 1000
