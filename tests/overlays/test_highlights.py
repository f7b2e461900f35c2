"""Highlights in made-up chats: which are found, and what is none."""

from __future__ import annotations

import pickle
import random

import msgspec
import pytest
from grandstand.domain.time_slices import run_at_once
from grandstand.overlays import highlights, names, rising_words, voices
from grandstand.overlays.highlights import SURE_AFTER_MS, HighlightFinder, Memory, Said
from grandstand.overlays.reaction import USUAL_MS, ReactionDelay
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.overlays.chats import MINUTE_S, cheer, murmur, raid, watched

BEGIN_S = 20 * MINUTE_S
EVEN = murmur(1, 30 * MINUTE_S)


def test_a_cheer_is_found_at_its_moment() -> None:
    (found,) = watched([*EVEN, *cheer(2, BEGIN_S, 120)])
    onset_s = (found.onset + USUAL_MS) / 1000
    assert abs(onset_s - BEGIN_S) <= 2
    assert 0 < found.noticed / 1000 - BEGIN_S <= 8
    assert found.until is not None
    assert found.noticed < found.until < (BEGIN_S + 90) * 1000
    assert found.strength > 3


def test_its_words_are_those_that_rise_in_any_script() -> None:
    (found,) = watched([*EVEN, *cheer(2, BEGIN_S, 120)])
    words = {word.lower() for word in found.words}
    assert {"goal", "messi"} <= words
    assert any("进球" in word for word in found.words)


def test_its_samples_are_comments_of_the_moment_each_of_another_author_and_text() -> None:
    chat = [*EVEN, *cheer(2, BEGIN_S, 120)]
    (found,) = watched(chat)
    samples = {each.id: each for each in chat if each.id in found.comments}
    assert len(samples) == len(found.comments) == 5
    assert len({each.user for each in samples.values()}) == 5
    assert len({each.text for each in samples.values()}) == 5
    assert all(each.user.startswith("fan") for each in samples.values())


def test_it_is_told_when_it_is_noticed_and_when_it_is_over() -> None:
    finder = HighlightFinder()
    chat = sorted([*EVEN, *cheer(2, BEGIN_S, 120)])
    told = []
    heat = []
    for now in range(0, 31 * MINUTE_S * 1000, 200):
        while chat and chat[0].at < now:
            finder.comment(chat.pop(0))
        reading = finder.read(now)
        told += reading.highlights
        heat += reading.heat
    first, last = told
    assert first.until is None
    assert (first.noticed, first.strength <= last.strength) == (last.noticed, True)
    assert [at for at, _ in heat] == list(range(heat[0][0], heat[-1][0] + 1000, 1000))
    hottest = max(heat, key=lambda each: each[1])
    assert BEGIN_S * 1000 <= hottest[0] <= (BEGIN_S + 20) * 1000


NOTHING = {
    "an even murmur": EVEN,
    "four times as many within twenty minutes": murmur(
        3, 40 * MINUTE_S, lambda second: 1.5 * 4 ** min(1, max(0, second - 600) / 1200)
    ),
    "one phrase, ten a second, by five people": [
        *EVEN,
        *raid(4, BEGIN_S, 30, 10, 5, lambda n: "OUR STREAM IS BETTER COME OVER"),
    ],
    "one short word, ten a second, by five people": [
        *EVEN,
        *raid(4, BEGIN_S, 30, 10, 5, lambda n: "KEKW"),
    ],
    "one long phrase by five hundred people": [
        *EVEN,
        *raid(5, BEGIN_S, 30, 20, 500, lambda n: "we came from another channel, say hello"),
    ],
    "adverts that differ at their ends": [
        *EVEN,
        *raid(6, BEGIN_S, 60, 20, 1000, lambda n: f"cheap followers and viewers at site {n} x{n}"),
    ],
    "adverts in Chinese": [
        *EVEN,
        *raid(6, BEGIN_S, 60, 20, 1000, lambda n: f"低价代练上分包赢加群领取福利{n}"),
    ],
    "an hour of silence, then the murmur again": [
        *EVEN,
        *(each._replace(at=each.at + 90 * 60_000) for each in EVEN),
    ],
    "ten people after an hour of silence": [
        *EVEN,
        *(each._replace(at=each.at + 90 * 60_000) for each in EVEN[:10]),
    ],
    "a room that fills from nothing": murmur(
        7, 30 * MINUTE_S, lambda second: min(3.0, second / 300)
    ),
    "a room of three people": murmur(8, 60 * MINUTE_S, lambda second: 0.05, 3),
}


@pytest.mark.parametrize("name", NOTHING)
def test_this_is_no_highlight(name: str) -> None:
    assert watched(NOTHING[name]) == []


def test_a_room_in_slow_mode_has_its_highlights() -> None:
    """Each person may speak once in half a minute, and few do: a comment in two seconds."""
    slow = murmur(9, 40 * MINUTE_S, lambda second: 0.5, 2000)
    (found,) = watched([*slow, *cheer(10, BEGIN_S, 40)])
    assert abs(found.onset + USUAL_MS - BEGIN_S * 1000) <= 4000


def test_a_raid_does_not_hide_the_cheer_after_it() -> None:
    spam = raid(4, BEGIN_S, 120, 20, 5, lambda n: "OUR STREAM IS BETTER COME OVER")
    (found,) = watched([*EVEN, *spam, *cheer(2, BEGIN_S + 60, 120)])
    assert BEGIN_S + 58 <= (found.onset + USUAL_MS) / 1000 <= BEGIN_S + 64
    assert "stream" not in " ".join(found.words).lower()


def test_comments_of_which_only_the_number_is_known_count_like_the_others() -> None:
    finder = HighlightFinder()
    before = [each for each in EVEN if each.at < BEGIN_S * 1000]
    assert watched(before, finder, until_s=BEGIN_S) == []
    for second in range(BEGIN_S, BEGIN_S + 10):
        finder.uncounted(second * 1000, 12)
        noticed = finder.read((second + 1) * 1000).highlights
        if noticed:
            break
    assert noticed


def test_viewers_behind_live_count_at_their_own_picture() -> None:
    """Half of the audience comments half a minute late, at the programme time that it saw."""
    chat = sorted([*EVEN, *cheer(2, BEGIN_S, 200)])
    arriving = sorted((each.at + (n % 2) * 30_000, each) for n, each in enumerate(chat))
    finder = HighlightFinder()
    found = []
    for now in range(0, 32 * MINUTE_S * 1000, 1000):
        while arriving and arriving[0][0] < now:
            finder.comment(arriving.pop(0)[1])
        found += finder.read(now).highlights
    assert abs(found[-1].onset + USUAL_MS - BEGIN_S * 1000) <= 3000
    assert len(found) == 2
    assert finder.late == 0


def test_of_an_audience_at_two_lags_neither_is_told_of_a_moment_before_it() -> None:
    """Six of ten are 25 s behind live, the others 2 s. It is read where the median is."""
    chat = sorted([*EVEN, *cheer(2, BEGIN_S + 4, 200)])
    arriving = sorted((each.at + (25_000, 2_000)[n % 5 > 2], each) for n, each in enumerate(chat))
    finder = HighlightFinder()
    found = []
    for now in range(0, 32 * MINUTE_S * 1000, 1000):
        while arriving and arriving[0][0] < now:
            finder.comment(arriving.pop(0)[1])
        found += finder.read(now - 25_000).highlights
    assert [each.noticed for each in found] == [found[0].noticed] * 2
    assert 4 <= found[0].noticed / 1000 - BEGIN_S <= 10


def test_what_is_too_much_to_look_at_counts_in_its_own_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = [each for each in EVEN if each.at < BEGIN_S * 1000]
    some, all_of_them = HighlightFinder(), HighlightFinder()
    for finder in (some, all_of_them):
        watched(before, finder, until_s=BEGIN_S)
    monkeypatch.setattr(highlights, "MAX_PENDING", 3)
    for n in range(60):
        at = (BEGIN_S + n % 20) * 1000
        some.comment(Said(at, f"fan {n}", f"number {n}"))
        all_of_them.uncounted(at, 1)
    assert some.read((BEGIN_S + 20) * 1000).heat == all_of_them.read((BEGIN_S + 20) * 1000).heat


def test_known_moments_calibrate_the_onset() -> None:
    chat = [*murmur(11, 80 * MINUTE_S)]
    finder = HighlightFinder(per_hour=12)
    begins = range(10 * MINUTE_S, 75 * MINUTE_S, 10 * MINUTE_S)
    for n, begin in enumerate(begins):
        chat += cheer(20 + n, begin + 12, 120)
        finder.moment(begin * 1000)
    found = watched(chat, finder)
    assert len(found) == len(begins)
    assert abs(found[-1].onset / 1000 - begins[-1]) <= 2.5


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_order_within_a_tick_changes_nothing(chance: random.Random, ticks_s: int) -> None:
    chat = sorted([*EVEN[-450:], *cheer(2, 29 * MINUTE_S, 120)])
    ticks: dict[int, list[Said]] = {}
    for each in chat:
        ticks.setdefault(each.at // (ticks_s * 1000), []).append(each)
    mixed, plain = HighlightFinder(), HighlightFinder()
    found = 0
    for number in range(min(ticks), 30 * MINUTE_S // ticks_s):
        tick = ticks.get(number, [])
        for each in tick:
            plain.comment(each)
        for each in chance.sample(tick, len(tick)):
            mixed.comment(each)
        reading = plain.read((number + 1) * ticks_s * 1000)
        assert mixed.read((number + 1) * ticks_s * 1000) == reading
        found += len(reading.highlights)
    assert found == 2


@pytest.mark.parametrize(("delay_ms", "most_ms"), [(5000, SURE_AFTER_MS), (1000, 1000), (0, 0)])
def test_a_mark_stands_where_its_rise_began_as_far_as_people_need_to_react(
    delay_ms: int, most_ms: int
) -> None:
    earlier = []
    for seed in range(5):
        begin_s = 10 * MINUTE_S + seed
        finder = HighlightFinder(reaction=ReactionDelay(delay_ms))
        for said in sorted([*murmur(seed, 12 * MINUTE_S), *cheer(seed, begin_s, 60)]):
            for found in finder.read(said.at).highlights:
                if found.until is None:
                    assert begin_s * 1000 < found.noticed
                    earlier.append(said.at // 1000 * 1000 - found.noticed)
            finder.comment(said)
    assert len(earlier) >= 4
    assert 0 <= min(earlier) <= max(earlier) <= most_ms
    assert max(earlier) > 1000 or max(earlier) == most_ms


def test_time_that_goes_back_gives_nothing_and_harms_nothing() -> None:
    finder = HighlightFinder()
    finder.read(100_000)
    finder.comment(Said(90_000, "a", "hello"))
    assert finder.read(50_000) == ([], [])
    assert [at for at, _ in finder.read(103_500).heat] == [100_000, 101_000, 102_000]


def test_comments_from_long_ago_are_counted_as_late_and_those_ahead_wait() -> None:
    finder = HighlightFinder()
    finder.read(1_000_000)
    finder.comment(Said(100_000, "a", "hello"))
    finder.uncounted(100_000, 2)
    finder.comment(Said(9_000_000, "a", "hello"))
    finder.read(1_002_000)
    assert finder.late == 3


def test_memory_does_not_grow_with_the_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "MAX_PEOPLE", 300)
    monkeypatch.setattr(voices, "MAX_TEXTS", 300)
    monkeypatch.setattr(names, "MAX_NAMES", 300)
    monkeypatch.setattr(rising_words, "KEPT_IN_BUCKET", 20)
    finder = HighlightFinder()
    sizes = []
    for minute in range(30):
        for n in range(200):
            at = minute * 60_000 + n * 300
            word = f"{chr(97 + n % 26)}{chr(97 + minute % 26)}word"
            finder.comment(Said(at, f"person {minute}/{n}", f"unheard {word}{n}y {word} {n}", "id"))
            finder.read(at)
        sizes.append(len(pickle.dumps(finder)))
    assert max(sizes[20:]) < 1.1 * max(sizes[8:14])


def test_another_finder_goes_on_where_one_was_and_finds_the_same() -> None:
    chat = [*EVEN, *cheer(2, BEGIN_S, 120)]
    cuts_s = (BEGIN_S - 60, BEGIN_S + 4, BEGIN_S + 12, BEGIN_S + 40)
    ours = HighlightFinder()
    found = []
    waiting = sorted(chat)
    for now_s in range(1, 31 * MINUTE_S):
        while waiting and waiting[0].at < now_s * 1000:
            ours.comment(waiting.pop(0))
        found += ours.read(now_s * 1000).highlights
        if now_s in cuts_s:
            memory = msgspec.msgpack.encode(ours.memory())
            assert len(memory) < 13_000
            ours = HighlightFinder()
            ours.go_on(msgspec.msgpack.decode(memory, type=Memory))
            until_ms = (now_s - 1) * 1000
            run_at_once(ours.hear_again([each for each in chat if each.at // 1000 < now_s]))
            assert ours.until_s == until_ms // 1000
    (whole,) = watched(chat)
    assert [each.noticed for each in found] == [whole.noticed] * 2
    assert found[-1] == whole


def test_a_highlight_that_is_open_over_an_hour_without_commits_ends_before_it() -> None:
    finder = HighlightFinder()
    until_s = BEGIN_S + 8
    watched([*EVEN, *cheer(2, BEGIN_S, 120)], finder, until_s)
    assert finder.is_open
    ours = HighlightFinder()
    memory = finder.memory()
    assert memory is not None
    ours.go_on(memory)
    (ended,) = ours.read((until_s + 3600) * 1000).highlights
    assert ended.until is not None
    assert ended.noticed < ended.until <= (until_s + 1) * 1000


def test_what_was_taken_back_is_no_sample_of_what_is_there_and_comes() -> None:
    chat = [*EVEN, *cheer(2, BEGIN_S, 120)]
    (whole,) = watched(chat)
    finder = HighlightFinder()
    gone = set(whole.comments)
    found = []
    waiting = sorted(chat)
    for now_s in range(1, 31 * MINUTE_S):
        while waiting and waiting[0].at < now_s * 1000:
            finder.comment(waiting.pop(0))
        if finder.is_open:
            finder.forget(gone)
        found += finder.read(now_s * 1000).highlights
    assert found[-1].comments
    assert gone.isdisjoint(found[-1].comments)
