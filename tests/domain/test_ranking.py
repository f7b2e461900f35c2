from __future__ import annotations

from dataclasses import dataclass

from grandstand.domain.ranking import Budget, Group, merge
from hypothesis import given
from hypothesis import strategies as st


@dataclass(frozen=True)
class Said:
    number: int
    dedupe_key: int
    weight: float
    user: str = "ada"
    skeleton: str = ""
    excitement: float = 0.0

    @property
    def id(self) -> str:
        return str(self.number)


said = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), max_size=30).map(
    lambda pairs: [Said(n, like, weight / 2) for n, (like, weight) in enumerate(pairs)]
)


def groups_of(comments: list[Said]) -> list[Group[Said]]:
    return merge(comments, lambda each: 10 - each.weight)


@given(said)
def test_merging_loses_and_doubles_nobody(comments: list[Said]) -> None:
    groups = groups_of(comments)
    members = [member for group in groups for member in group.members]
    assert sorted(member.number for member in members) == list(range(len(comments)))
    assert sum(group.count for group in groups) == len(comments)


@given(said)
def test_the_alike_are_one_group_shown_by_the_first_of_the_worthiest(
    comments: list[Said],
) -> None:
    groups = groups_of(comments)
    assert len({group.shown.dedupe_key for group in groups}) == len(groups)
    for group in groups:
        assert {each.dedupe_key for each in group.merged} <= {group.shown.dedupe_key}
        best = min(group.members, key=lambda each: (each.weight, each.number))
        assert (group.shown, group.worth) == (best, 10 - best.weight)


def test_each_doubling_is_worth_a_point_whoever_it_was_that_said_it() -> None:
    group = Group(Said(0, 1, 2.0), 2.0, [Said(1, 1, 1.0)], waiting=6)
    assert (group.count, group.rank, group.weight) == (8, 5.0, 5.0)


@given(st.floats(-20, 20), st.integers(0, 10**6))
def test_the_weight_that_viewers_get_is_tenths_from_0_to_10(worth: float, waiting: int) -> None:
    weight = Group(Said(0, 1, 2.0), worth, waiting=waiting).weight
    assert 0 <= weight <= 10
    assert weight == round(weight, 1)


@given(
    st.integers(1, 100),
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 200)), max_size=40),
)
def test_a_budget_is_never_overspent(per_second: int, ticks: list[tuple[int, int]]) -> None:
    budget, now_ms, shown = Budget(), 0, 0
    for step_ms, wanted in ticks:
        now_ms += step_ms
        places = budget.places(now_ms, per_second)
        assert 0 <= places <= per_second
        budget.spend(min(wanted, places))
        shown += min(wanted, places)
        assert shown <= per_second * (1 + now_ms / 1000) + 1e-6


def test_a_steady_room_gets_its_whole_budget() -> None:
    budget, shown = Budget(), 0
    for tick in range(51):
        places = budget.places(tick * 200, 30)
        budget.spend(places)
        shown += places
    assert shown == 30 + 10 * 30


def test_places_that_were_taken_beyond_the_budget_are_not_owed() -> None:
    budget = Budget()
    budget.places(0, 10)
    budget.spend(25)
    assert budget.places(1_000, 10) == 10
