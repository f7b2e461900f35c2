"""What stands before the lights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from grandstand.demo.scenery import AUDIENCE_WIDTH, PLATES, SWAY, Plate
from grandstand.demo.stage_lights import WIDTH


@pytest.mark.parametrize("paint", PLATES)
def test_a_plate_is_dark_smooth_and_leaves_room_for_the_lights(paint: Callable[[], Plate]) -> None:
    plate = paint()
    assert 0.05 < plate.cover.mean() < 0.8
    assert ((plate.cover > 0) & (plate.cover < 1)).sum() > 500
    assert (plate.light[plate.cover > 0] < 0.1).mean() > 0.9
    assert plate.light.min() >= 0
    assert plate.light.max() <= 1
    height, width = plate.cover.shape
    assert len(plate.raw()) == 2 * height * width


@pytest.mark.parametrize("paint", PLATES)
def test_a_plate_looks_the_same_each_time(paint: Callable[[], Plate]) -> None:
    assert paint().raw() == paint().raw()


@pytest.mark.parametrize("paint", PLATES[1:])
def test_nothing_is_cut_off_at_the_top(paint: Callable[[], Plate]) -> None:
    assert not paint().cover[0].any()


@pytest.mark.parametrize("paint", PLATES[2:])
def test_however_the_audience_sways_it_fills_the_picture(paint: Callable[[], Plate]) -> None:
    assert AUDIENCE_WIDTH - WIDTH == 2 * SWAY
    feet = paint().cover[-20:]
    assert (feet.min(axis=0) > 0.9).mean() > 0.97


def test_a_limb_covers_what_lies_within_its_thickness() -> None:
    plate = Plate.empty(40, 20)
    plate.limb(10, 10, 30, 10, 4, 4, 0.5)
    assert plate.cover[10, 20] == plate.cover[10, 7] == 1
    assert plate.cover[10, 3] == plate.cover[3, 20] == 0
    assert abs(float(plate.cover.sum()) - (20 * 8 + np.pi * 16)) < 6
    plate.oval(20, 10, 3, 3, 0.9)
    assert plate.light[10, 20] == np.float32(0.9)
