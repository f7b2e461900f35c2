"""Alikeness: what people who follow the same things follow besides. Pure; bounded.

Theory of operation: a person is a set of things without a name: the entities that they follow and
the rooms that they watch. Counts of pairs of things are all that is taken from them. From the
counts follow linear weights: those by which what a person follows foretells best, by least squares,
each of the other things that they follow (EASE, Steck 2019), with two changes. A person who follows
much says less by each thing, and a thing that many follow is held back more, so that it doesn't
speak for everything.

**Anonymity.** A thing that fewer than ``fewest`` people follow is unknown, and a pair that fewer
follow has no weight. So whatever is recommended since people are alike, as many people do follow
both; what one person follows alone never shows. It is no protection against somebody who sees two
models that differ by one person: rare pairs have a part in how large other weights are. Without
them the least squares would have no solution where most pairs are rare.

A model is always made anew, of those who are there: who has left has no part in the next one. The
same people give the same weights, in whatever order they come: what is summed are whole numbers. A
fit takes seconds of CPU, so whoever asks for one does so in a thread. It must not know rooms, nor
who the people are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

FEWEST = 3
"""People behind a weight. In a sample of 11,000 people five cost 1.5 % more of recall and 16 % of
coverage (models/recommendations/README.md)."""

MAX_THINGS = 2048
"""The most followed; weights take 16 MB, a fit some 200 MB for its seconds."""

MAX_FOLLOWS = 100
"""Of a person, the latest: as many as the contract lets a viewer follow at a time."""

MAX_PEOPLE = 200_000
MAX_PAIRS = 200_000_000
"""In all, ordered pairs of things of one person: 5 s of a core (models/recommendations/costs.json).
Of more people the first count; whoever has more gives a sample."""

HELD_BACK = 6.0
"""How strongly weights are held back: times the mean of what things are followed."""

SAYS_LESS = 0.5
"""A person who follows n things counts n to the minus this."""

_ONE = 1024
"""What a person who follows one thing counts, as a whole number."""

_PAIRS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Alikeness:
    """Weights between things, the most followed first.

    ``followers`` are how many people follow each, (things,). ``weights[i, j]`` is how much
    following the thing i speaks for the thing j, (things, things).
    """

    things: tuple[str, ...] = ()
    followers: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    weights: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    places: dict[str, int] = field(init=False)
    """Where a thing stands in the others."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {name: at for at, name in enumerate(self.things)})

    @classmethod
    def of(cls, people: Iterable[Sequence[str]], fewest: int = FEWEST) -> Alikeness:
        """Return the alikeness of what ``people`` follow, for each the latest thing last."""
        follows = list(_first(people))
        counted = Counter(thing for each in follows for thing in each)
        known = [thing for thing, count in counted.items() if count >= fewest]
        things = tuple(sorted(known, key=lambda thing: (-counted[thing], thing))[:MAX_THINGS])
        followers = np.array([counted[thing] for thing in things], np.int64)
        if not things:
            return cls()
        pairs, sums = _counted_pairs(follows, things)
        return cls(things, followers, _fitted(sums, pairs >= fewest))


def latest(follows: Sequence[str]) -> list[str]:
    """Return the latest of what a person follows, each once: the last of ``follows``."""
    return list(dict.fromkeys(islice(reversed(follows), MAX_FOLLOWS)))


def _first(people: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """Yield what people follow, as many of them as may count."""
    pairs = 0
    for each in islice(people, MAX_PEOPLE):
        own = latest(each)
        pairs += len(own) ** 2
        if pairs > MAX_PAIRS:
            return
        yield own


def _counted_pairs(
    follows: Collection[Collection[str]], things: Collection[str]
) -> tuple[Numbers, Numbers]:
    """Return how many people follow each pair, and what these people count: (things, things)."""
    size = len(things)
    places = {thing: place for place, thing in enumerate(things)}
    pairs, sums = np.zeros(size * size, np.int64), np.zeros(size * size, np.int64)
    codes: list[Numbers] = []
    counts: list[Numbers] = []
    waiting = 0
    for number, each in enumerate(follows, 1):
        own = np.array([places[thing] for thing in each if thing in places], np.int64)
        if len(own):
            codes.append((own[:, None] * size + own[None, :]).ravel())
            counts.append(np.full(len(own) ** 2, round(_ONE * len(each) ** -SAYS_LESS)))
            waiting += len(own) ** 2
        if codes and (waiting >= _PAIRS_AT_ONCE or number == len(follows)):
            code = np.concatenate(codes)
            pairs += np.bincount(code, minlength=size * size)
            weighted = np.bincount(code, np.concatenate(counts), minlength=size * size)
            sums += weighted.astype(np.int64)
            codes, counts, waiting = [], [], 0
    return pairs.reshape(size, size), sums.reshape(size, size)


def _fitted(sums: Numbers, is_enough: NDArray[np.bool_]) -> Floats:
    """Return the weights, (things, things); ``is_enough`` says which pairs may count."""
    gram = sums.astype(np.float64)
    own = np.diag(gram).copy()
    mean = own.mean()
    gram[np.diag_indices_from(gram)] = own + HELD_BACK * np.sqrt(mean * own)
    inverse = np.linalg.inv(gram)
    weights = np.where(is_enough, -inverse / np.diag(inverse)[None, :], 0)
    np.fill_diagonal(weights, 0)
    return np.asfortranarray(weights, np.float32)  # boards take columns
