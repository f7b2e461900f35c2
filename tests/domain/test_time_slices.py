from __future__ import annotations

import pytest
from grandstand.domain.time_slices import Pieces, run_at_once


def counted(pieces: int, done: list[int]) -> Pieces[str]:
    for number in range(pieces):
        done.append(number)
        yield
    return "whole"


@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_all_pieces_at_once_give_the_result(pieces: int) -> None:
    done: list[int] = []
    assert run_at_once(counted(pieces, done)) == "whole"
    assert done == [*range(pieces)]


def test_a_fault_in_a_piece_is_the_callers() -> None:
    def broken() -> Pieces[str]:
        yield
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_at_once(broken())
