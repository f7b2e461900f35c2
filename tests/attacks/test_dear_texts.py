"""Texts that are made to be dear: what a tick looks at is bounded, and done in pieces."""

from __future__ import annotations

import time
from random import Random

import pytest
from grandstand.domain.novelty import MOST_COMPARED, MOST_EFFORT, SHARING, ShownTexts
from grandstand.domain.state import RoomState
from grandstand.domain.time_slices import SLICE
from grandstand.sequencer.folding import RoomFold
from grandstand.text.normalise import UNFOLDED, clean, skeleton
from grandstand.wire.settings import Settings

from loadtest.selection import UNKIND, Batch, Sayer, blessings, ordinary, squared

ONE_MORE = SHARING * 80 + MOST_COMPARED * 65 + 2 * UNFOLDED
"""What one comment may look at: more, past the tick's bound, than all the others did."""


@pytest.mark.parametrize("length", [160, 500])
@pytest.mark.parametrize("sayer", UNKIND)
def test_a_tick_looks_at_so_much_and_no_more(
    sayer: Sayer, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    near = ShownTexts.near

    def watched(self: ShownTexts, *arguments: object) -> object:
        compared = self.compared
        found = near(self, *arguments)  # type: ignore[arg-type]
        assert self.compared - compared <= MOST_COMPARED
        looked.append(self.effort)
        return found

    monkeypatch.setattr(ShownTexts, "near", watched)
    Batch.of(1, sayer, length).fold()
    assert max(looked) <= MOST_EFFORT + ONE_MORE


def test_all_that_merges_is_bounded_too_though_it_takes_no_place() -> None:
    room = RoomFold(RoomState(settings=Settings(budget=30)), {}, 0)
    batch = Batch.of(1, squared, 500, comments=1_000)
    room.tick([(f"a{number}", event) for number, event in enumerate(batch.before)], 1_000)
    room.selector.shown_texts.compared = 0
    tick = room.tick([(f"b{number}", event) for number, event in enumerate(batch.measured)], 2_000)
    assert room.selector.shown_texts.compared <= MOST_EFFORT + MOST_COMPARED
    assert len(tick.rows) == 1_000


def test_ordinary_text_is_far_from_the_bound() -> None:
    room = RoomFold(RoomState(settings=Settings(budget=30)), {}, 0)
    looked = []
    for number in range(20):
        events = Batch.of(number, ordinary, 160, comments=200).measured
        room.selector.shown_texts.compared = 0
        room.tick([(f"c{number}.{n}", event) for n, event in enumerate(events)], number * 200)
        looked.append(room.selector.shown_texts.compared)
    assert max(looked) * 10 < MOST_EFFORT


def test_a_tick_is_folded_in_pieces() -> None:
    room = RoomFold(RoomState(settings=Settings(budget=1000)), {}, 0)
    batch = Batch.of(1, ordinary, 160, comments=10 * SLICE)
    events = [(f"a{number}", event) for number, event in enumerate(batch.measured)]
    assert sum(1 for _ in room.ticking(events, 1_000)) >= 10


@pytest.mark.parametrize("sayer", [*UNKIND, ordinary])
@pytest.mark.parametrize("length", [160, 500, 600])
def test_no_normal_form_is_more_than_twice_its_text(sayer: Sayer, length: int) -> None:
    for seed in range(20):
        text = sayer(Random(seed), length)
        assert len(skeleton(text)) <= max(UNFOLDED, 2 * len(text))


def test_a_word_cannot_hide_behind_what_unfolds() -> None:
    assert skeleton(blessings(Random(1), 400) + " grandstand").endswith(" grandstand")


@pytest.mark.parametrize("marks", ["\u0301\u0327\u0323", "\u0301", "\u0345\u0334", "\u093c\u094d"])
def test_a_run_of_marks_costs_no_more_the_longer_it_is(marks: str) -> None:
    def cost_s(length: int) -> float:
        text = "e" + marks * (length // len(marks))
        begun_s = time.thread_time()
        for _ in range(5):
            clean(text)
        return time.thread_time() - begun_s

    few, many = (min(cost_s(length) for _ in range(5)) for length in (1_000, 16_000))
    assert many < 16 * 4 * few  # in order of its length; of its square it would be 256 times
