"""The board of live rooms, from which each viewer is recommended some. Pure; bounded.

Theory of operation: a board is made of the rooms that are live now and of an ``Alikeness``. It is
cheap enough to be made anew each second, so a room that has ended is recommended by no later board.
For each thing that the alikeness knows, it holds how much that thing speaks for each room: by
whichever thing of the room it speaks for most. A viewer's answer is then a sum of some rows, made
from what they follow at that moment. Nothing about a viewer is kept.

A room is worth the sum of

- 2 if it has something that the viewer follows,
- up to 1 by alikeness, in parts of what it gives the likeliest room. A room that many follow
  anyway is discounted: that is what finds the others,
- up to ``HIGHLIGHT`` if a highlight has just begun, up to ``RISING`` if more and more people come,
- for a viewer of whom no alikeness is known, up to ``WATCHED`` by how many watch it.

The best are picked. Then a share of the places is kept for lesser-known rooms: those beside the
most watched ones that together have half of all viewers, if they have less than a quarter of the
first one's. Whoever follows nothing gets the same as all others who do. Equal rooms stand in the
order of their ids.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from grandstand.recommendations.alikeness import Alikeness, Floats, latest

MAX_ROOMS = 2048
"""The most watched; with 2,048 things a board takes 16 MB, and some hundred bytes for each thing of
its rooms."""

MAX_ROOM_THINGS = 256
"""Of a room, the first."""

FOLLOWED = 2.0
HIGHLIGHT = 0.5
RISING = 0.4
WATCHED = 0.25
"""Nobody has measured what the last three should be: no set has live rooms with people in them."""

NEW_S = 180
"""So long after it was noticed a highlight has just begun, less and less."""

MOST_RISE = 8.0
FEW = 20
"""Viewers below which a rise says nothing."""

Code: TypeAlias = Literal["follows", "alike", "rising", "highlight", "lesser_known", "watched"]
Knob: TypeAlias = Literal["known", "balanced", "curious"]


class Taste(NamedTuple):
    """What a knob sets: the exponent by which followers discount alikeness, and the share of places
    that is kept for lesser-known rooms."""

    discount: float
    share: float


TASTES: dict[Knob, Taste] = {
    "known": Taste(0.2, 0.0),
    "balanced": Taste(0.35, 0.2),
    "curious": Taste(0.4, 0.4),
}
"""From models/recommendations/README.md."""


@dataclass(frozen=True, slots=True)
class LiveRoom:
    """A room that is live: what a board knows of it.

    ``things`` are what it is about (entities, and the room itself as a thing), the most important
    first. ``rise`` is how many times the viewers of some minutes ago are there now;
    ``highlight_age_s`` says how long ago its last highlight was noticed.
    """

    room: str
    viewers: int = 0
    things: tuple[str, ...] = ()
    rise: float = 1.0
    highlight_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """A recommended room, and why. ``thing`` is what the viewer follows that led to it."""

    room: LiveRoom
    code: Code
    thing: str = ""


class Board:
    """Rooms that are live, ready to be asked."""

    def __init__(self, alikeness: Alikeness, rooms: Collection[LiveRoom]) -> None:
        most = nsmallest(MAX_ROOMS, rooms, key=lambda each: (-each.viewers, each.room))
        self._alikeness = alikeness
        self._rooms = sorted(most, key=lambda each: each.room)
        self._places = {each.room: place for place, each in enumerate(self._rooms)}
        featured: dict[str, list[int]] = {}
        for place, each in enumerate(self._rooms):
            for thing in each.things[:MAX_ROOM_THINGS]:
                featured.setdefault(thing, []).append(place)
        self._featured = {thing: np.array(places) for thing, places in featured.items()}
        self._links, followers = _linked(alikeness, self._rooms)
        self._discounts: dict[Knob, Floats] = {
            knob: ((followers + 1.0) ** -taste.discount).astype(np.float32)
            for knob, taste in TASTES.items()
        }
        watched = np.array([math.log1p(each.viewers) for each in self._rooms], np.float32)
        self._watched = WATCHED * watched / max(1.0, watched.max(initial=0))
        self._rising = np.array([RISING * _rise(each) for each in self._rooms], np.float32)
        self._fresh = np.array([HIGHLIGHT * _news(each) for each in self._rooms], np.float32)
        self._is_lesser_known = _lesser_known(self._rooms)

    def picks(
        self,
        follows: Sequence[str] = (),
        limit: int = 10,
        knob: Knob = "balanced",
        beside: Collection[str] = (),
    ) -> list[Pick]:
        """Return at most ``limit`` rooms for one who follows ``follows`` (the latest last), the
        best first; without follows they are the same for all. Rooms ``beside`` aren't picked."""
        things = latest(follows)
        known = sorted(
            self._alikeness.places[thing] for thing in things if thing in self._alikeness.places
        )
        alike = np.maximum(self._links[known].sum(axis=0) * self._discounts[knob], 0)
        most = float(alike.max(initial=0))
        if most > 0:
            alike /= most
        wanted = self._featured.keys() & things
        is_followed = np.zeros(len(self._rooms), np.bool_)
        for thing in wanted:
            is_followed[self._featured[thing]] = True
        worth = alike + self._rising + self._fresh
        worth += self._watched if most == 0 else self._watched * 1e-3
        worth[is_followed] += FOLLOWED
        worth[[self._places[room] for room in beside if room in self._places]] = -1
        best, kept = self._chosen(worth, limit, math.floor(TASTES[knob].share * limit + 0.5))
        return [
            Pick(self._rooms[place], "follows", self._first_of(place, wanted))
            if is_followed[place]
            else Pick(self._rooms[place], *self._why(place, alike, known, place in kept))
            for place in best
        ]

    def _chosen(self, worth: Floats, limit: int, least: int) -> tuple[list[int], set[int]]:
        """Return the places of the best rooms, ``least`` of them lesser-known if there are as many,
        and which of them were picked for that."""
        best = _best(worth, limit)
        missing = least - sum(bool(self._is_lesser_known[place]) for place in best)
        if missing <= 0:
            return best, set()
        lesser = _best(np.where(self._is_lesser_known, worth, -1), least)
        more = [place for place in lesser if place not in best][:missing]
        known = [place for place in best if not self._is_lesser_known[place]]
        too_many = max(0, len(best) + len(more) - limit)
        dropped = set(known[len(known) - too_many :])
        return [place for place in best if place not in dropped] + more, set(more)

    def _first_of(self, place: int, wanted: Collection[str]) -> str:
        """Return the most important of a room's things that is wanted."""
        return next(thing for thing in self._rooms[place].things if thing in wanted)

    def _why(
        self, place: int, alike: Floats, known: Sequence[int], is_kept: bool
    ) -> tuple[Code, str]:
        if is_kept:
            return "lesser_known", ""
        reasons: list[tuple[float, Code]] = [
            (float(alike[place]), "alike"),
            (float(self._fresh[place]), "highlight"),
            (float(self._rising[place]), "rising"),
        ]
        most, code = max(reasons, key=lambda each: each[0])
        if most == 0:
            is_lesser = self._is_lesser_known[place] or not self._rooms[place].viewers
            return ("lesser_known" if is_lesser else "watched"), ""
        if code == "alike":
            strongest = known[int(self._links[known, place].argmax())]
            return code, self._alikeness.things[strongest]
        return code, ""


def _linked(alikeness: Alikeness, rooms: Sequence[LiveRoom]) -> tuple[Floats, NDArray[np.float64]]:
    """Return how much each thing speaks for each room, (things, rooms), and by how many the most
    followed thing of each room is followed, (rooms,)."""
    links = np.zeros((len(rooms), len(alikeness.things)), np.float32)
    followers = np.zeros(len(rooms))
    weights = np.ascontiguousarray(alikeness.weights.T)
    for place, each in enumerate(rooms):
        own = [
            alikeness.places[thing]
            for thing in each.things[:MAX_ROOM_THINGS]
            if thing in alikeness.places
        ]
        if own:
            links[place] = weights[own].max(axis=0)
            followers[place] = alikeness.followers[own].max()
    return np.ascontiguousarray(links.T), followers


def _best(worth: Floats, limit: int) -> list[int]:
    """Return the places of at most ``limit`` rooms that may be picked, best first."""
    if limit <= 0:
        return []
    enough = np.partition(worth, -limit)[-limit] if limit < len(worth) else 0.0
    places = np.flatnonzero(worth >= max(enough, 0.0))
    order = np.argsort(-worth[places], kind="stable")[:limit]
    return [int(place) for place in places[order]]


def _rise(room: LiveRoom) -> float:
    """Return how much a room rises, 0 to 1."""
    if room.viewers < FEW or room.rise <= 1:
        return 0.0
    return min(1.0, math.log(room.rise) / math.log(MOST_RISE))


def _news(room: LiveRoom) -> float:
    """Return how much a room's highlight has just begun, 0 to 1."""
    if room.highlight_age_s is None:
        return 0.0
    return min(1.0, max(0.0, 1 - room.highlight_age_s / NEW_S))


def _lesser_known(rooms: Sequence[LiveRoom]) -> NDArray[np.bool_]:
    """Return which rooms are lesser known."""
    viewers = np.array([each.viewers for each in rooms], np.int64)
    order = np.argsort(-viewers, kind="stable")
    before = np.cumsum(viewers[order]) - viewers[order]
    found = np.zeros(len(rooms), np.bool_)
    found[order] = before * 2 >= viewers.sum()
    found &= viewers * 4 < viewers.max(initial=0)
    return found
