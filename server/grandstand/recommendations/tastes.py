"""What people follow, as nodes tell it: samples without names. Pure; bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

MOST_PEOPLE = 5000
"""Of one node; of more it takes some by chance."""

MOST_BYTES = 256 * 2**10
"""Of one node: five thousand people who follow two things each, or thirty who follow all that they
may, by the longest names."""

MOST_NODES = 1000
HEARD_S = 30.0
"""For so long what a node said counts. Nodes say it every ``SAMPLE_S``."""

SAMPLE_S = 5.0

People = Sequence[Sequence[str]]
"""What each follows, the latest last; nobody has a name."""


class Sample(Struct, frozen=True, array_like=True):
    """What some of those follow who are at a node now."""

    node: str
    people: list[list[str]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sample).decode


def packed(node: str, people: Iterable[Sequence[str]]) -> bytes:
    """Return a sample's bytes, of as many people as fit."""
    return _encode(Sample(node, list(_fitting(people))))


def _fitting(people: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    size = 0
    for each in people:
        size += sum(len(thing.encode()) + 3 for thing in each)
        if size > MOST_BYTES:
            return
        yield list(each)


class Tastes:
    """The latest samples of all nodes."""

    def __init__(self) -> None:
        self._samples: dict[str, tuple[float, People]] = {}

    def heard(self, payload: bytes, now_s: float) -> None:
        """Take a sample in the place of what the node said before. Raises msgspec.MsgspecError if
        it is none."""
        sample = _decode(payload)
        self._samples.pop(sample.node, None)
        if len(self._samples) < MOST_NODES:
            self._samples[sample.node] = (now_s, sample.people[:MOST_PEOPLE])

    def people(self, now_s: float) -> list[Sequence[str]]:
        """Return what people follow, of the nodes that said so lately; the others are forgotten."""
        oldest_s = now_s - HEARD_S
        self._samples = {node: told for node, told in self._samples.items() if told[0] >= oldest_s}
        return [each for _, people in self._samples.values() for each in people]


def most_followed(people: Iterable[Sequence[str]], most: int) -> list[str]:
    """Return the things that most follow, at most so many; equal ones in the order of their ids."""
    counted = Counter(thing for each in people for thing in set(each))
    return sorted(counted, key=lambda thing: (-counted[thing], thing))[:most]
