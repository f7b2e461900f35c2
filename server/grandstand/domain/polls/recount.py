"""The votes of a final poll as leaves of a tree that anyone can recount. Pure.

Theory of operation: a voter is known in public by a tag alone, a keyed hash of its id that nobody
can reverse without the poll's salt. Votes come in any order, some of them twice. ``LeafSorter``
packs the leaf of each into a few bytes and hands them out sorted by tag, in blocks. ``Recount``
takes the blocks, counts the votes, and builds the tree. A block is a whole subtree, so a voter's
path needs that voter's block and the upper levels alone: ``TreeIndex``.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import msgspec
from msgspec import Struct

from grandstand.domain.polls import merkle
from grandstand.domain.polls.merkle import Path

ALGORITHM = "sha256-merkle-v1"
TAG_BYTES = 16
SALT_BYTES = 16

BLOCK = 128
"""Leaves of a block: a receipt reads one, 2.5 KB, and hashes it in 0.2 ms."""

CONTENTS_MAX = 10_000
"""Different votes that are counted side by side: after that they are added up."""

_HMAC_BLOCK = 64
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, ...]).decode
_decode_weighted = msgspec.msgpack.Decoder(tuple[tuple[int, ...], int]).decode
_TWO_ITEMS, _LIST = 0x92, 0x90
"""First bytes of msgpack: a list of two, and the lowest of any list."""

Vote = tuple[tuple[int, ...], int]
"""The choices in any order, and the weight."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is published of one voter; ``weight`` is None in a poll without weights."""

    tag: bytes
    choices: tuple[int, ...]
    weight: int | None = None

    @property
    def hash(self) -> bytes:
        """Return the leaf's hash."""
        return merkle.leaf_hashes([self.tag + _content(self.choices, self.weight)])


class TreeIndex(Struct, frozen=True):
    """The upper part of a tree: the first tag of each block, and the levels from the blocks' roots
    up, 80 bytes a block."""

    leaves: int
    firsts: bytes
    levels: list[bytes]

    @property
    def root(self) -> bytes:
        """Return the tree's root."""
        return self.levels[-1] or merkle.EMPTY

    @property
    def blocks(self) -> int:
        """Return how many blocks there are."""
        return len(self.firsts) // TAG_BYTES

    def block_of(self, tag: bytes) -> int | None:
        """Return the only block that can have the voter's leaf."""
        after = bisect_right(range(self.blocks), tag, key=self._first)
        return after - 1 if after else None

    def path(self, tag: bytes, number: int, block: bytes) -> tuple[Leaf, Path] | None:
        """Return the voter's leaf in the block of that number, and its path to the root."""
        records = _records(block)
        place = bisect_left(records, tag)
        if place == len(records) or not records[place].startswith(tag):
            return None
        inside = merkle.path_in(merkle.levels_of(_hashes(records)), place)
        return _leaf(records[place]), [*inside, *merkle.path_in(self.levels, number)]

    def _first(self, number: int) -> bytes:
        return self.firsts[number * TAG_BYTES : (number + 1) * TAG_BYTES]


def tagger(salt: bytes) -> Callable[[bytes], bytes]:
    """Return the function from a voter's id to its tag: HMAC-SHA-256 cut to 16 bytes.

    It is ``hmac.digest`` in 0.6 of the time: the hashes of the key are made once.
    """
    key = salt.ljust(_HMAC_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key)).copy
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key)).copy

    def tag(voter: bytes) -> bytes:
        first, second = inner(), outer()
        first.update(voter)
        second.update(first.digest())
        return second.digest()[:TAG_BYTES]

    return tag


@lru_cache(4096)
def packed_vote(choices: tuple[int, ...], weight: int | None) -> bytes:
    """Return what follows the tag in a packed leaf: the vote's content behind its length."""
    content = _content(choices, weight)
    return bytes((len(content),)) + content


def packed_leaves(
    votes: Iterable[tuple[bytes, Vote]], salt: bytes, is_weighted: bool
) -> Iterator[bytes]:
    """Yield the leaf of each voter with its vote: the voter's tag and the packed vote."""
    tag = tagger(salt)
    for voter, (choices, weight) in votes:
        yield tag(voter) + packed_vote(choices, weight if is_weighted else None)


def leaves_of(block: bytes) -> Iterator[Leaf]:
    """Yield the leaves of a block."""
    return map(_leaf, _records(block))


def signed_message(room: str, poll: str, root: bytes, tally: Sequence[int]) -> bytes:
    """Return what a poll's signature is made over."""
    return b"\0".join((room.encode(), poll.encode(), root + _encode(list(tally))))


class LeafSorter:
    """Takes leaves in any order and gives them sorted, each once; 20 bytes a leaf."""

    def __init__(self) -> None:
        self._buckets = [bytearray() for _ in range(256)]

    def add(self, records: Iterable[bytes]) -> None:
        """Take some, packed; the same leaf may come again."""
        buckets = self._buckets
        for record in records:
            buckets[record[0]] += record

    def blocks(self) -> Iterator[Sequence[bytes]]:
        """Yield all leaves, packed, in blocks, and forget them."""
        records = self._sorted()
        while some := [*islice(records, BLOCK)]:
            yield some

    def _sorted(self) -> Iterator[bytes]:
        for at, bucket in enumerate(self._buckets):
            self._buckets[at] = bytearray()
            yield from sorted(set(_records(bytes(bucket))))


class Recount:
    """Counts the blocks of a poll with so many options, and builds the tree over them."""

    def __init__(self, options: int) -> None:
        self.tally = [0] * options
        self.voters = 0
        self._firsts: list[bytes] = []
        self._roots: list[bytes] = []
        self._counting: Counter[bytes] = Counter()

    def add(self, records: Sequence[bytes]) -> None:
        """Take the next block. Raises IndexError for a choice that the poll doesn't have."""
        self.voters += len(records)
        self._firsts.append(records[0][:TAG_BYTES])
        self._roots.append(merkle.root_of(_hashes(records)))
        self._counting.update([record[TAG_BYTES + 1 :] for record in records])
        if len(self._counting) > CONTENTS_MAX:
            self._count()

    def finish(self) -> TreeIndex:
        """Return the tree's upper part; the tally is whole then."""
        self._count()
        levels = merkle.levels_of(b"".join(self._roots))
        return TreeIndex(self.voters, b"".join(self._firsts), levels)

    def _count(self) -> None:
        for content, votes in self._counting.items():
            choices, weight = _vote(content)
            for choice in choices:
                self.tally[choice] += (1 if weight is None else weight) * votes
        self._counting.clear()


def _records(packed: bytes) -> list[bytes]:
    """Return packed leaves: of each the tag, a byte with the content's length, and the content."""
    if not packed:
        return []
    length = packed[TAG_BYTES]
    size = TAG_BYTES + 1 + length
    if packed[TAG_BYTES::size].count(length) * size == len(packed):  # all are of one size
        return [packed[at : at + size] for at in range(0, len(packed), size)]
    records, at = [], 0
    while at < len(packed):
        end = at + TAG_BYTES + 1 + packed[at + TAG_BYTES]
        records.append(packed[at:end])
        at = end
    return records


def _hashes(records: Iterable[bytes]) -> bytes:
    return merkle.leaf_hashes([each[:TAG_BYTES] + each[TAG_BYTES + 1 :] for each in records])


def _content(choices: tuple[int, ...], weight: int | None) -> bytes:
    """Return what a leaf says of the vote: msgpack of the choices, ascending; with a weight of
    both."""
    ordered = sorted(choices)
    return _encode(ordered if weight is None else [ordered, weight])


def _leaf(record: bytes) -> Leaf:
    return Leaf(record[:TAG_BYTES], *_vote(record[TAG_BYTES + 1 :]))


@lru_cache(4096)
def _vote(content: bytes) -> tuple[tuple[int, ...], int | None]:
    """Return choices and weight: of two items the first is a list exactly if there is a weight."""
    if content[0] == _TWO_ITEMS and content[1] >= _LIST:
        return _decode_weighted(content)
    return _decode(content), None
