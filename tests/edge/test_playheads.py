"""Viewers' playheads, counted: the counts are those of a walk over all viewers."""

from __future__ import annotations

import tracemalloc
from collections import Counter

from grandstand.domain.latency_histogram import bin_of
from grandstand.edge.playhead import Playhead
from grandstand.edge.playheads import GENERATION_S, GENERATIONS, Playheads
from grandstand.wire.messages import AskTime
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

NOW = 1_800_000_000_000
VIEWERS = 5

steps = st.lists(
    st.tuples(
        st.integers(0, VIEWERS - 1),
        st.one_of(st.none(), st.integers(-5_000, 40_000)),  # how far behind it says it is
        st.one_of(st.none(), st.integers(0, 3_000)),  # what it says of sync
        st.sampled_from(["tells", "tells", "tells", "goes"]),
        st.floats(0, 50),  # s that pass before
    ),
    max_size=60,
)


@given(steps)
def test_counts_are_those_of_all_viewers_whatever_they_tell_and_when_they_go(
    course: list[tuple[int, int | None, int | None, str, float]],
) -> None:
    playheads, now_s = Playheads(), 1_000.0
    known: list[Playhead | None] = [None] * VIEWERS
    told: dict[tuple[str, int], tuple[int, float]] = {}
    for viewer, behind, sync, what, passed_s in course:
        now_s += passed_s
        if what == "goes":
            playheads.forget(known[viewer])
            known[viewer] = None
            told = {key: value for key, value in told.items() if key[1] != viewer}
            continue
        message = AskTime(
            "1",
            0,
            UNSET if behind is None else NOW - behind,
            UNSET if sync is None else sync,
        )
        known[viewer] = playheads.tell(known[viewer], message, NOW, now_s)
        if behind is not None and behind >= -2_000:
            told["behind", viewer] = bin_of(behind), now_s
        if known[viewer] is not None and sync is not None:
            told["sync", viewer] = bin_of(sync), now_s
    report = playheads.report(now_s)
    for name, counts in (("behind", report.behind), ("sync", report.sync)):
        mine = [told[key] for key in told if key[0] == name]
        sure = Counter(at for at, when in mine if now_s - when <= (GENERATIONS - 1) * GENERATION_S)
        most = Counter(at for at, when in mine if now_s - when <= GENERATIONS * GENERATION_S)
        assert sure <= Counter(counts) <= most
        assert all(count > 0 for count in counts.values())


def test_who_has_not_told_for_two_minutes_is_forgotten() -> None:
    playheads = Playheads()
    quiet = playheads.tell(None, AskTime("1", 0, NOW - 8_000, 40), NOW, 0.0)
    assert playheads.report(89.0).behind == {bin_of(8_000): 1}
    assert playheads.report(120.0).behind == playheads.report(120.0).sync == {}
    playheads.tell(quiet, AskTime("2", 0, NOW - 9_000), NOW, 5_000.0)
    assert playheads.report(5_000.0).behind == {bin_of(9_000): 1}


def test_when_the_clock_may_have_been_set_counting_begins_anew() -> None:
    playheads = Playheads()
    known = playheads.tell(None, AskTime("1", 0, NOW - 8_000), NOW, 0.0)
    playheads.restart()
    assert playheads.report(1.0).behind == {}
    known = playheads.tell(known, AskTime("2", 0, NOW - 3_000), NOW, 2.0)
    assert playheads.report(2.0).behind == {bin_of(3_000): 1}
    playheads.forget(known)
    assert playheads.report(3.0).behind == {}


def test_claims_that_no_picture_can_have_count_for_nothing() -> None:
    playheads = Playheads()
    assert playheads.tell(None, AskTime("1", 0, NOW + 2_001, 5), NOW, 0.0) is None
    assert playheads.tell(None, AskTime("1", 0, sync=5), NOW, 0.0) is None
    known = playheads.tell(None, AskTime("1", 0, NOW), NOW, 0.0)
    assert playheads.claim(known, NOW + 9_000, NOW) is known
    playheads.tell(known, AskTime("2", 0, NOW + 9_000), NOW, 1.0)
    assert known is not None
    assert known.furthest == NOW
    assert playheads.report(1.0).behind == {0: 1}


def test_a_viewers_place_in_the_counts_takes_80_bytes_at_most() -> None:
    count, playheads = 10_000, Playheads()
    kept: list[Playhead | None] = [None] * count
    messages = [AskTime("1", 0, NOW - number, number % 1_000) for number in range(count)]
    tracemalloc.start()
    try:
        for number, message in enumerate(messages):
            kept[number] = playheads.tell(None, message, NOW, 0.0)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size / count <= 80
