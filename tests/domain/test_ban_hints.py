from __future__ import annotations

import pytest
from grandstand.domain.ban_hints import DAY_S, Hint, hint, latest, network_of

SALT, OTHER = b"s" * 16, b"t" * 16


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::", "2001:db8:0:1::/64"),
        ("2001:db8:0:1::/64", "2001:db8:0:1::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("here", "here"),
    ],
)
def test_a_household_has_one_address_and_this_machine_none(host: str, network: str) -> None:
    assert network_of(host) == network


def test_a_hint_is_of_its_room_its_day_and_its_kind_and_tells_nothing() -> None:
    one = hint("device", "d" * 16, SALT, 3)
    assert one == hint("device", "d" * 16, SALT, 3)
    assert one not in (
        hint("device", "d" * 16, OTHER, 3),
        hint("device", "d" * 16, SALT, 4),
        hint("address", "d" * 16, SALT, 3),
    )
    assert "d" * 4 not in one[1:]


def test_a_hint_is_found_on_its_day_and_the_next() -> None:
    hints = {hint("address", "198.51.100.7", SALT, 3): Hint("u", 99)}
    found = [latest(hints, "address", "198.51.100.7", SALT, day * DAY_S) for day in (2, 3, 4, 5)]
    assert found == [0, 99, 99, 0]
