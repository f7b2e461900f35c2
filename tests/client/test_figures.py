"""An audience's own figures."""

from __future__ import annotations

import pytest
from grandstand.client.figures import Figures, percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7.0], 0.99, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([float(each) for each in range(1, 101)], 0.99, 99.0),
        ([float(each) for each in range(1, 102)], 0.99, 100.0),
    ],
)
def test_a_percentile_is_one_of_the_values(
    values: list[float], share: float, expected: float | None
) -> None:
    assert percentile(values, share) == expected


def test_a_line_gives_rates_and_starts_afresh() -> None:
    figures = Figures(sent=30, shown=20, gaps=1, screen_ms=[100.0, 200.0])
    figures.refused["rejected"] += 2
    figures.put_off["rate_limited"] += 1
    figures.ack_ms.append(5)
    told = figures.line(viewers=5, over_s=10)
    assert (told["viewers"], told["comments_s"], told["shown_s"]) == (5, 3.0, 2.0)
    assert (told["p50_ms"], told["p99_ms"], told["gaps"]) == (100.0, 200.0, 1)
    assert told["refused"] == {"rejected": 2, "rate_limited": 1}
    assert figures == Figures()
