"""The measures and pictures of forecast models' cards."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from models.forecasts.diagram import drawn
from models.forecasts.measures import bootstrap, calibration_error, figures, reliability

SURE = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])


def test_probabilities_that_come_true_as_often_as_they_say_have_no_error() -> None:
    said = np.tile([0.75, 0.25], (4, 1))
    assert calibration_error(said, np.array([0, 0, 0, 1])) == pytest.approx(0)
    assert calibration_error(said, np.array([1, 1, 1, 0])) == pytest.approx(0.5)


def test_figures_are_as_the_books_say() -> None:
    found = figures(SURE, np.array([0, 0, 1, 1]))
    assert found == {
        "rows": 4,
        "log_loss": pytest.approx(-np.log(0.9), abs=1e-4),
        "brier": pytest.approx(0.02),
        "ece": pytest.approx(0.1),
    }


def test_a_gain_in_every_match_is_shown_by_its_interval() -> None:
    found = bootstrap(np.linspace(0.01, 0.03, 200))
    assert found["mean"] == pytest.approx(0.02)
    assert 0.01 < found["interval"][0] < 0.02 < found["interval"][1] < 0.03


def test_the_diagram_has_a_circle_for_each_bin() -> None:
    bins = reliability(SURE, np.array([0, 0, 1, 0]))
    picture = ElementTree.fromstring(drawn("a test", {"2023": bins}))
    assert len(picture.findall("{http://www.w3.org/2000/svg}circle")) == len(bins) == 2
