"""Who comes in next, of those who wait."""

from __future__ import annotations

import pytest
from grandstand.edge.waiting_line import WaitingLine
from hypothesis import given
from hypothesis import strategies as st

steps = st.lists(
    st.one_of(st.tuples(st.just("join"), st.integers(0, 3)), st.tuples(st.just("next"), st.none()),
              st.tuples(st.just("leave"), st.integers(0, 30))),
    max_size=60,
)  # fmt: skip


def line(most: int, *who: str) -> WaitingLine[str]:
    """A line of those whose first letter is their address."""
    made = WaitingLine[str](most)
    for each in who:
        assert made.join(each, each[0]) is None
    return made


def test_addresses_have_turns() -> None:
    made = line(9, "a1", "a2", "a3", "b1", "c1", "b2")
    assert list(made.order()) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert [made.next() for _ in range(2)] == ["a1", "b1"]
    made.join("d1", "d")
    assert list(made.order()) == ["c1", "a2", "b2", "d1", "a3"]


def test_who_leaves_is_out() -> None:
    made = line(9, "a1", "a2", "b1")
    assert [made.leave("a1"), made.leave("a1"), "a1" in made] == [True, False, False]
    assert [made.next(), made.next(), len(made)] == ["a2", "b1", 0]


@pytest.mark.parametrize(
    ("before", "who", "place"),
    [("", "a1", 1), ("a1 a2", "a3", 3), ("a1 a2 a3", "b1", 2), ("a1 a2 b1", "b2", 4)],
)
def test_one_who_joins_is_told_a_place_that_is_not_too_good(
    before: str, who: str, place: int
) -> None:
    made = line(9, *before.split(), who)
    assert made.place(who) == place
    assert list(made.order()).index(who) < place


def test_a_full_line_has_a_place_for_who_has_two_less_than_another_address() -> None:
    made = line(4, "a1", "a2", "a3", "b1")
    assert (made.has_place("a"), made.has_place("b"), made.has_place("c")) == (False, True, True)
    assert made.join("c1", "c") == "a3"
    assert (made.has_place("b"), made.has_place("d")) == (False, True)
    assert made.join("d1", "d") == "a2"
    assert made.join("e1", "e") == "e1"
    assert list(made.order()) == ["a1", "b1", "c1", "d1"]


def test_a_line_without_places_takes_nobody() -> None:
    made = line(0)
    assert (made.has_place("a"), made.join("a1", "a"), len(made)) == (False, "a1", 0)


@given(st.integers(1, 8), steps)
def test_nobody_is_lost_or_comes_twice_and_no_address_is_passed_over(
    most: int, asked: list[tuple[str, int | None]]
) -> None:
    made, inside = WaitingLine[int](most), dict[int, str]()
    for number, (what, value) in enumerate(asked):
        if what == "join":
            pushed_out = made.join(number, str(value))
            inside[number] = str(value)
            if pushed_out is not None:
                del inside[pushed_out]
        elif what == "leave" and value is not None:
            assert made.leave(value) == (inside.pop(value, None) is not None)
        elif what == "next" and inside:
            first = made.next()
            del inside[first]
            assert first not in made
        assert sorted(made.order()) == sorted(inside)
        assert len(made) == len(inside) <= most
        sizes = [list(inside.values()).count(address) for address in set(inside.values())]
        firsts = [inside[who] for who in list(made.order())[: len(sizes)]]
        assert len(set(firsts)) == len(sizes)
        assert made.has_place("new") == (len(made) < most or max(sizes) >= 2)
