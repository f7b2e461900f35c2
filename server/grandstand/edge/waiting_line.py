"""A line of those who wait to come in, fair between addresses. Pure.

Theory of operation: each address has a line of its own, and the addresses have turns: the first of
each, then the second of each. When the line is full, a newcomer takes the place of the last of the
address that has the most, if that has at least two more. So an address alone may fill the line, and
gives way to all others that come.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class WaitingLine(Generic[T]):
    """At most ``most`` who wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._addresses: dict[T, str] = {}
        self._lines: OrderedDict[str, OrderedDict[T, None]] = OrderedDict()
        """By address, the one whose turn is next first."""

        self._by_size: defaultdict[int, dict[str, None]] = defaultdict(dict)
        """The addresses with so many."""

        self._largest = 0

    def __len__(self) -> int:
        return len(self._addresses)

    def __contains__(self, who: object) -> bool:
        return who in self._addresses

    def has_place(self, address: str) -> bool:
        """Return whether one more of an address may join, perhaps in another's place."""
        has = len(self._lines.get(address, ()))
        return len(self) < self._most or self._largest >= has + 2

    def join(self, who: T, address: str) -> T | None:
        """Put ``who`` at the end of its address's line; return who has no place: None, another one,
        or ``who``."""
        pushed_out = None
        if not self.has_place(address):
            return who
        if len(self) >= self._most:
            largest = next(iter(self._by_size[self._largest]))
            pushed_out = next(reversed(self._lines[largest]))
            self.leave(pushed_out)
        self._addresses[who] = address
        line = self._lines.setdefault(address, OrderedDict())
        self._resize(address, len(line), len(line) + 1)
        line[who] = None
        return pushed_out

    def leave(self, who: T) -> bool:
        """Take ``who`` out; return whether it was there."""
        address = self._addresses.pop(who, None)
        if address is None:
            return False
        line = self._lines[address]
        self._resize(address, len(line), len(line) - 1)
        del line[who]
        if not line:
            del self._lines[address]
        return True

    def next(self) -> T:
        """Take out whose turn it is; somebody must wait."""
        address, line = next(iter(self._lines.items()))
        first = next(iter(line))
        self._lines.move_to_end(address)
        self.leave(first)
        return first

    def place(self, who: T) -> int:
        """Return the place, from 1, of one who has just joined; of a further one of its address at
        most that."""
        place = len(self._lines[self._addresses[who]]) * len(self._lines)
        return min(place, len(self))

    def order(self) -> Iterator[T]:
        """Yield all in the order of their turns."""
        lines = [iter(tuple(line)) for line in self._lines.values()]
        while lines:
            going = []
            for line in lines:
                for who in line:
                    yield who
                    going.append(line)
                    break
            lines = going

    def _resize(self, address: str, before: int, after: int) -> None:
        """Note how many an address has, which is one more or one less than before."""
        self._by_size[before].pop(address, None)
        if not self._by_size[before]:
            del self._by_size[before]
        if after:
            self._by_size[after][address] = None
        if after > self._largest or (before == self._largest and before not in self._by_size):
            self._largest = after
