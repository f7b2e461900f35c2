"""The queue before a model: what waits, what goes together, what comes too late.

A model works in threads of its own (onnxruntime leaves the GIL alone), by default one. While it is
at work batches wait, and all that wait go together next, each input once: a comment alone costs ten
times one of 64. What waits is bounded, and each batch has a deadline:

- a batch that finds the queue full, or every thread at one that is overdue, isn't taken;
- one whose deadline passes while it waits never reaches the model;
- one whose deadline passes while the model is at it is handed to its ``late``, for the next who
  ask the same.

The threads take from the queue by themselves: a loop that is busy with something else, say with the
rules of other batches, doesn't keep them waiting, and what they found meanwhile is in time.

The model is named with each batch. All of one answer is by one model: batches of two models, for
instance of an old one and of the new one that takes its place, never go together. Two kinds of
models have a queue each, so that neither waits for the other.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

import structlog

from grandstand.telemetry import ModelMetrics

_log = structlog.get_logger(__name__)

Model = TypeVar("Model")
Input = TypeVar("Input", bound=Hashable)
Row = TypeVar("Row")


@dataclass(slots=True)
class Counts:
    """What happened since the start, for metrics: inputs, unless named otherwise."""

    answered: int = 0
    late: int = 0
    skipped: int = 0
    failed_batches: int = 0


@dataclass(slots=True, eq=False)
class _Batch(Generic[Model, Input, Row]):
    """``answer`` gets the rows, or None if the model failed; it is cancelled when given up."""

    model: Model
    inputs: list[Input]
    late: Callable[[Mapping[Input, Row]], object]
    answer: asyncio.Future[Mapping[Input, Row] | None]
    since_s: float = field(default_factory=time.perf_counter)


_Group = list[_Batch[Model, Input, Row]]


class ModelQueue(Generic[Model, Input, Row]):
    """A model's threads and what waits for them. Belongs to one event loop."""

    def __init__(
        self,
        name: str,
        ask: Callable[[Model, list[Input]], Iterable[Row]],
        *,
        deadline_ms: int,
        threads: int = 1,
        waiting_max: int,
        together_max: int,
        metrics: ModelMetrics,
    ) -> None:
        """Make a queue that has taken nothing yet.

        ``name`` is for logs. ``ask`` is called in the threads, with distinct inputs; it returns a
        row for each, in their order. ``waiting_max`` inputs may wait, and ``together_max`` go
        together, unless one batch has more.
        """
        self.counts = Counts()
        self._name = name
        self._ask = ask
        self._deadline_s = deadline_ms / 1000
        self._threads = threads
        self._waiting_max = waiting_max
        self._together_max = together_max
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(threads, name)
        self._failing = False
        self._is_closing = False
        self._lock = Lock()  # of the four that follow
        self._queue: deque[_Batch[Model, Input, Row]] = deque()
        self._waiting = 0  # inputs in the queue
        self._busy = 0  # threads
        self._at_work: list[_Group[Model, Input, Row]] = []

    async def ask(
        self,
        model: Model,
        inputs: list[Input],
        late: Callable[[Mapping[Input, Row]], object],
    ) -> Mapping[Input, Row] | None:
        """Return what a model says of distinct inputs, and perhaps of others.

        None if the model fails or is late, or if there was no place for them. A batch that finds a
        thread free is taken whatever its size.
        """
        answer: asyncio.Future[Mapping[Input, Row] | None]
        answer = asyncio.get_running_loop().create_future()
        with self._lock:
            is_taken = self._takes(len(inputs))
            if is_taken:
                self._queue.append(_Batch(model, inputs, late, answer))
                self._waiting += len(inputs)
                if self._busy < self._threads:
                    self._pool.submit(self._work)
                    self._busy += 1
        if not is_taken:
            self.counts.skipped += len(inputs)
            return None
        try:
            await asyncio.wait({answer}, timeout=self._deadline_s)
        finally:
            if not answer.done():
                self.counts.late += len(inputs)
                answer.cancel()
                with self._lock:
                    self._drop_given_up()
        return answer.result() if not answer.cancelled() else None

    async def close(self) -> None:
        """Let go of the threads, waiting for what they are at; what waits is given up.

        Who can't wait interrupts the model first, which is no failure of the model's then.
        """
        self._is_closing = True
        with self._lock:
            for batch in self._queue:
                batch.answer.cancel()
            self._drop_given_up()
        await asyncio.to_thread(self._pool.shutdown, wait=True)

    # --- with the lock ---------------------------------------------------------------------------

    def _takes(self, more: int) -> bool:
        if self._busy < self._threads:
            return True
        overdue = sum(all(each.answer.cancelled() for each in group) for group in self._at_work)
        return overdue < self._threads and self._waiting + more <= self._waiting_max

    def _drop_given_up(self) -> None:
        """All have the same deadline: those who miss it stand first."""
        while self._queue and self._queue[0].answer.cancelled():
            self._waiting -= len(self._queue.popleft().inputs)

    def _next(self) -> _Group[Model, Input, Row]:
        """Take the first that wait, all of one model, as many as may go together."""
        group: _Group[Model, Input, Row] = []
        size = 0
        self._drop_given_up()
        while self._queue and (
            not group
            or (
                self._queue[0].model is group[0].model
                and size + len(self._queue[0].inputs) <= self._together_max
            )
        ):
            group.append(self._queue.popleft())
            size += len(group[-1].inputs)
            self._waiting -= len(group[-1].inputs)
            self._drop_given_up()
        return group

    # --- in a thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        """Ask the model until nothing waits."""
        group: _Group[Model, Input, Row] = []
        while True:
            with self._lock:
                if group:
                    self._at_work.remove(group)
                group = self._next()
                if not group:
                    self._busy -= 1
                    return
                self._at_work.append(group)
            found = self._found(group)
            group[0].answer.get_loop().call_soon_threadsafe(self._hand_over, group, found)

    def _found(self, group: _Group[Model, Input, Row]) -> Mapping[Input, Row] | Exception:
        now_s = time.perf_counter()
        for batch in group:
            self._metrics.queue_seconds.observe(now_s - batch.since_s)
        inputs = list(dict.fromkeys(each for batch in group for each in batch.inputs))
        self._metrics.batch_inputs.observe(len(inputs))
        try:
            with self._metrics.seconds.time():
                return dict(zip(inputs, self._ask(group[0].model, inputs), strict=True))
        except Exception as fault:  # whatever it is, those who ask go on without the model
            return fault

    # --- on the loop -----------------------------------------------------------------------------

    def _hand_over(
        self, group: _Group[Model, Input, Row], found: Mapping[Input, Row] | Exception
    ) -> None:
        if isinstance(found, Exception):
            self.counts.failed_batches += 1
            if (
                not self._failing and not self._is_closing
            ):  # once, until it works again: a broken model fails every batch
                count = sum(len(batch.inputs) for batch in group)
                _log.error("model_failed", model=self._name, inputs=count, exc_info=found)
            self._failing = True
            for batch in group:
                if not batch.answer.done():
                    batch.answer.set_result(None)
            return
        self._failing = False
        for batch in group:
            self.counts.answered += len(batch.inputs)
            if batch.answer.done():
                batch.late(found)
            else:
                batch.answer.set_result(found)
