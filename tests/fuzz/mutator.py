"""Makes inputs that nobody would send: pieces of good ones, changed at random. Pure.

The same seed makes the same inputs. An input whose outcome was not seen before joins the corpus, so
that later ones start from it: a parser's own words stand for the branches it took.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

MOST_KEPT = 2000
INTERESTING = b'\x00\x01\x02\x05\x06 "<}~\x7f\x80\x81\x8a\xc0\xfe\xff'

Mutation = Callable[[Random, bytearray, Sequence[bytes], Sequence[bytes]], None]


def flip(random: Random, data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes]) -> None:
    """Flip one bit."""
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def put(random: Random, data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes]) -> None:
    """Write a byte at which parsers turn."""
    if data:
        data[random.randrange(len(data))] = random.choice(INTERESTING)


def insert(
    random: Random, data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes]
) -> None:
    """Insert a few random bytes."""
    at = random.randrange(len(data) + 1)
    data[at:at] = random.randbytes(random.randint(1, 8))


def say(random: Random, data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes]) -> None:
    """Insert a word of the format, or write it over what was there."""
    if words:
        word = random.choice(words)
        at = random.randrange(len(data) + 1)
        data[at : at + (len(word) if random.random() < 0.5 else 0)] = word


def cut(random: Random, data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes]) -> None:
    """Take a piece out."""
    if data:
        at = random.randrange(len(data))
        del data[at : at + random.randint(1, max(1, len(data) // 2))]


def repeat(
    random: Random, data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes]
) -> None:
    """Say a piece again, up to 64 times."""
    if data:
        at = random.randrange(len(data))
        piece = data[at : at + random.randint(1, 32)]
        data[at:at] = piece * random.choice((1, 1, 2, 7, 64))


def splice(
    random: Random, data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes]
) -> None:
    """Go on as another input does."""
    other = random.choice(corpus)
    data[random.randrange(len(data) + 1) :] = other[random.randrange(len(other) + 1) :]


MUTATIONS: Sequence[Mutation] = (flip, put, insert, say, say, cut, repeat, splice)


class Mutator:
    """Inputs for one parser, of at most ``most_bytes``."""

    def __init__(
        self, seed: int, corpus: Sequence[bytes], words: Sequence[bytes], most_bytes: int
    ) -> None:
        self._random = Random(seed)
        self._corpus = list(corpus) or [b""]
        self._given = len(self._corpus)
        self._words = words
        self._most_bytes = most_bytes
        self._seen: set[str] = set()

    @property
    def found(self) -> list[bytes]:
        """Inputs whose outcome was new, oldest first."""
        return self._corpus[self._given :]

    @property
    def outcomes(self) -> int:
        """How many different outcomes there were."""
        return len(self._seen)

    def next(self) -> bytes:
        """Return another input."""
        random = self._random
        data = bytearray(random.choice(self._corpus))
        for _ in range(1 + int(random.expovariate(0.5))):
            random.choice(MUTATIONS)(random, data, self._corpus, self._words)
        return bytes(data[: self._most_bytes])

    def learn(self, data: bytes, outcome: str) -> None:
        """Start later inputs from ``data`` too, if nothing before it had this outcome."""
        if outcome not in self._seen:
            self._seen.add(outcome)
            if len(self._corpus) < self._given + MOST_KEPT:
                self._corpus.append(data)
