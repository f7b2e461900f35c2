"""Which addresses effects may reach. Pure.

A producer names a target, and a server connects to it: a name may lead to that machine, to its
neighbours or to a cloud's own services. Public addresses are allowed; others only if the operator
names them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""What is given out for use between networks (RFC 4291). ``is_global`` is true of site-local
addresses, too, and of those that hold an IPv4 one in older ways."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_6TO4 = ipaddress.IPv6Network("2002::/16")


@dataclass(frozen=True, slots=True)
class Allowance:
    """One entry of the operator's list: a host name or a network, and a port or any."""

    host: str
    network: Network | None
    port: int | None


def parse(entry: str) -> Allowance:
    """Read ``host``, an address or a CIDR, with ``:port`` or without. Raises ValueError."""
    host, port = entry.strip(), None
    bracketed, _, rest = host.removeprefix("[").partition("]")
    if host.startswith("[") and "]" in host:
        host, rest = bracketed, rest.removeprefix(":")
        port = _port(entry, rest) if rest else None
    elif host.count(":") == 1:
        host, _, rest = host.partition(":")
        port = _port(entry, rest)
    if not host or any(each.isspace() for each in host):
        raise ValueError(f"{entry!r} is no host, address or network such as 10.0.0.0/8")
    try:
        return Allowance("", ipaddress.ip_network(host, strict=False), port)
    except ValueError:
        if "/" in host or ":" in host:
            raise ValueError(f"{entry!r} is no network such as 10.0.0.0/8") from None
        return Allowance(host.lower().rstrip("."), None, port)


def _port(entry: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"{entry!r} has no port from 1 to 65535 after its colon")
    return int(text)


class Addresses:
    """What effects may reach."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """Raises ValueError for an entry that can't be read."""
        self._allowed = [parse(each) for each in allowed]

    def allows(self, host: str, address: Address, port: int) -> bool:
        """Return whether ``address``, to which ``host`` leads, may be connected to."""
        name = host.lower().rstrip(".")
        for each in self._allowed:
            if each.port not in (None, port):
                continue
            if each.network is None:
                if each.host == name:
                    return True
            elif each.network.version == address.version and address in each.network:
                return True
        return all(_is_public(each) for each in _meanings(address))


def _meanings(address: Address) -> list[Address]:
    """The address itself, and an older one that it stands for."""
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address in _NAT64:
            found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address in _6TO4 and address.sixtofour is not None:
            found.append(address.sixtofour)
    return found


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and (address in _GLOBAL_UNICAST or address in _NAT64)
    return address.is_global and not address.is_multicast
