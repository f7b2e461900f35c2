"""The stage's lights."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from grandstand.demo.looks import LOOKS, OPENING, Look
from grandstand.demo.stage_lights import COLUMNS, ROWS, StageLights, colour

AT_MS = 1_790_000_000_000


def test_a_moment_looks_the_same_whoever_paints_it() -> None:
    lights = StageLights()
    lights.paint(AT_MS)
    assert np.array_equal(lights.paint(AT_MS + 1000), StageLights().paint(AT_MS + 1000))


def test_lights_move_from_frame_to_frame_without_a_jump() -> None:
    lights = StageLights()
    frames = [lights.paint(AT_MS + 40 * number).copy() for number in range(200)]
    steps = [float(np.abs(one - other).mean()) for one, other in itertools.pairwise(frames)]
    assert min(steps) > 1e-4
    assert max(steps) < 0.02


def test_it_is_a_night_with_lights_in_it() -> None:
    painted = StageLights().paint(AT_MS)
    assert painted.shape == (3, ROWS, COLUMNS)
    assert painted.min() >= 0
    assert painted.max() <= 1
    assert np.median(painted) < 0.25
    assert painted.max() > 0.6


def test_hues_go_round() -> None:
    palette = OPENING.palette
    assert np.allclose(colour(palette, 0), colour(palette, 1))
    assert np.allclose(colour(palette, 0.9999), colour(palette, 0), atol=1e-2)
    assert np.abs(colour(palette, 0) - colour(palette, 0.4)).max() > 0.3


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_look_stays_within_what_can_be_shown_and_has_its_own_colours(look: Look) -> None:
    lights = StageLights()
    painted = lights.paint(AT_MS, look, level=2.5)
    assert painted.min() >= 0
    assert painted.max() <= 1
    moments = range(AT_MS, AT_MS + 100_000, 10_000)
    usual, own = (
        sum(lights.paint(at, each).mean(axis=(1, 2)) for at in moments) for each in (OPENING, look)
    )
    assert np.abs(own / own.sum() - usual / usual.sum()).max() > 0.05


def test_without_a_level_it_is_dark() -> None:
    assert StageLights().paint(AT_MS, level=0).max() < 0.05
