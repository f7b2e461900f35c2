from __future__ import annotations

from typing import Any

import msgspec
import pytest
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.entities import Entity, Measured
from grandstand.domain.outcome import Fate
from grandstand.domain.schemas import KindSchema, ValueSchema
from grandstand.domain.state import PrivateChanges, RoomState, fold
from grandstand.overlays.stats_cards import (
    MAX_CARDS,
    MAX_CARDS_BYTES,
    MAX_WAITING,
    Cards,
    TooManyWaitError,
    followers_card,
    is_due,
    version,
)
from grandstand.wire.messages import Frame, Overlay
from grandstand.wire.settings import Settings
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

NOW = 1_000_000
LATENCY_MS = Settings().max_latency


def card(at: int, name: str = "100 m", duration_ms: int = 20_000, **values: Any) -> Overlay:
    return version("athlete:1", name, at, values, duration_ms)


def tick(state: RoomState, now: int, *cards: Overlay) -> tuple[list[Fate], Frame]:
    """One tick of a room of cards alone, folded into ``state``."""
    at_work = Cards(state, now)
    fates = at_work.give(cards)
    overlays, drop = at_work.finish()
    frame = Frame(now=now, overlays=overlays or UNSET, drop=drop or UNSET)
    fold(state, [frame], PrivateChanges(waiting=at_work.moved))
    return fates, frame


def shown(state: RoomState) -> list[Overlay]:
    return list(state.overlays.values())


def test_a_card_is_known_by_whom_it_is_about_and_by_its_name() -> None:
    one = card(1, speed=1)
    assert one.id == card(2, speed=2).id
    assert len({one.id, card(1, "200 m").id, version("athlete:2", "100 m", 1, {}, 0).id}) == 3
    assert one == Overlay(
        one.id,
        "stats",
        1,
        {"entity": "athlete:1", "name": "100 m", "values": {"speed": 1}},
        "athlete:1",
        20_001,
    )


def test_a_card_without_duration_stays_and_one_without_values_expires_at_once() -> None:
    assert card(5, duration_ms=0, speed=1).expires_at is UNSET
    assert card(5).expires_at == 5
    assert card(5, duration_ms=0).expires_at == 5


def test_a_newer_update_replaces_and_a_late_or_repeated_one_does_nothing() -> None:
    state = RoomState()
    assert tick(state, NOW, card(NOW, v=1))[0] == ["taken"]
    assert tick(state, NOW, card(NOW + 10, v=2))[0] == ["taken"]
    fates, frame = tick(state, NOW, card(NOW, v=1), card(NOW + 10, v=2), card(NOW + 9, v=3))
    assert (fates, frame) == (["late", "repeated", "late"], Frame(now=NOW))
    assert shown(state) == [card(NOW + 10, v=2)]


def test_of_two_with_the_same_moment_the_last_counts() -> None:
    state = RoomState()
    assert tick(state, NOW, card(NOW, v=1), card(NOW, v=2))[0] == ["taken", "taken"]
    assert shown(state) == [card(NOW, v=2)]
    assert tick(state, NOW, card(NOW, v=1))[1].overlays == [card(NOW, v=1)]


def test_within_a_tick_each_update_sees_those_before_it() -> None:
    fates, frame = tick(RoomState(), NOW, card(NOW, v=2), card(NOW - 1, v=1), card(NOW, v=2))
    assert fates == ["taken", "late", "repeated"]
    assert frame.overlays == [card(NOW, v=2)]


def test_many_updates_of_a_moment_go_out_as_one_but_those_of_many_moments_each() -> None:
    many = [card(NOW + n, v=n) for n in range(100)]
    apart = [card(NOW + 100 + 500 * n, v=n) for n in range(4)]
    fates, frame = tick(RoomState(), NOW, *many, *apart)
    assert set(fates) == {"taken"}
    assert frame.overlays == [apart[0], *apart[1:]]


def test_a_card_for_followers_says_with_how_many_decimals_values_are_written() -> None:
    values = {"Jump": Measured(NOW, 8.4, "m"), "Lane": Measured(NOW, 4)}
    entity = Entity("Ada", NOW, values)
    schema = KindSchema([ValueSchema("Jump", unit="m", decimals=2), ValueSchema("Lane")])
    shown_card = followers_card("athlete:1", entity, schema, 0)
    assert shown_card is not None
    assert shown_card.data["decimals"] == {"Jump": 2}
    plain = followers_card("athlete:1", entity, KindSchema([ValueSchema("Lane")]), 0)
    assert plain is not None
    assert "decimals" not in plain.data


def test_an_update_waits_for_its_time_and_the_card_of_before_stays() -> None:
    state = RoomState()
    far = card(NOW + AHEAD_MS + 1, v=2)
    assert tick(state, NOW, card(NOW, v=1), far)[0] == ["taken", "waiting"]
    assert tick(state, NOW, far)[0] == ["repeated"]
    assert shown(state) == [card(NOW, v=1)]
    assert not is_due(state, NOW)
    assert is_due(state, NOW + 1)
    _, frame = tick(state, NOW + 1)
    assert (frame.overlays, shown(state), state.waiting) == ([far], [far], {})


def test_what_waits_goes_out_in_the_order_of_its_moments() -> None:
    state = RoomState()
    later, sooner = card(NOW + 9_000, v=2), card(NOW + 5_000, v=1)
    tick(state, NOW, later, sooner)
    assert tick(state, NOW + 8_000)[1].overlays == [sooner, later]


def test_what_waits_is_replaced_by_another_of_the_same_moment_alone() -> None:
    state = RoomState()
    first, second = card(NOW + 5_000, v=1), card(NOW + 5_000, v=2)
    other = card(NOW + 5_001, v=3)
    tick(state, NOW, first, other)
    assert tick(state, NOW, second)[0] == ["waiting"]
    assert list(state.waiting.values()) == [second, other]


def test_what_waited_longer_than_a_newer_update_took_is_late() -> None:
    state = RoomState()
    tick(state, NOW, card(NOW + 3_000, v=1))
    tick(state, NOW + 1_500, card(NOW + 3_400, v=2))
    assert tick(state, NOW + 1_500)[1].overlays is UNSET
    assert shown(state) == [card(NOW + 3_400, v=2)]
    assert state.waiting == {}


def test_only_so_many_wait_and_then_none_of_the_updates_is_taken() -> None:
    state = RoomState()
    tick(state, NOW, *(card(NOW + 10_000 + n, v=n) for n in range(MAX_WAITING)))
    at_work = Cards(state, NOW)
    with pytest.raises(TooManyWaitError):
        at_work.give([card(NOW, v=1), card(NOW + 9_000, v=1)])
    assert at_work.finish() == ([], [])
    assert at_work.moved == {}
    assert tick(state, NOW, card(NOW + 10_000, v=-1), card(NOW, v=1))[0] == ["waiting", "taken"]


def test_a_card_taken_away_is_a_version_that_nobody_sees_from_its_moment_on() -> None:
    state = RoomState()
    tick(state, NOW, card(NOW, v=1))
    assert tick(state, NOW, card(NOW + 100))[0] == ["taken"]
    assert tick(state, NOW, card(NOW + 99, v=2))[0] == ["late"]
    (gone,) = shown(state)
    assert (gone.at, gone.expires_at) == (NOW + 100, NOW + 100)


def test_a_card_is_dropped_once_it_has_expired_for_the_viewer_furthest_behind() -> None:
    state = RoomState()
    tick(state, NOW, card(NOW, v=1, duration_ms=1_000), card(NOW, "stays", duration_ms=0, v=1))
    gone_at = NOW + 1_000 + LATENCY_MS
    assert not is_due(state, gone_at - 1)
    assert is_due(state, gone_at)
    assert tick(state, gone_at - 1)[1].drop is UNSET
    assert tick(state, gone_at)[1].drop == [card(0).id]
    assert [each.data["name"] for each in shown(state)] == ["stays"]


def test_an_update_that_comes_when_its_card_is_due_to_go_keeps_it() -> None:
    state = RoomState()
    tick(state, NOW, card(NOW, v=1))
    later = NOW + 20_000 + LATENCY_MS
    _, frame = tick(state, later, card(later, v=2))
    assert (frame.drop, shown(state)) == (UNSET, [card(later, v=2)])


def test_what_has_expired_for_everybody_is_late() -> None:
    state = RoomState()
    assert tick(state, NOW, card(NOW - LATENCY_MS, duration_ms=0))[0] == ["late"]
    assert shown(state) == []


def test_beyond_the_most_cards_the_oldest_go_and_other_overlays_stay() -> None:
    other = Overlay("forecast", "forecast", 0, {})
    state = RoomState(overlays={"forecast": other})
    cards = [card(NOW + n % 7, f"heat {n}", v=n) for n in range(MAX_CARDS)]
    tick(state, NOW, *cards)
    _, frame = tick(state, NOW, card(NOW + 10, "one more", v=1))
    oldest = min(cards, key=lambda each: each.at)
    assert frame.drop is not UNSET
    (gone,) = frame.drop
    assert {each.id: each for each in cards}[gone].at == oldest.at
    assert len(state.overlays) == MAX_CARDS + 1
    assert state.overlays["forecast"] == other


def test_of_cards_as_large_as_may_be_so_many_stay_that_newcomers_can_be_sent_them() -> None:
    state = RoomState()
    for n in range(MAX_CARDS):
        values: dict[str, Any] = {
            f"{key:02}" + "\U0001f600" * 38: "\U0001f600" * 60 for key in range(12)
        }
        tick(state, NOW + n, version(f"heat {n}", "heat", NOW + n, values, 0))
        size = sum(len(msgspec.msgpack.encode(each)) for each in state.overlays.values())
        assert size <= MAX_CARDS_BYTES
    assert 40 < len(state.overlays) < MAX_CARDS
    kept = sorted(each.at for each in state.overlays.values())
    assert kept == [NOW + n for n in range(MAX_CARDS)][-len(kept) :]


updates = st.lists(
    st.tuples(
        st.integers(0, 8_000), st.sampled_from("ab"), st.sampled_from([0, 500]), st.integers(0, 2)
    ),
    max_size=12,
)


@given(updates, st.integers(1, 12))
def test_whatever_order_updates_come_in_the_newest_of_each_card_is_left(
    given_updates: list[tuple[int, str, int, int]], per_tick: int
) -> None:
    """At the end all have had their time; ties go to the last given."""
    state = RoomState()
    cards = [card(NOW + at, name, ms, **{"v": v} if v else {}) for at, name, ms, v in given_updates]
    for start in range(0, len(cards), per_tick):
        tick(state, NOW, *cards[start : start + per_tick])
    tick(state, NOW + 8_000)
    newest: dict[str, Overlay] = {}
    for each in cards:
        if each.id not in newest or each.at >= newest[each.id].at:
            newest[each.id] = each
    assert state.overlays == newest
    assert state.waiting == {}
