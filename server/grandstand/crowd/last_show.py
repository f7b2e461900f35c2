"""The part of a room's week that was its last show. Pure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grandstand.crowd.show import Show

PAUSE = 60
"""Minutes without a viewer, after which another show begins."""


def part(show: Show, first: float, end: float) -> Show:
    """Return the minutes (since 1970) from ``first`` to before ``end``, with the items that begin
    in them."""
    begin = max(show.begin, int(max(first, 0)))
    inside = slice(begin - show.begin, max(0, int(min(end, 2**53)) - show.begin))
    viewers, comments = show.viewers[inside], show.comments[inside]
    items = [item for item in show.items if begin <= item.start < begin + len(viewers)]
    return replace(show, begin=begin, viewers=viewers, comments=comments, items=items)


def last_show(show: Show) -> Show:
    """Return what came after the last ``PAUSE`` without a viewer, from the first viewer to the
    last; all of it if nobody was there."""
    there = np.flatnonzero(np.nan_to_num(show.viewers) > 0)
    if not len(there):
        return part(show, show.begin, show.begin + len(show.viewers))
    pauses = np.flatnonzero(np.diff(there) > PAUSE)
    first = there[pauses[-1] + 1] if len(pauses) else there[0]
    return part(show, show.begin + int(first), show.begin + int(there[-1]) + 1)
