"""What two servers' windows come to: the table alone, for rooms take ten seconds to rest."""

from __future__ import annotations

import pytest

from loadtest.attacks.idle import table


@pytest.mark.parametrize(
    ("many", "words"),
    [
        ((0.030, 0.040, 0.200), ["0.0100", "0.0400", "0.0300", "0.1900", "under", "0.05"]),
        ((0.020, 0.061, 0.062), ["0.0100", "0.0610", "0.0510", "0.0520", "OVER", "0.05"]),
    ],
)
def test_the_median_of_what_many_rooms_cost_more_is_judged(
    many: tuple[float, ...], words: list[str]
) -> None:
    windows = [{"one": 0.01, "many": each} for each in many]
    told = table({"idle": {"rooms": 401, "windows": windows, "most_cores": 0.05}})
    assert told.splitlines()[-1].split() == ["idle", "401", *words]
