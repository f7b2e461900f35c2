"""How late an audience is."""

from __future__ import annotations

from grandstand.overlays.reaction import MOST_MS, OBSERVED, USUAL_MS, ReactionDelay


def test_without_known_moments_it_is_the_usual() -> None:
    reaction = ReactionDelay()
    reaction.onset(10_000)
    reaction.moment(20_000)
    reaction.onset(20_000 + MOST_MS + 1)
    assert reaction.delay_ms == USUAL_MS
    assert ReactionDelay(7).delay_ms == 7


def test_it_is_the_median_of_what_followed_moments_whichever_was_told_first() -> None:
    reaction = ReactionDelay()
    for n in range(8):
        at = n * 1_000_000
        first, second = reaction.moment, reaction.onset
        if n % 2:
            second(at + 12_000 + n)
            first(at)
        else:
            first(at)
            second(at + 12_000 + n)
    assert 12_000 <= reaction.delay_ms <= 12_008


def test_a_pair_is_made_once_and_one_stranger_changes_little() -> None:
    reaction = ReactionDelay()
    for n in range(5):
        reaction.moment(n * 1_000_000)
        reaction.onset(n * 1_000_000 + 9_000)
        reaction.onset(n * 1_000_000 + 90_000)
    reaction.moment(9_000_000)
    reaction.onset(9_170_000)
    assert reaction.delay_ms == 9_000


def test_it_follows_the_last_ones() -> None:
    reaction = ReactionDelay()
    for n in range(3 * OBSERVED):
        reaction.moment(n * 1_000_000)
        reaction.onset(n * 1_000_000 + (3_000 if n < 2 * OBSERVED else 15_000))
    assert reaction.delay_ms == 15_000
