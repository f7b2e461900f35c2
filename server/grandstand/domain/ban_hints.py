"""What is remembered of a guest who was banned, so that a new token doesn't make it a new guest.

A hint is a hash of an address, or of the random name of a device, keyed by the room's secret and
the day. It can't be read back without the store, and it has no meaning after two days. It is no
proof: many people share an address, and a device forgets its name when its owner wants. So an
address counts against new guests mildly and for a short while, and a device for a day.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from grandstand.domain.network import household

DAY_S = 86_400
DEVICE_MS = DAY_S * 1000
"""As long as a guest's token lives."""

MAX_HINTS = 500
HINT_BYTES = 9


class Hint(Struct, frozen=True):
    """Whose hint it is, and until when it counts (programme time, ms)."""

    user: str
    until: int


def hint(kind: Literal["address", "device"], value: str, salt: bytes, day: int) -> str:
    """Return the hint that ``value`` leaves on the ``day``-th day since the Unix epoch."""
    content = f"{kind}\0{day}\0{value}".encode()
    digest = hashlib.blake2b(content, key=salt, digest_size=HINT_BYTES).digest()
    return f"{kind[0]}{base64.urlsafe_b64encode(digest).decode()}"


def latest(
    hints: Mapping[str, Hint],
    kind: Literal["address", "device"],
    value: str,
    salt: bytes,
    now_s: float,
) -> int:
    """Return until when ``value`` counts against new guests, in ms; 0 if it doesn't."""
    day = int(now_s // DAY_S)
    found = (hints.get(hint(kind, value, salt, each)) for each in (day, day - 1))
    return max((each.until for each in found if each is not None), default=0)


def network_of(host: str) -> str:
    """Return what one household has of an address: all of IPv4, the /64 of IPv6; '' if it tells
    nothing (this machine itself, as behind a balancer that isn't trusted)."""
    found = household(host)
    if found is None:
        return host
    if found.ip.is_loopback:
        return ""
    return str(found.network if found.version == 6 else found.ip)
