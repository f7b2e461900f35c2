"""Checks that all readers can read data whose form a producer decides. Pure.

A reader is a browser: its MessagePack decoder refuses the key ``__proto__``, and its numbers are
exact up to 2^53 - 1. Or it is a process of ours, whose decoders have a stack of limited depth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from grandstand.wire.messages import MAX_TIME_MS

MAX_DEPTH = 32
"""Levels of maps and lists within each other; far more than data for a screen has."""

UNREADABLE_KEYS = frozenset({"__proto__"})

MAX_NUMBER = MAX_TIME_MS


_Place = tuple["_Place", str | int] | None
"""The part around, and the name or index in it. It is put into words only for a fault."""


def is_readable(value: object) -> bool:
    """Return whether ``unreadable`` would find nothing. Takes about 0.2 us a part."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for part in level:
            if isinstance(part, dict):
                if not UNREADABLE_KEYS.isdisjoint(part):
                    return False
                below.extend(part.values())
            elif isinstance(part, list):
                below.extend(part)
            elif _fault(part):
                return False
        if not below:
            return True
        level = below
    return not any(isinstance(part, dict | list) or _fault(part) for part in level)


def unreadable(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each part of ``value`` that some reader can't read, and why.

    ``value`` is what a JSON or a MessagePack decoder gives.
    """
    if is_readable(value):
        return
    waiting: list[tuple[object, _Place, int]] = [(value, None, 1)]
    while waiting:
        part, place, depth = waiting.pop()
        if not isinstance(part, dict | list):
            if why := _fault(part):
                yield _path(path, place), why
        elif depth > MAX_DEPTH:
            yield _path(path, place), f"is nested more than {MAX_DEPTH} deep"
        else:
            if isinstance(part, dict):
                for name in UNREADABLE_KEYS.intersection(part):
                    words = "is a name that browsers refuse: choose another"
                    yield _path(path, (place, name)), words
            named = part.items() if isinstance(part, dict) else enumerate(part)
            waiting += [(child, (place, name), depth + 1) for name, child in named][::-1]


def _fault(part: object) -> str:
    if isinstance(part, int) and not -MAX_NUMBER <= part <= MAX_NUMBER:
        return "is larger than 2^53 - 1, which browsers round: send it as text"
    if isinstance(part, float) and not math.isfinite(part):
        return "must be a finite number"
    return ""


def _path(path: str, place: _Place) -> str:
    names: list[str | int] = []
    while place is not None:
        place, name = place
        names.append(name)
    for name in reversed(names):
        inner = f"{path}.{name}" if path else str(name)
        path = f"{path}[{name}]" if isinstance(name, int) else inner
    return path


def with_plain_zeros(value: object) -> object:
    """Return ``value`` with 0.0 for each -0.0, which readers would show as ``-0``.

    Maps and lists are changed in place.
    """
    whole = [value]
    waiting: list[object] = [whole]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict | list):
            for place, child in part.items() if isinstance(part, dict) else enumerate(part):
                if isinstance(child, dict | list):
                    waiting.append(child)
                elif isinstance(child, float) and child == 0:
                    part[place] = 0.0
    return whole[0]
