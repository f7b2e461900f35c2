"""The stage's lights."""

from __future__ import annotations

import itertools

import numpy as np
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
    assert np.allclose(colour(0), colour(1))
    assert np.allclose(colour(0.9999), colour(0), atol=1e-2)
    assert np.abs(colour(0) - colour(0.4)).max() > 0.3
