"""The network of one household: the same rule for limits and for hints. Pure."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Interface, IPv6Interface


def household(host: str) -> IPv4Interface | IPv6Interface | None:
    """Return an address and its household's network: all of IPv4, the /64 of IPv6.

    An IPv4 address that is written as IPv6 is that IPv4 address. None for what isn't an address.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return IPv6Interface((address, 64))
        address = address.ipv4_mapped
    return IPv4Interface(address)
