"""What is behind the band."""

from __future__ import annotations

import numpy as np
import pytest
from grandstand.demo.backdrops import FLOOR, Layer, paint
from grandstand.demo.looks import LOOKS
from grandstand.demo.stage_lights import COLUMNS

BACKDROPS = [look.backdrop for look in LOOKS.values()]
AT_S = 1_790_000_000.0


def laid(
    name: str, seconds: float, level: float = 1.0
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    above = np.full((3, FLOOR, COLUMNS), 0.2, np.float32)
    backdrop = paint(name)
    assert backdrop is not None
    backdrop(above, seconds, level)
    return above


def test_every_look_has_its_own() -> None:
    assert len({paint(name) for name in BACKDROPS}) == len(LOOKS)
    assert paint("") is None


@pytest.mark.parametrize("name", BACKDROPS)
def test_it_lets_light_through_covers_some_and_adds_its_own(name: str) -> None:
    painted = laid(name, AT_S)
    assert painted.min() >= 0
    assert (painted < 0.15).mean() > 0.02
    assert (painted > 0.25).mean() > 0.01
    assert np.array_equal(painted, laid(name, AT_S))
    assert laid(name, AT_S, level=0).max() <= 0.21


def test_a_layer_drifts_without_a_jump_also_where_it_begins_again() -> None:
    layer = Layer.empty(0, 4, 400, pace=10.0)
    layer.light[:] = np.sin(np.arange(400) * 2 * np.pi / 400)
    layer = layer.endless()
    steps = []
    for number in range(38 * 25, 42 * 25):
        frames = [np.zeros((3, 4, COLUMNS), np.float32) for _ in range(2)]
        for frame, seconds in zip(frames, (number / 25, (number + 1) / 25), strict=True):
            layer.lay(frame, seconds, 1.0)
        steps.append(float(np.abs(frames[1] - frames[0]).mean()))
    assert 0.5 < min(steps) / max(steps) <= 1
