"""The time code in the picture."""

from __future__ import annotations

import pytest
from grandstand.demo.timecode import CELLS, CLEAR, MODULUS_MS, SET, cells, nearest, read
from hypothesis import given
from hypothesis import strategies as st

times = st.integers(0, 4_000_000_000_000)


@given(times)
def test_what_is_written_is_read(at_ms: int) -> None:
    written = cells(at_ms)
    assert len(written) == CELLS
    assert read([(SET if each else CLEAR) / 255 for each in written]) == at_ms % MODULUS_MS


@given(times, st.integers(0, CELLS - 1), st.integers(0, 7))
def test_one_wrong_cell_or_a_few_beside_it_are_noticed(at_ms: int, first: int, more: int) -> None:
    written = list(cells(at_ms))
    spoilt = [1 - each if first <= at <= first + more else each for at, each in enumerate(written)]
    assert read([float(each) for each in spoilt]) is None


@pytest.mark.parametrize("shares", [[], [0.0] * CELLS, [1.0] * CELLS, [1.0] * (CELLS - 1)])
def test_a_picture_without_a_code_has_no_time(shares: list[float]) -> None:
    assert read(shares) is None


def test_the_layout_is_the_one_that_others_read_by() -> None:
    assert (
        "".join(map(str, cells(0x123456))) == "10" + "000100100011010001010110" + "01010111" + "01"
    )


@given(times, st.integers(-MODULUS_MS // 2, MODULUS_MS // 2 - 1))
def test_a_code_and_roughly_the_time_give_the_time(at_ms: int, off_ms: int) -> None:
    assert nearest(at_ms % MODULUS_MS, at_ms - off_ms) == at_ms
