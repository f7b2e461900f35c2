"""Ids of comments that were brought in from elsewhere."""

from __future__ import annotations

import pytest
from grandstand.domain.record import imported_at, imported_id
from hypothesis import given
from hypothesis import strategies as st

from tests.invariants.ledger import short_id

moments = st.integers(0, 2**53 - 1)


@given(moments, st.text(), st.text())
def test_an_id_tells_its_moment_and_is_the_same_again(at: int, user: str, text: str) -> None:
    told = imported_id(at, user, text)
    assert imported_at(told) == at
    assert imported_id(at, user, text) == told
    assert len(told) <= 20


@given(st.integers(0, 2**63))
def test_ids_that_a_room_gives_out_tell_none(number: int) -> None:
    assert imported_at(short_id(number)) is None


@pytest.mark.parametrize(
    "word", ["", "x", "x" + "1" * 60, "x12345678", "nothing", "X123456789", "x1234-56789"]
)
def test_what_is_no_id_tells_none(word: str) -> None:
    assert imported_at(word) is None


def test_another_moment_author_or_text_is_another_comment() -> None:
    ids = {
        imported_id(at, user, text) for at in (1, 2) for user in ("a", "ab") for text in ("c", "bc")
    }
    assert len(ids) == 8
    equal = [imported_id(7, "u", "t", ordinal) for ordinal in range(100)]
    assert len(set(equal)) == 100
    assert equal[0] == imported_id(7, "u", "t")
    assert {imported_at(each) for each in equal} == {7}
