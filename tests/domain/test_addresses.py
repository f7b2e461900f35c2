from __future__ import annotations

import ipaddress

import pytest
from grandstand.domain.addresses import Addresses, parse


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1"),
        *("fec0::1", "::127.0.0.1", "::ffff:0:7f00:1", "4000::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    ],
)
def test_what_is_not_public_is_not_allowed(address: str) -> None:
    assert not Addresses().allows("studio.example", ipaddress.ip_address(address), 443)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::808:808"])
def test_what_is_public_is_allowed(address: str) -> None:
    assert Addresses().allows("studio.example", ipaddress.ip_address(address), 80)


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "allows"),
    [
        ("127.0.0.1", "x", "127.0.0.1", 80, True),
        ("127.0.0.1", "x", "127.0.0.2", 80, False),
        ("127.0.0.1:4455", "x", "127.0.0.1", 4455, True),
        ("127.0.0.1:4455", "x", "127.0.0.1", 4456, False),
        ("10.0.0.0/8", "x", "10.200.0.1", 1, True),
        ("10.0.0.0/8:5250", "x", "10.200.0.1", 5250, True),
        ("10.0.0.0/8:5250", "x", "10.200.0.1", 5251, False),
        ("fd00::/8", "x", "fd12::1", 1, True),
        ("[fd12::1]:81", "x", "fd12::1", 81, True),
        ("[fd12::1]:81", "x", "fd12::1", 82, False),
        ("OBS.studio.lan", "obs.studio.lan.", "192.168.1.5", 4455, True),
        ("obs.studio.lan", "other.studio.lan", "192.168.1.5", 4455, False),
        ("obs.studio.lan:4455", "obs.studio.lan", "192.168.1.5", 4456, False),
    ],
)
def test_what_the_operator_names_is_allowed(
    entry: str, host: str, address: str, port: int, allows: bool
) -> None:
    assert Addresses([entry]).allows(host, ipaddress.ip_address(address), port) is allows


@pytest.mark.parametrize(
    "entry",
    ["", "a b", "10.0.0.0/99", "host:", "host:0", "host:x", "host:65536", "1::2::3", "[::1"],
)
def test_what_cannot_be_read_is_refused_with_its_words(entry: str) -> None:
    with pytest.raises(ValueError, match=r"no host|no network|no port"):
        parse(entry)
