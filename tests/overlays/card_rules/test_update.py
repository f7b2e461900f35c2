from __future__ import annotations

import pytest
from grandstand.overlays.card_rules.update import MAX_TEXT, Figure, figure_of


@pytest.mark.parametrize(
    ("given", "figure"),
    [
        (9.81, Figure(9.81)),
        ("9.81", Figure("9.81")),
        (None, Figure(None)),
        ({"value": 9.81, "unit": "s", "rank": 1, "best": 9.9}, Figure(9.81, "s", 1, 9.9)),
        ({"value": 9.81, "best": "NR|PB"}, Figure(9.81, best="NR|PB")),
        ({"value": 9.81, "unit": 7, "rank": 0, "best": []}, Figure(9.81)),
        ("x" * 100, Figure("x" * MAX_TEXT)),
    ],
)
def test_a_value_comes_in_several_forms(given: object, figure: Figure) -> None:
    assert figure_of(given) == figure


@pytest.mark.parametrize("given", [float("nan"), float("inf"), True, "  ", [1], {"value": [1]}])
def test_what_is_no_value_is_said_to_be_none(given: object) -> None:
    with pytest.raises(ValueError, match="is"):
        figure_of(given)
