from __future__ import annotations

import pytest
from grandstand.domain.time_slices import TimeSliced, run_at_once


def counted(slices: int, done: list[int]) -> TimeSliced[str]:
    for number in range(slices):
        done.append(number)
        yield
    return "whole"


@pytest.mark.parametrize("slices", [0, 1, 3])
def test_all_pieces_at_once_give_the_result(slices: int) -> None:
    done: list[int] = []
    assert run_at_once(counted(slices, done)) == "whole"
    assert done == [*range(slices)]


def test_a_fault_in_a_piece_is_the_callers() -> None:
    def broken() -> TimeSliced[str]:
        yield
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_at_once(broken())
