"""A run-down that goes on while it is read."""

from __future__ import annotations

from typing import Any

from grandstand.crowd.coming_items import coming_items
from grandstand.crowd.show import Item
from grandstand.domain.rundown import Rundown, RundownItem
from msgspec import UNSET

MINUTE_MS = 60_000
NOW_MS = 1000 * MINUTE_MS


def item(
    name: str, minute: float | None, status: Any = "waiting", kind: Any = "note"
) -> RundownItem:
    at = UNSET if minute is None else int(minute * MINUTE_MS)
    return RundownItem(name, kind, name.title(), status, at)


def rundown(*items: RundownItem, went: float | None = None) -> Rundown:
    return Rundown(3, [*items], UNSET if went is None else int(went * MINUTE_MS))


def test_items_begin_when_they_are_expected_by_the_curves_clock() -> None:
    given = rundown(item("a", 1010), item("pause", 1020, kind="break"), item("b", None))
    assert coming_items(given, NOW_MS, 30 * MINUTE_MS) == [
        Item(980, None, "A"),
        Item(990, 990, "Pause"),
    ]


def test_what_waits_is_late_by_as_much_as_what_is_on_air() -> None:
    given = rundown(item("a", 940, "done"), item("b", 980, "on_air"), item("c", 1010), went=995)
    assert [each.start for each in coming_items(given, NOW_MS, 0)] == [940, 995, 1025]


def test_a_show_that_is_early_keeps_its_times() -> None:
    given = rundown(item("a", 990, "on_air"), item("b", 1010), went=980)
    assert [each.start for each in coming_items(given, NOW_MS, 0)] == [980, 1010]


def test_a_rundown_that_is_an_hour_off_has_nothing_that_waits_in_the_past() -> None:
    given = rundown(item("a", 940), item("b", 970), item("c", 1030))
    assert [each.start for each in coming_items(given, NOW_MS, 0)] == [1000, 1000, 1030]


def test_a_rundown_of_months_is_not_read() -> None:
    assert coming_items(rundown(item("a", 1000), item("b", 100_000)), NOW_MS, 0) == []
