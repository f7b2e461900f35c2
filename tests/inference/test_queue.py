from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import pytest
from grandstand.inference.queue import ModelQueue
from grandstand.telemetry import ModelsMetrics
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tests.inference.models import BrokenModel, CountingModel, ForgetfulModel, SlowModel
from tests.waiting import until, wait_until

Words = Mapping[str, str]
ENOUGH_S = 10.0


class Line:
    """A queue under test, with what it measured, and what came too late."""

    def __init__(self, **limits: Any) -> None:
        self.late: list[Words] = []
        self._registry = CollectorRegistry()
        given = {"deadline_ms": 5_000, "waiting_max": 4096, "together_max": 512, **limits}
        self.queue: ModelQueue[CountingModel, str, str] = ModelQueue(
            "speller",
            lambda model, words: model.answer(words),
            metrics=ModelsMetrics(self._registry).of("speller", "words"),
            **given,
        )
        self.counts = self.queue.counts

    def put(self, model: CountingModel, *words: str) -> asyncio.Task[Words | None]:
        return asyncio.create_task(self.queue.ask(model, list(words), self.late.append))

    def measured(self, name: str) -> tuple[float, float]:
        """Count and sum of a histogram."""
        found = [
            self._registry.get_sample_value(f"grandstand_speller_{name}_{each}")
            for each in ("count", "sum")
        ]
        assert found[0] is not None
        assert found[1] is not None
        return found[0], found[1]


class MakeLine(Protocol):
    def __call__(self, **limits: Any) -> Line: ...


@pytest.fixture
async def line() -> AsyncIterator[MakeLine]:
    made: list[Line] = []

    def make(**limits: Any) -> Line:
        made.append(Line(**limits))
        return made[-1]

    yield make
    for each in made:
        await each.queue.close()


async def put_behind(
    here: Line, slow: SlowModel, first: str, *others: str
) -> list[asyncio.Task[Words | None]]:
    """Batches of one-letter words: the model is at the first one, the others wait."""
    batches = [here.put(slow, *first)]
    await until(slow.began.is_set)
    batches += [here.put(slow, *each) for each in others]
    await asyncio.sleep(0)
    return batches


async def test_what_waits_goes_together_and_each_input_once(line: MakeLine) -> None:
    model = SlowModel()
    here = line()
    batches = await put_behind(here, model, "ab", "bc", "cd", "de")
    model.let_go.set()
    found = [await each for each in batches]
    together = {"b": "B", "c": "C", "d": "D", "e": "E"}
    assert found == [{"a": "A", "b": "B"}, together, together, together]
    assert model.batches == [["a", "b"], ["b", "c", "d", "e"]]
    assert here.measured("batch_words") == (2, 6)
    assert here.measured("queue_seconds")[0] == 4
    assert here.measured("queue_seconds")[1] > 0
    assert here.measured("seconds")[0] == 2
    assert here.counts.answered == 8


async def test_no_more_goes_together_than_leaves_the_deadlines_alone(line: MakeLine) -> None:
    model = SlowModel()
    batches = await put_behind(line(together_max=3), model, "a", "bc", "de", "fghij", "k")
    model.let_go.set()
    await asyncio.gather(*batches)
    assert model.batches == [["a"], ["b", "c"], ["d", "e"], ["f", "g", "h", "i", "j"], ["k"]]


async def test_a_batch_that_finds_the_queue_full_is_turned_away_at_once(line: MakeLine) -> None:
    model = SlowModel()
    here = line(waiting_max=3)
    taken = await put_behind(here, model, "abcdef", "gh", "i")
    assert await here.put(model, "j") is None
    assert here.counts.skipped == 1
    model.let_go.set()
    assert None not in await asyncio.gather(*taken)
    assert (here.counts.answered, here.counts.late) == (9, 0)
    assert await here.put(model, "k") is not None


async def test_places_of_those_who_gave_up_are_free_again(line: MakeLine) -> None:
    model = SlowModel()
    here = line(waiting_max=2)
    first, *gone = await put_behind(here, model, "a", "b", "c")
    for each in reversed(gone):
        each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await each
    after = here.put(model, "d", "e")
    await asyncio.sleep(0)
    model.let_go.set()
    assert await first is not None
    assert await after is not None
    assert model.asked == ["a", "d", "e"]


async def test_what_came_too_late_is_handed_over_and_what_waited_too_long_never_asked(
    line: MakeLine,
) -> None:
    model = SlowModel()
    here = line(deadline_ms=200)
    first, second = await put_behind(here, model, "a", "b")
    assert await second is None
    assert await first is None
    assert await here.put(model, "c") is None
    assert (here.counts.late, here.counts.skipped) == (2, 1)
    model.let_go.set()
    await until(lambda: here.late)
    assert here.late == [{"a": "A"}]
    assert model.asked == ["a"]
    here.queue._deadline_s = ENOUGH_S
    assert await here.put(model, "d") is not None


async def test_batches_of_two_models_never_go_together(line: MakeLine) -> None:
    old, new = SlowModel(), CountingModel()
    here = line()
    batches = [here.put(old, "a")]
    await until(old.began.is_set)
    batches += [here.put(each, word) for each, word in ((old, "b"), (new, "c"), (old, "d"))]
    await asyncio.sleep(0)
    old.let_go.set()
    await asyncio.gather(*batches)
    assert (old.batches, new.batches) == ([["a"], ["b"], ["d"]], [["c"]])


async def test_two_threads_work_on_two_at_once(line: MakeLine) -> None:
    slow, fast = SlowModel(), CountingModel()
    here = line(threads=2)
    waiting = here.put(slow, "a")
    await until(slow.began.is_set)
    assert await here.put(fast, "b") is not None
    assert not waiting.done()
    slow.let_go.set()
    assert await waiting is not None


async def test_a_failure_is_told_to_all_of_its_batch_and_the_next_is_tried(line: MakeLine) -> None:
    model = BrokenModel()
    here = line()
    with capture_logs() as logs:
        assert await here.put(model, "a") is None
        assert await here.put(model, "b") is None
    (told,) = logs
    assert (told["event"], told["model"], told["inputs"]) == ("model_failed", "speller", 1)
    assert str(told["exc_info"]) == "out of order"
    model.broken = False
    assert await here.put(model, "c") is not None
    assert here.counts.failed_batches == 2
    assert here.counts.answered == 1


async def test_a_model_that_answers_less_than_it_was_asked_has_failed(line: MakeLine) -> None:
    here = line()
    assert await here.put(ForgetfulModel(), "a", "b") is None
    assert (here.counts.failed_batches, here.counts.answered) == (1, 0)


async def test_a_loop_that_is_busy_meanwhile_finds_everything_answered(line: MakeLine) -> None:
    model = CountingModel()
    here = line(deadline_ms=100)
    batches = [here.put(model, word) for word in "abcdef"]
    await asyncio.sleep(0)
    until_s = time.perf_counter() + 0.15
    # The loop is busy meanwhile.
    wait_until(lambda: not here.queue._busy and time.perf_counter() >= until_s)
    assert None not in await asyncio.gather(*batches)
    assert (here.counts.answered, here.counts.late) == (6, 0)


async def test_closing_waits_for_what_is_at_work_and_gives_up_what_waits() -> None:
    model = SlowModel()
    here = Line()
    working, waiting = await put_behind(here, model, "a", "b")
    closing = asyncio.create_task(here.queue.close())
    assert await waiting is None
    assert not closing.done()
    model.let_go.set()
    await closing
    assert await working is not None
    assert model.asked == ["a"]
