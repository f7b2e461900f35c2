"""The curve of a room that is on: counts by the minute, of which the last week is kept. Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from grandstand.crowd.show import Item, Show

KEPT = 7 * 1440
"""Minutes: a forecast looks six days back."""

HOUR = 60
_HOUR = struct.Struct(f"<{2 * HOUR}f")


@dataclass(slots=True)
class LiveCurve:
    """Viewers and comments from the minute ``begin`` (since 1970) on; NaN where nothing was
    counted."""

    begin: int = 0
    viewers: list[float] = field(default_factory=list)
    comments: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, hours: Mapping[int, bytes], minute: int) -> LiveCurve:
        """Return the curve of hours as ``hour`` packs them, up to a minute; what can't be read is
        left out."""
        curve = cls()
        for number in sorted(hours):
            if len(hours[number]) != _HOUR.size:  # another version's
                continue
            values = _HOUR.unpack(hours[number])
            for place, (viewers, comments) in enumerate(
                zip(values[::2], values[1::2], strict=True)
            ):
                at = number * HOUR + place
                is_known = not (math.isnan(viewers) and math.isnan(comments))
                if minute - KEPT < at <= minute and is_known:
                    curve.count_viewers(at, viewers)
                    curve.count_comments(at, comments)
        return curve

    @property
    def last(self) -> int:
        """Return the last minute of which anything is known."""
        return self.begin + len(self.viewers) - 1

    @property
    def last_commented(self) -> int:
        """Return the last minute whose comments are known, or else the first of all."""
        known = range(self.last, self.begin, -1)
        return next(
            (each for each in known if not math.isnan(self.comments[each - self.begin])),
            self.begin,
        )

    def count_viewers(self, minute: int, viewers: float) -> None:
        """Take the count of a minute in place of an earlier one.

        A minute before the last one means that the clock was put back: what came after it is
        forgotten. Of minutes that were left out nothing is known.
        """
        if not self.viewers or not self.begin <= minute <= self.last + KEPT:
            self.begin, self.viewers, self.comments = minute, [], []
        length = minute + 1 - self.begin
        for counts in (self.viewers, self.comments):  # in place: a week is read minute by minute
            del counts[length:]
            counts += [math.nan] * (length - len(counts))
            del counts[:-KEPT]
        self.begin = minute + 1 - len(self.viewers)
        self.viewers[-1] = viewers

    def count_comments(self, minute: int, comments: float) -> None:
        """Take the comments of a minute; nothing if the curve hasn't come so far, or has forgotten
        it."""
        if self.begin <= minute <= self.last:
            self.comments[minute - self.begin] = comments

    def hour(self, number: int) -> bytes:
        """Return an hour in the form in which it is kept: of each minute viewers and comments."""
        values: list[float] = []
        for minute in range(number * HOUR, (number + 1) * HOUR):
            is_known = self.begin <= minute <= self.last
            place = minute - self.begin
            values += (self.viewers[place], self.comments[place]) if is_known else (math.nan,) * 2
        return _HOUR.pack(*values)

    def show(self, items: Sequence[Item]) -> Show:
        """Return it as forecasts read it, with its run-down."""
        return Show(self.begin, np.array(self.viewers), np.array(self.comments), items)
