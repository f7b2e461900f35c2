from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from grandstand.domain import novelty
from grandstand.domain.novelty import QUIET_MS, SWELL_FROM
from grandstand.domain.selection import Choice, Selector
from grandstand.wire.settings import Selection, Settings
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st


@dataclass(frozen=True)
class Said:
    id: str
    skeleton: str = "goal"
    user: str = "ada"
    weight: float = 5.0
    excitement: float = 0.5
    dedupe_key: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "dedupe_key", sum(ord(c) << 8 * i for i, c in enumerate(self.skeleton))
        )


@dataclass
class Room:
    """A selector and what became of all that was said."""

    settings: Settings = field(default_factory=Settings)
    selector: Selector = field(default_factory=Selector)

    def says(self, now_ms: int, *said: Said, taken: int = 0) -> Choice[Said]:
        return self.selector.choose(said, now_ms, self.settings, taken)

    def fills(self, until_ms: int, since_ms: int = 0) -> None:
        """Others say nine different things a second, so that the room is busy."""
        words = ("alpha", "bravo", "kilo", "delta", "echo", "foxtrot", "golf", "hotel", "india")
        for now_ms in range(since_ms, until_ms, 1_000):
            crowd = [
                Said(f"f{now_ms}{word}", f"{word} {now_ms} {number}", f"u{number}", 0.1)
                for number, word in enumerate(words)
            ]
            self.says(now_ms, *crowd)


def shown(choice: Choice[Said]) -> list[tuple[str, int]]:
    return [(group.shown.id, group.count) for group in choice.shown]


def busy(**tastes: float) -> Room:
    room = Room(Settings(budget=1000, selection=Selection(**tastes)))
    room.fills(10_000)
    return room


# --- without looking at texts --------------------------------------------------------------------


class Unread(Said):
    """A comment whose text may not be looked at."""

    def __getattribute__(self, name: str) -> object:
        assert name not in ("skeleton", "dedupe_key")
        return super().__getattribute__(name)


def test_a_plain_selector_gives_the_places_to_the_first_and_looks_at_no_text() -> None:
    said = [Said(f"c{number}", weight=5.0 - number % 2 * 4) for number in range(6)]
    for each in said:
        object.__setattr__(each, "__class__", Unread)
    settings = Settings(budget=3, selection=Selection(least=2.0))
    selector = Selector(is_plain=True)
    assert selector.show(said[0], 0) == 0
    choice = selector.choose(said, 0, settings, taken=1)
    assert shown(choice) == [("c0", 1), ("c2", 1)]
    assert [each.id for each in choice.rest] == ["c1", "c3", "c4", "c5"]
    assert choice.overflow == 4
    assert selector.choose(said, 0, settings).shown == []


# --- novelty -------------------------------------------------------------------------------------


def test_a_repeat_is_merged_into_what_was_shown_and_the_next_showing_carries_the_count() -> None:
    room = busy()
    assert shown(room.says(10_000, Said("a"))) == [("a", 1)]
    again = room.says(11_000, Said("b"), Said("c"))
    assert (again.shown, again.rest, again.overflow) == ([], [], 0)
    assert [(each.id, into) for each, into in again.again] == [("b", "a"), ("c", "a")]
    room.fills(10_000 + QUIET_MS, 12_000)
    assert shown(room.says(10_000 + QUIET_MS, Said("d"), Said("e"))) == [("d", 4)]
    later = room.says(10_200 + QUIET_MS, Said("f"))
    assert [(each.id, into) for each, into in later.again] == [("f", "d")]


def test_nearly_the_same_is_merged_too_within_a_tick_and_after_it() -> None:
    room = busy()
    one = Said("a", "what a brilliant save by the keeper", weight=6.0)
    other = Said("b", "what a brilliant save by keeper", user="bo")
    third = Said("c", "what a briliant save by the keeper", user="cy")
    assert shown(room.says(10_000, other, one)) == [("a", 2)]
    assert [into for _, into in room.says(10_200, third).again] == ["a"]


def test_what_a_crowd_says_comes_again_before_its_time_with_all_who_waited() -> None:
    room = busy()
    room.says(10_000, Said("a"))
    crowd = [Said(f"b{number}") for number in range(SWELL_FROM)]
    assert room.says(11_000, *crowd).shown == []
    room.fills(20_000, 11_000)
    assert shown(room.says(20_000, Said("c"))) == [("c", SWELL_FROM + 1)]


def test_where_little_is_said_a_repeat_is_an_answer() -> None:
    room = Room()
    assert shown(room.says(0, Said("a"))) == [("a", 1)]
    assert shown(room.says(20_000, Said("b", user="bo"))) == [("b", 1)]


def test_a_room_without_novelty_shows_what_it_was_shown() -> None:
    room = busy(novelty=0)
    assert shown(room.says(10_000, Said("a"))) == [("a", 1)]
    assert shown(room.says(10_200, Said("b"), Said("c"))) == [("b", 2)]


def test_who_waits_in_vain_is_overflow_in_the_end() -> None:
    room = busy()
    room.says(10_000, Said("a"))
    room.says(11_000, Said("b"))
    room.fills(10_000 + 2 * QUIET_MS, 12_000)
    assert room.says(10_000 + 2 * QUIET_MS).overflow == 0
    assert room.says(10_001 + 2 * QUIET_MS).overflow == 1


def test_what_is_shown_without_being_chosen_takes_a_place_and_is_not_shown_again() -> None:
    room = busy()
    room.says(10_000, Said("a"))
    room.says(10_200, Said("b"))
    room.settings = Settings(budget=2)
    assert room.selector.show(Said("c"), 10_400) == 1
    choice = room.says(12_400, Said("d"), Said("e", "save"), Said("f", "corner"), taken=1)
    assert [into for _, into in choice.again] == ["c"]
    assert (shown(choice), choice.overflow) == ([("e", 1)], 1)


# --- fairness, moment, least ---------------------------------------------------------------------


def test_who_was_just_shown_steps_back_for_others() -> None:
    for fairness, first in ((1, "d"), (0, "c")):
        room = Room(Settings(budget=1, selection=Selection(fairness=fairness)))
        room.says(0, Said("a", "hello there", "ada"))
        choice = room.says(1_000, Said("c", "well said", "ada", 6.0), Said("d", "not so", "bo"))
        assert [group.shown.id for group in choice.shown] == [first]


def test_of_the_alike_one_stands_for_them_who_was_not_shown_lately() -> None:
    room = Room()
    room.says(0, Said("a", "hello there", "ada"))
    assert shown(room.says(5_000, Said("c", user="ada"), Said("d", user="bo"))) == [("d", 2)]


@pytest.mark.parametrize(
    ("moment", "roars", "first"), [(1, True, "loud"), (1, False, "wise"), (0, True, "wise")]
)
def test_when_the_room_roars_roars_are_worth_more(moment: float, roars: bool, first: str) -> None:
    room = Room(Settings(budget=1, selection=Selection(moment=moment)))
    room.fills(120_000)
    crowd = [Said(f"r{number}", "roar", f"u{number}", 0.0, 1.0) for number in range(50)]
    room.says(121_000, *(crowd if roars else ()))
    wise, loud = Said("wise", "sentence", "bo", 5.0, 0.1), Said("loud", "goal", "cy", 4.5, 1.0)
    assert [group.shown.id for group in room.says(122_000, wise, loud).shown] == [first]


def test_a_weight_below_the_least_gets_no_place_though_there_be_room() -> None:
    room = Room(Settings(selection=Selection(least=3)))
    choice = room.says(0, Said("a", "k", weight=2.9), Said("b", "save", weight=3.0))
    assert (shown(choice), choice.overflow) == ([("b", 1)], 1)
    assert shown(Room().says(0, Said("a", "k", weight=0.0))) == [("a", 1)]


# --- counts --------------------------------------------------------------------------------------

TEXTS = ("goal", "gooal", "goal goal", "save by the keeper", "a save by the keeper", "2:1", "2:2")
ticks = st.lists(
    st.tuples(
        st.integers(0, 50_000),
        st.lists(
            st.tuples(st.sampled_from(TEXTS), st.sampled_from("abc"), st.integers(0, 10)),
            max_size=25,
        ),
        st.sampled_from(["", "retract", "approve"]),
    ),
    max_size=15,
)
tastes = st.builds(
    Selection,
    novelty=st.sampled_from([0.0, 0.2, 1.0, 2.0]),
    fairness=st.sampled_from([0.0, 1.0]),
    moment=st.sampled_from([0.0, 1.0]),
    least=st.sampled_from([0.0, 4.0]),
)


@how(deadline=None)
@given(ticks, tastes, st.sampled_from([1, 2, 30]), st.sampled_from([2, 4_096]))
def test_each_is_counted_once_and_recorded_once(
    ticks: list[tuple[int, list[tuple[str, str, int]], str]],
    taste: Selection,
    budget: int,
    remembered: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(novelty, "REMEMBERED", remembered)
        room, now_ms = Room(Settings(budget=budget, selection=taste)), 0
        counted = said = 0
        known: set[str] = set()
        for tick, (step_ms, texts, besides) in enumerate(ticks):
            now_ms += step_ms
            if besides == "retract":
                room.selector.shown_texts.retract(sorted(known)[::2])
            if besides == "approve":
                counted += 1 + room.selector.show(Said(f"x{tick}"), now_ms)
                known.add(f"x{tick}")
                said += 1
            entries = [
                Said(f"{tick}.{number}", skeleton, user, float(weight))
                for number, (skeleton, user, weight) in enumerate(texts)
            ]
            said += len(entries)
            choice = room.says(now_ms, *entries)
            counted += sum(group.count for group in choice.shown) + choice.overflow
            known |= {group.shown.id for group in choice.shown}
            assert len(choice.shown) <= budget
            assert {into for _, into in choice.again} <= known
            members = [each for group in choice.shown for each in group.members]
            members += [each for each, _ in choice.again] + choice.rest
            assert sorted(each.id for each in members) == sorted(each.id for each in entries)
            assert counted + room.selector.shown_texts.waiting == said


@given(ticks, tastes)
def test_the_same_events_give_the_same_choice(
    ticks: list[tuple[int, list[tuple[str, str, int]], str]], taste: Selection
) -> None:
    rooms = [Room(Settings(budget=2, selection=taste)) for _ in range(2)]
    now_ms = 0
    for tick, (step_ms, texts, _) in enumerate(ticks):
        now_ms += step_ms
        entries = [
            Said(f"{tick}.{number}", skeleton, user, float(weight))
            for number, (skeleton, user, weight) in enumerate(texts)
        ]
        one, other = (room.says(now_ms, *entries) for room in rooms)
        assert one == other
