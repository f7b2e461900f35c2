"""What one household has of the network."""

from __future__ import annotations

import pytest
from grandstand.domain.network import household


@pytest.mark.parametrize(
    ("host", "address", "network"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1/32"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("::1", "::1", "::/64"),
    ],
)
def test_it_is_an_ipv4_address_or_the_64_of_ipv6(host: str, address: str, network: str) -> None:
    found = household(host)
    assert found is not None
    assert (str(found.ip), str(found.network)) == (address, network)


@pytest.mark.parametrize("host", ["", "here", "2001:db8::/64", "192.0.2.1:80"])
def test_what_is_no_address_has_none(host: str) -> None:
    assert household(host) is None
