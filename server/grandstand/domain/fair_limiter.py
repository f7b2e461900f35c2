"""Admissions of many addresses: so many a second in all, shared fairly while others ask. Pure.

Theory of operation: there are three limits, each by the generic cell rate algorithm
(``domain.limits``). All addresses together have the rate. One address never has more than the rate.
An address is within its share while it takes no more than the rate divided by the number of
addresses that asked in the last second. An address beyond its share gets what the others leave;
half a second's admissions are kept in reserve for those within their shares. So an address that is
alone can have the whole rate, and another one that comes is let in at once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from grandstand.domain.limits import ROUNDING_MS, turn_ms

SPAN_MS = 1000.0
"""How long an address counts after it asked. It may take at once what this time brings."""

RESERVE = 0.5
"""Of a second's admissions; at least one."""

CAPACITY = 20_000
"""At most this many addresses, 6 MB; those that were quiet for longest are forgotten first."""

FORGOTTEN_AT_ONCE = 16
"""At most this many quiet addresses are removed by one call, so that its cost is bounded; fewer
come by one call."""


@dataclass(slots=True)
class _Line:
    """Those who were refused, and the last time that was given to one of them."""

    promised_ms: float = 0.0

    def place(self, now_ms: float, wait_ms: float, interval_ms: float, longest_ms: float) -> float:
        """Return in how many ms to try again."""
        self.promised_ms = turn_ms(self.promised_ms, now_ms, wait_ms, interval_ms, longest_ms)
        return self.promised_ms - now_ms


@dataclass(slots=True)
class _Address:
    """``total_ms`` and ``share_ms``: when its next would arrive in a steady row, by each limit."""

    asked_ms: float
    total_ms: float = 0.0
    share_ms: float = 0.0
    line: _Line = field(default_factory=_Line)


@dataclass(slots=True)
class FairLimiter:
    """``per_s`` admissions a second, and as many at once after a quiet second.

    Those who are refused get a turn each, at most ``longest_ms`` ahead: within their share a turn
    in the queue of all, else one in the queue of their own address.
    """

    per_s: int
    longest_ms: float
    _all_ms: float = 0.0
    _line: _Line = field(default_factory=_Line)
    _addresses: OrderedDict[str, _Address] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._addresses)

    def take(self, address: str, now_ms: float) -> float:
        """Take one admission; return 0, or in how many ms to try again (and take nothing)."""
        asking = self._asking(address, now_ms)
        interval_ms = SPAN_MS / self.per_s
        share_interval_ms = interval_ms * len(self._addresses)
        share_ms = max(asking.share_ms, now_ms) + share_interval_ms
        total_ms = max(asking.total_ms, now_ms) + interval_ms
        all_ms = max(self._all_ms, now_ms) + interval_ms
        beyond_ms = share_ms - now_ms - max(SPAN_MS, share_interval_ms)
        is_within = beyond_ms <= ROUNDING_MS
        reserve_ms = max(RESERVE * SPAN_MS, interval_ms) if is_within else 0.0
        too_early_ms = total_ms - now_ms - SPAN_MS
        none_left_ms = all_ms - now_ms - SPAN_MS - reserve_ms
        if too_early_ms > ROUNDING_MS or (not is_within and none_left_ms > ROUNDING_MS):
            wait_ms = max(too_early_ms, beyond_ms)
            return asking.line.place(now_ms, wait_ms, share_interval_ms, self.longest_ms)
        if none_left_ms > ROUNDING_MS:
            return self._line.place(now_ms, none_left_ms, interval_ms, self.longest_ms)
        self._all_ms = all_ms
        asking.total_ms = total_ms
        if is_within:
            asking.share_ms = share_ms
        return 0.0

    def take_any(self, now_ms: float) -> bool:
        """Take one admission for somebody who has waited in turns with all others; return whether
        there was one."""
        all_ms = max(self._all_ms, now_ms) + SPAN_MS / self.per_s
        if all_ms - now_ms - SPAN_MS > ROUNDING_MS:
            return False
        self._all_ms = all_ms
        return True

    def give_back(self) -> None:
        """Give back an admission that led to nothing: others may have it. Its address stays
        charged."""
        self._all_ms -= SPAN_MS / self.per_s

    def _asking(self, address: str, now_ms: float) -> _Address:
        asking = self._addresses.pop(address, None) or _Address(now_ms)
        asking.asked_ms = now_ms
        self._addresses[address] = asking
        for _ in range(FORGOTTEN_AT_ONCE):
            longest_quiet = next(iter(self._addresses.values()))
            if now_ms - longest_quiet.asked_ms < SPAN_MS and len(self) <= CAPACITY:
                break
            self._addresses.popitem(last=False)
        return asking
